/**
 * All limits of a stream (`docs/FORMAT.md` section 4). Readers check them before they allocate memory. Writers refuse
 * values that exceed them.
 */

/** Newest version of the format that this code reads, and the one that it writes. */
export const FORMAT_VERSION = 1;

/** The largest width and height of a picture, in luma samples. */
export const DIMENSION_LIMIT = 16384;

/** The largest number of luma samples of a picture. It limits the memory of a reference slot to 96 MiB. */
export const FRAME_AREA_LIMIT = 2 ** 26;

/** The largest size of the stream header, from the magic to its CRC, in bytes. */
export const HEADER_BYTES_LIMIT = 1024;

/** The largest length of a pack's name, in bytes. */
export const PACK_NAME_LIMIT = 64;

/** The largest length of the aim in a header, in bytes. */
export const AIM_LIMIT = 64;

/** The largest number of reference slots. */
export const SLOT_LIMIT = 8;

/** The largest number of frames that a decoder holds back to output frames in display order. */
export const REORDER_LIMIT = 16;

/** The largest payload of a section that is not a packet, known or unknown, in bytes. */
export const SECTION_PAYLOAD_LIMIT = 2 ** 24;

/** The largest payload of any packet section, in bytes. */
export const PACKET_PAYLOAD_LIMIT = 2 ** 28;

/** The largest number of bytes of side data that a writer puts into one section. */
export const SIDE_CHUNK_BYTES = 2 ** 18;

/** Time stamps lie in `-TIME_LIMIT .. TIME_LIMIT - 1`, durations in `0 .. TIME_LIMIT - 1`. */
export const TIME_LIMIT = 2n ** 62n;

/** The largest number of packets of a stream. */
export const PACKET_COUNT_LIMIT = 2 ** 32 - 1;

/** The largest distance, in bytes, that a reader searches after damage for the next intact section. */
export const RESYNC_WINDOW = 2 ** 24;

/** The largest number of bytes that a reader checksums in one such search. */
export const RESYNC_CHECKSUM_BUDGET = 2 ** 28;

/**
 * Returns the largest payload of a packet for a picture size, in bytes. It assumes 1.5 tokens per sample, each as the
 * longest escape (44 bits, so under 9 bytes per sample), and room for the modes.
 */
export function packetPayloadLimit(width: number, height: number): number {
  const area = 256 * Math.ceil(width / 16) * Math.ceil(height / 16);
  return Math.min(PACKET_PAYLOAD_LIMIT, 2 ** 16 + 12 * area);
}
