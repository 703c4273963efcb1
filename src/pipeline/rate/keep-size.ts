import { PacketSizer } from '../../bitstream/packet-sizer.js';
import type { QualityRange } from '../../codec/family.js';
import { InputError } from '../../errors.js';
import { BudgetControl } from './budget-control.js';
import { codeChunk } from './chunk-coder.js';
import { sizeOfStream, type ChunkedJob } from './chunked-job.js';
import { FrameQueue } from './frame-queue.js';
import type { ChunkRecord } from './journal.js';
import { reportOf } from './chunk-report.js';

/** A chunk is chosen if it can give up the excess with about one step of quality. */
const STEP_SHARE = 0.12;

/**
 * Codes chunks again until the stream fits into its largest size.
 *
 * @returns the number of chunks that were coded again.
 * @throws InputError if the video is too large at the lowest quality.
 */
export async function keepSize(job: ChunkedJob, qualities: QualityRange): Promise<number> {
  const { rate, journal, sideBytes } = job;
  const maxSize = rate.maxSize ?? Infinity;
  const least = new Set<number>();
  let recoded = 0;
  for (let bytes = await sizeOfStream(job); bytes > maxSize; bytes = await sizeOfStream(job)) {
    const chunks: ChunkRecord[] = [];
    for await (const chunk of journal.chunks()) chunks.push(chunk);
    const chosen = chooseChunk(
      chunks.filter(({ index }) => !least.has(index)),
      bytes - maxSize,
      qualities.min,
    );
    if (chosen === null) {
      const sound = sideBytes === 0 ? '' : `, of them ${sideBytes} for sound and other tracks`;
      throw new InputError(
        `a size of ${maxSize} bytes cannot be met: this video needs ${bytes} bytes at the lowest quality${sound}`,
      );
    }
    const before = chosen.report.bytes;
    const after = await recode(job, chosen, bytes - maxSize, qualities);
    if (after >= before) least.add(chosen.index);
    recoded++;
  }
  return recoded;
}

/** The chunk with the fewest frames that can give up the excess, or the largest one. */
function chooseChunk(chunks: readonly ChunkRecord[], excess: number, min: number): ChunkRecord | null {
  const open = chunks.filter(({ qualities }) => qualities.some((quality) => quality > min));
  const able = open.filter(({ report }) => STEP_SHARE * report.bytes >= excess);
  if (able.length > 0) return able.reduce((best, other) => (other.report.frames < best.report.frames ? other : best));
  return open.length === 0
    ? null
    : open.reduce((best, other) => (other.report.bytes > best.report.bytes ? other : best));
}

/** Codes a chunk again with fewer bytes. Returns its bytes. */
async function recode(job: ChunkedJob, old: ChunkRecord, excess: number, qualities: QualityRange): Promise<number> {
  const { properties, encoder, options, journal } = job;
  const budget = 8 * (old.report.bytes - excess);
  const control = new BudgetControl({ qualities, scale: 1, isStrict: true }, budget);
  const sizer = new PacketSizer();
  old.packets.forEach((packet, at) => {
    const { pts, kind } = packet;
    control.know({ pts, isKey: kind === 'key', bits: 8 * sizer.sizeOf(packet), quality: old.qualities[at]! });
  });
  control.end();
  await using queue = new FrameQueue(job.frames());
  queue.drop(old.from);
  const setup = { properties, options: encoder, signal: options.signal, isOnce: true };
  const chunk = await codeChunk(setup, queue, old.from, control, old.from + old.packets.length);
  const report = reportOf(job, chunk, old.report.probes);
  await journal.add({ ...old, ...chunk, report });
  return report.bytes;
}
