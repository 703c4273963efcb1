import { memorySource } from '../../bitstream/byte-source.js';
import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import { StreamReader } from '../../bitstream/stream-reader.js';
import { StreamWriter } from '../../bitstream/stream-writer.js';
import { BitstreamError } from '../../errors.js';
import type { CodedChunk } from './code-chunk.js';
import type { ChunkSpec } from './chunk-spec.js';

/** Returns a coded chunk as a stream of its own, which other programs of tessera read. */
export async function streamOf(header: StreamHeader, packets: readonly Packet[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const writer = new StreamWriter({ write: (bytes) => Promise.resolve(void pieces.push(bytes)) });
  await writer.writeHeader(header);
  for (const packet of packets) await writer.writePacket(packet);
  await writer.finish();
  return Buffer.concat(pieces);
}

/** As {@link readStream}, without the header. */
export async function packetsOf(bytes: Uint8Array, spec: ChunkSpec): Promise<readonly Packet[]> {
  return (await readStream(bytes, spec)).packets;
}

/**
 * Reads a chunk's stream: its CRCs, and whether its frames are those of the description.
 *
 * @throws BitstreamError if they are not.
 */
export async function readStream(
  bytes: Uint8Array,
  { frames, pack }: ChunkSpec,
): Promise<{ readonly header: StreamHeader; readonly packets: readonly Packet[] }> {
  const reader = await StreamReader.open(memorySource(bytes), { strict: true });
  const packets: Packet[] = [];
  for await (const section of reader.sections()) if (section.kind === 'packet') packets.push(section.packet);
  const id = Buffer.from(reader.header.packId).toString('hex');
  const times = new Map(frames.map(([pts, duration]) => [pts, duration]));
  const isWhole =
    id === pack.id &&
    packets.length === frames.length &&
    packets.every(({ pts, duration, kind }, at) => {
      return (
        times.get(String(pts)) === String(duration) && times.delete(String(pts)) && (kind === 'key') === (at === 0)
      );
    });
  if (!isWhole) throw new BitstreamError('the stream of a chunk does not hold the frames of the chunk');
  return { header: reader.header, packets };
}

/**
 * Reads what `tessera chunk encode` wrote for a described chunk.
 *
 * @param qualities text of the qualities; null if no budget decided them.
 * @throws BitstreamError if they are not the result for this description.
 */
export async function readChunkResult(
  spec: ChunkSpec,
  stream: Uint8Array,
  qualities: string | null,
): Promise<CodedChunk> {
  const packets = await packetsOf(stream, spec);
  return { packets, qualities: qualities === null ? [] : readQualities(qualities) };
}

/** The qualities of a coded chunk as text, and back. */
export function qualitiesText({ qualities }: CodedChunk): string {
  return JSON.stringify(qualities);
}

/** @throws BitstreamError if the text is not a list of numbers. */
function readQualities(text: string): readonly number[] {
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
  throw new BitstreamError('the qualities of a chunk are not a list of numbers');
}
