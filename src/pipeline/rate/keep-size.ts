import { PacketSizer } from '../../bitstream/packet-sizer.js';
import type { QualityRange } from '../../codec/family.js';
import { InputError } from '../../errors.js';
import { BudgetControl } from './budget-control.js';
import { codeChunk } from '../chunks/code-chunk.js';
import { chunkSetup, sizeOfStream, type ChunkedJob } from './chunked-job.js';
import { FrameQueue } from '../chunks/frame-queue.js';
import type { ChunkRecord } from './journal.js';
import { reportOf } from './chunk-report.js';

/** A chunk can give up this share of its bytes with about one step of quality. */
const STEP_SHARE = 0.12;
/** Bytes to be saved in addition to the excess: share and number. */
const SPARE_SHARE = 0.02;
const SPARE_BYTES = 16;
/** A bound that is never reached: each cut saves something. */
const MOST_CUTS = 100;

/**
 * Codes chunks again until the stream fits into its largest size: one chunk if it can give up the excess with one step
 * of quality, else all of them.
 *
 * @returns the number of chunks that were coded again.
 * @throws InputError if the video is too large at the lowest quality.
 */
export async function keepSize(job: ChunkedJob, qualities: QualityRange): Promise<number> {
  const { rate, journal, sideBytes } = job;
  const maxSize = rate.maxSize ?? Infinity;
  await applyCut(job, qualities);
  for (let bytes = await sizeOfStream(job); bytes > maxSize; bytes = await sizeOfStream(job)) {
    const chunks = await journal.allChunks();
    const budgets = planCut(chunks, bytes - maxSize, qualities.min);
    if (budgets === null || journal.cuts.length === MOST_CUTS) {
      const other = sideBytes === 0 ? '' : `, of them ${sideBytes} for sound and other tracks`;
      throw new InputError(
        `a size of ${maxSize} bytes cannot be met: this video needs ${bytes} bytes at the lowest quality${other}`,
      );
    }
    await journal.add({ kind: 'cut', budgets });
    await applyCut(job, qualities);
  }
  const chunks = await journal.allChunks();
  return chunks.filter(({ cuts }) => cuts > 0).length;
}

/** Returns the bytes that chunks may keep; null for those that stay. Returns null if all have the lowest quality. */
export function planCut(
  chunks: readonly Pick<ChunkRecord, 'index' | 'qualities' | 'report'>[],
  excess: number,
  min: number,
): (number | null)[] | null {
  const open = chunks.filter(({ qualities }) => qualities.some((quality) => quality > min));
  if (open.length === 0) return null;
  const wanted = excess * (1 + SPARE_SHARE) + SPARE_BYTES;
  const able = open.filter(({ report }) => STEP_SHARE * report.bytes >= wanted);
  const chosen =
    able.length === 0
      ? open
      : [able.reduce((best, other) => (other.report.frames < best.report.frames ? other : best))];
  const all = chosen.reduce((sum, { report }) => sum + report.bytes, 0);
  return chunks.map((chunk) => {
    const { bytes } = chunk.report;
    return chosen.includes(chunk) ? Math.max(0, Math.floor(bytes - (wanted * bytes) / all)) : null;
  });
}

/** Codes the chunks again that the last cut names, if that is not done yet. */
async function applyCut(job: ChunkedJob, qualities: QualityRange): Promise<void> {
  const { journal } = job;
  const cut = journal.cuts.at(-1);
  if (cut === undefined) return;
  await using queue = new FrameQueue(job.frames());
  for (const [index, budget] of cut.budgets.entries()) {
    const chunk = await journal.chunk(index);
    if (budget !== null && chunk.cuts < journal.cuts.length) await recode(job, queue, chunk, budget, qualities);
  }
}

/** Codes a chunk again with at most so many bytes, if its lowest quality allows that. */
async function recode(
  job: ChunkedJob,
  queue: FrameQueue,
  old: ChunkRecord,
  budget: number,
  qualities: QualityRange,
): Promise<void> {
  const { journal } = job;
  const control = new BudgetControl({ qualities, scale: 1, isStrict: true }, 8 * budget);
  const sizer = new PacketSizer();
  old.packets.forEach((packet, at) => {
    const { pts, kind } = packet;
    control.know({ pts, isKey: kind === 'key', bits: 8 * sizer.sizeOf(packet), quality: old.qualities[at]! });
  });
  control.end();
  queue.drop(old.from);
  const frames = queue.readOnce(old.from, old.from + old.packets.length);
  const chunk = await codeChunk(chunkSetup(job), frames, control);
  const report = reportOf(job, chunk, old.report.probes);
  await journal.add({ ...old, ...chunk, report, values: [], cuts: journal.cuts.length });
}
