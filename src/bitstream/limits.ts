/**
 * Everything that bounds what a stream may ask of its reader (`docs/FORMAT.md` section 4). Readers check these before
 * they allocate; writers refuse what would exceed them.
 */

/** Newest version of the format that this code reads, and the one that it writes. */
export const FORMAT_VERSION = 1;

/** Most luma samples of a side of the picture. */
export const DIMENSION_LIMIT = 16384;

/** Most luma samples of a picture: bounds the memory of a reference slot to 96 MiB. */
export const FRAME_AREA_LIMIT = 2 ** 26;

/** Most bytes of the stream header, from the magic to its CRC. */
export const HEADER_BYTES_LIMIT = 1024;

/** Most bytes of a pack's name. */
export const PACK_NAME_LIMIT = 64;

/** Most reference slots. */
export const SLOT_LIMIT = 8;

/** Most frames that a decoder holds back to give them out in display order. */
export const REORDER_LIMIT = 16;

/** Most bytes of the payload of a section that is not a packet, known or unknown. */
export const SECTION_PAYLOAD_LIMIT = 2 ** 24;

/** Most bytes of the payload of any packet section. */
export const PACKET_PAYLOAD_LIMIT = 2 ** 28;

/** Bytes of Matroska data that a writer puts into one side section at most. */
export const SIDE_CHUNK_BYTES = 2 ** 18;

/** Time stamps lie in `-TIME_LIMIT .. TIME_LIMIT - 1`, durations in `0 .. TIME_LIMIT - 1`. */
export const TIME_LIMIT = 2n ** 62n;

/** Most packets of a stream. */
export const PACKET_COUNT_LIMIT = 2 ** 32 - 1;

/** How far, in bytes, a reader searches behind damage for the next intact section. */
export const RESYNC_WINDOW = 2 ** 24;

/** Bytes that a reader is ready to checksum in one such search. */
export const RESYNC_CHECKSUM_BUDGET = 2 ** 28;

/**
 * Most bytes of a packet's payload for a picture size: every one of 1.5 tokens per sample as the longest escape
 * (44 bits, so under 9 bytes per sample), and room for the modes.
 */
export function packetPayloadLimit(width: number, height: number): number {
  const area = 256 * Math.ceil(width / 16) * Math.ceil(height / 16);
  return Math.min(PACKET_PAYLOAD_LIMIT, 2 ** 16 + 12 * area);
}
