import type { Packet } from '../../bitstream/packet.js';
import { PacketSizer } from '../../bitstream/packet-sizer.js';
import { encodeSection } from '../../bitstream/section.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import { encodeIndex, type IndexEntry } from '../../bitstream/stream-index.js';
import type { QualityRange } from '../../codec/family.js';
import { KeyFrameFinder } from '../../codec/key-frame-finder.js';
import type { Frame } from '../../video/frame.js';
import type { ChunkPool } from '../chunks/chunk-coders.js';
import type { KeptCodecs } from '../chunks/kept-codecs.js';
import type { ChunkSetup } from '../chunks/code-chunk.js';
import { ChunkFinder, type ChunkPlace } from '../chunks/chunk-finder.js';
import type { FrameQueue } from '../chunks/frame-queue.js';
import type { CompressJob } from '../compress-job.js';
import { ProgressMeter, type Progress } from '../progress.js';
import type { Journal } from './journal.js';
import type { RateOptions } from './rate-options.js';

/** What the ways to code chunks share. */
export interface ChunkedJob extends CompressJob {
  readonly rate: RateOptions;
  /** Codes chunks that do not depend on each other. */
  readonly pool: ChunkPool;
  /** For chunks that depend on those before them. */
  readonly codecs: KeptCodecs;
  readonly qualities: QualityRange;
  readonly header: StreamHeader;
  readonly journal: Journal;
  /** Bytes of the stream beside its packets, without its index. */
  readonly fixedBytes: number;
  /** Bytes of side data. */
  readonly sideBytes: number;
  /** The number of frames, as the source tells it. */
  readonly frameHint: number | null;
  /** Yields the frames of the part from its start; can be called again if the job can be reopened. */
  frames(): AsyncGenerator<Frame, void, undefined>;
}

/** How the chunks of a job are coded, without the quality of each. */
export function chunkSetup({ codecs, properties, encoder, options: { signal } }: ChunkedJob): ChunkSetup {
  return { codecs, properties, options: encoder, signal };
}

/** A chunk whose end is known. */
export interface ChunkSpan extends ChunkPlace {
  /** The number of the frame behind its last one. */
  readonly to: number;
}

/** Finds the chunks of a video and yields those that the journal lacks. Frames before each are dropped. */
export async function* newChunks(
  { properties, encoder, journal }: ChunkedJob,
  queue: FrameQueue,
): AsyncGenerator<ChunkSpan, void, undefined> {
  await using finder = await KeyFrameFinder.create(properties.width, properties.height, encoder);
  const chunks = new ChunkFinder(queue, finder);
  for await (const place of chunks.places()) {
    queue.drop(place.from);
    if (!journal.has(place.index)) yield { ...place, to: await chunks.endOf(place.from) };
  }
}

/** Bytes of the packets of a chunk in the stream. */
export function bytesOfPackets(packets: readonly Packet[]): number {
  const sizer = new PacketSizer();
  return packets.reduce((sum, packet) => sum + sizer.sizeOf(packet), 0);
}

/**
 * A meter of one pass.
 *
 * @param more further fields of its progress.
 */
export function passMeter(
  { properties, options, frameHint }: ChunkedJob,
  pass: number,
  passes: number,
  more: () => Partial<Progress> = () => ({}),
): ProgressMeter {
  const { width, height } = properties;
  const { onProgress } = options;
  return new ProgressMeter(
    width * height,
    frameHint,
    onProgress === undefined ? undefined : (progress) => onProgress({ ...progress, pass, passes, ...more() }),
  );
}

/** Returns the bytes of the whole stream that the chunks of the journal make. */
export async function sizeOfStream({ journal, fixedBytes }: ChunkedJob): Promise<number> {
  const sizer = new PacketSizer();
  const keys: IndexEntry[] = [];
  let bytes = fixedBytes;
  let packetNumber = 0;
  for await (const { packets } of journal.chunks()) {
    for (const packet of packets) {
      // The end section, which is part of the fixed bytes, stands behind the packets.
      if (packet.kind === 'key') keys.push({ offset: bytes - END_BYTES, pts: packet.pts, packetNumber });
      bytes += sizer.sizeOf(packet);
      packetNumber++;
    }
  }
  const index = encodeIndex({ keys });
  return bytes + (index === null ? 0 : encodeSection('index', index).length);
}

/** Bytes of the end section. */
export const END_BYTES = 26;
