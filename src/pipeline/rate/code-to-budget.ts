import { qualitiesOf } from '../../codec/encoder.js';
import type { QualityRange } from '../../codec/family.js';
import { InputError } from '../../errors.js';
import { ticksToSeconds } from '../ticks.js';
import { BudgetControl, qualityOfBits } from './budget-control.js';
import { chunkSetup, codeChunk } from './chunk-coder.js';
import { reportOf } from './chunk-report.js';
import { passMeter, type ChunkedJob } from './chunked-job.js';
import { describeUnmetRate } from './describe-unmet.js';
import { FrameQueue } from './frame-queue.js';
import { keepSize } from './keep-size.js';
import type { RateReport } from './rate-report.js';
import { scout, scoutScale, type ScoutedFrame } from './scout.js';

/** What a way to code chunks tells. */
export type Outcome = Pick<RateReport, 'passes' | 'reached' | 'recodedChunks'>;

/** Bytes that the index may need for each key frame. */
const INDEX_BYTES_PER_KEY = 16;

/**
 * Codes a video so that its packets have the bits of a bit rate or fit into a size: a first pass with smaller pictures,
 * then each chunk with the quality that the rest of the budget allows.
 *
 * @throws InputError if the budget is too small for the video at the lowest quality.
 */
export async function codeToBudget(job: ChunkedJob): Promise<Outcome> {
  const { properties, options, rate, journal, fixedBytes } = job;
  const qualities = await qualitiesOf(job.encoder.pack);
  const known = journal.scout ?? (await scoutAll(job, qualities));
  const budget =
    rate.maxSize === undefined
      ? (rate.bitrate ?? 0) * secondsOf(job, known)
      : 8 * (rate.maxSize - fixedBytes - INDEX_BYTES_PER_KEY * (2 + known.filter(({ isKey }) => isKey).length));
  const control = new BudgetControl(
    {
      qualities,
      scale: scoutScale(properties),
      isStrict: rate.maxSize !== undefined,
      ...(options.quality === undefined ? {} : { limit: options.quality }),
    },
    budget,
  );
  for (const frame of known) control.know(frame);
  control.end();
  await codeAllChunks(job, control);
  if (rate.maxSize !== undefined) return { passes: 2, reached: null, recodedChunks: await keepSize(job, qualities) };
  if (control.isBelowRange) {
    throw new InputError(describeUnmetRate(rate.bitrate ?? 0, control.spent / secondsOf(job, known)));
  }
  return { passes: 2, reached: null, recodedChunks: 0 };
}

/** The first pass. */
async function scoutAll(job: ChunkedJob, qualities: QualityRange): Promise<readonly ScoutedFrame[]> {
  const { properties, encoder, options, journal, rate, fixedBytes, source, frameHint } = job;
  const { width, height, frameRate } = properties;
  const frameSeconds = frameRate.den / frameRate.num;
  const count = frameHint ?? (source.durationHint ?? 60) / frameSeconds;
  const bits =
    rate.maxSize === undefined ? (rate.bitrate ?? 0) * frameSeconds : (8 * (rate.maxSize - fixedBytes)) / count;
  const quality = Math.round(qualityOfBits(qualities, bits / (width * height), options.quality));
  const meter = passMeter(job, 1, 2);
  const found: ScoutedFrame[] = [];
  for await (const frame of scout(job.frames(), properties, { ...encoder, quality }, options.signal)) {
    found.push(frame);
    meter.addFrame();
  }
  if (found.length === 0) throw new InputError('the video has no frames');
  await journal.add({ kind: 'scout', frames: found });
  return found;
}

/** Seconds from the start of the first frame to the end of the last one. */
function secondsOf({ properties: { timeBase } }: ChunkedJob, frames: readonly ScoutedFrame[]): number {
  let first = frames[0]!.pts;
  let end = first;
  for (const { pts, duration } of frames) {
    if (pts < first) first = pts;
    if (pts + duration > end) end = pts + duration;
  }
  return ticksToSeconds(end - first, timeBase);
}

/** The second pass: all chunks that the journal lacks. */
async function codeAllChunks(job: ChunkedJob, control: BudgetControl): Promise<void> {
  const { journal, fixedBytes } = job;
  await using queue = new FrameQueue(job.frames());
  const meter = passMeter(job, 2, 2, () => ({
    chunk: journal.chunkCount + 1,
    expectedBytes: Math.round(fixedBytes + control.expected / 8),
  }));
  let from = 0;
  let bytes = fixedBytes;
  for await (const { packets, qualities, report } of journal.chunks()) {
    packets.forEach((packet, at) => control.coded(packet, qualities[at]!));
    from += packets.length;
    bytes += report.bytes;
  }
  while (true) {
    queue.drop(from);
    if (!(await queue.has(from))) return;
    const chunk = await codeChunk(
      {
        ...chunkSetup(job, true),
        onPacket: (packet) => {
          meter.addPacket(packet.tokens.length, bytes);
          meter.addFrame();
        },
      },
      queue,
      from,
      control,
    );
    const report = reportOf(job, chunk, []);
    await journal.add({ kind: 'chunk', index: journal.chunkCount, from, ...chunk, report, values: [], cuts: 0 });
    from += chunk.packets.length;
    bytes += report.bytes;
  }
}
