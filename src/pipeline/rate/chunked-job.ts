import type { Packet } from '../../bitstream/packet.js';
import { PacketSizer } from '../../bitstream/packet-sizer.js';
import { encodeSection } from '../../bitstream/section.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import { encodeIndex, type IndexEntry } from '../../bitstream/stream-index.js';
import type { Frame } from '../../video/frame.js';
import type { CompressJob } from '../compress-job.js';
import { ProgressMeter, type Progress } from '../progress.js';
import type { Journal } from './journal.js';
import type { RateOptions } from './rate-options.js';

/** What the ways to code chunks share. */
export interface ChunkedJob extends CompressJob {
  readonly rate: RateOptions;
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
