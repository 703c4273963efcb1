import { InputError } from '../../errors.js';
import { KeyFrameFinder } from '../../codec/key-frame-finder.js';
import { PacketSizer } from '../../bitstream/packet-sizer.js';
import { ChunkFinder } from '../chunks/chunk-finder.js';
import { codeChunk } from '../chunks/code-chunk.js';
import { FrameQueue } from '../chunks/frame-queue.js';
import { inOrder } from '../chunks/in-order.js';
import { Clock } from '../compress-parts.js';
import { BudgetControl, qualityOfBits } from './budget-control.js';
import { reportOf } from './chunk-report.js';
import { chunkSetup, passMeter, type ChunkedJob } from './chunked-job.js';
import { codeShares, isTooSmall } from './code-shares.js';
import { describeUnmetRate } from './describe-unmet.js';
import { keepSize } from './keep-size.js';
import type { RateReport } from './rate-report.js';
import { scouted, scoutScale, splitScouted, type ScoutedChunk, type ScoutedFrame } from './scout.js';

/** What a way to code chunks tells. */
export type Outcome = Pick<RateReport, 'passes' | 'reached' | 'recodedChunks'>;

/** Bytes that the index may need for each key frame. */
const INDEX_BYTES_PER_KEY = 16;

/**
 * Codes a video so that its packets have the bits of a bit rate or fit into a size: a first pass with smaller pictures,
 * then each chunk with the quality that its share of a bit rate allows, or that the rest of a size allows.
 *
 * @throws InputError if the budget is too small for the video at the lowest quality.
 */
export async function codeToBudget(job: ChunkedJob): Promise<Outcome> {
  const { properties, options, rate, journal, fixedBytes, qualities } = job;
  const known = journal.scout ?? (await scoutAll(job));
  const chunks = splitScouted(known);
  if (rate.maxSize === undefined) {
    const clock = new Clock();
    for (const frame of known) clock.add(frame);
    const seconds = clock.seconds(properties);
    const budget = (rate.bitrate ?? 0) * seconds;
    await codeShares(job, chunks, budget);
    const { isBelowRange, spent } = await isTooSmall(job, budget);
    if (isBelowRange) throw new InputError(describeUnmetRate(rate.bitrate ?? 0, spent / seconds));
    return { passes: 2, reached: null, recodedChunks: 0 };
  }
  const control = new BudgetControl(
    {
      ...{ qualities, scale: scoutScale(properties), isStrict: true },
      ...(options.quality === undefined ? {} : { limit: options.quality }),
    },
    8 * (rate.maxSize - fixedBytes - INDEX_BYTES_PER_KEY * (2 + chunks.length)),
  );
  for (const frame of known) control.know(frame);
  control.end();
  await codeAllChunks(job, chunks, control);
  return { passes: 2, reached: null, recodedChunks: await keepSize(job, qualities) };
}

/** The first pass. */
async function scoutAll(job: ChunkedJob): Promise<readonly ScoutedFrame[]> {
  const { properties, encoder, options, journal, rate, fixedBytes, source, frameHint, qualities, pool } = job;
  const { width, height, frameRate } = properties;
  const frameSeconds = frameRate.den / frameRate.num;
  const count = frameHint ?? (source.durationHint ?? 60) / frameSeconds;
  const bits =
    rate.maxSize === undefined ? (rate.bitrate ?? 0) * frameSeconds : (8 * (rate.maxSize - fixedBytes)) / count;
  const quality = Math.round(qualityOfBits(qualities, bits / (width * height), options.quality));
  const meter = passMeter(job, 1, 2);
  await using queue = new FrameQueue(job.frames());
  await using finder = await KeyFrameFinder.create(width, height, encoder);
  const chunks = new ChunkFinder(queue, finder);
  const coded = inOrder(
    chunks.places(),
    pool.size,
    (place, signal) => {
      const frames = () => chunks.framesOnce(place);
      const task = { ...place, isScout: true, quality: { kind: 'constant', quality }, frames } as const;
      return pool.code(task, { signal, onFrame: () => meter.addFrame() });
    },
    options.signal,
  );
  const sizer = new PacketSizer();
  const found: ScoutedFrame[] = [];
  for await (const load of coded) {
    for (const packet of (await load()).packets) found.push(scouted(packet, sizer, quality));
  }
  if (found.length === 0) throw new InputError('the video has no frames');
  await journal.add({ kind: 'scout', frames: found });
  return found;
}

/** The second pass to a size: all chunks that the journal lacks, one by one, because each has what the others leave. */
async function codeAllChunks(job: ChunkedJob, chunks: readonly ScoutedChunk[], control: BudgetControl): Promise<void> {
  const { journal, fixedBytes } = job;
  await using queue = new FrameQueue(job.frames());
  const meter = passMeter(job, 2, 2, () => ({
    chunk: journal.chunkCount + 1,
    expectedBytes: Math.round(fixedBytes + control.expected / 8),
  }));
  let bytes = fixedBytes;
  for await (const { packets, qualities, report } of journal.chunks()) {
    packets.forEach((packet, at) => control.coded(packet, qualities[at]!));
    bytes += report.bytes;
  }
  const onPacket = ({ tokens }: { readonly tokens: Uint8Array }): void => {
    meter.addPacket(tokens.length, bytes);
    meter.addFrame();
  };
  for (const { index, from, to } of chunks) {
    if (journal.has(index)) continue;
    queue.drop(from);
    const chunk = await codeChunk({ ...chunkSetup(job), onPacket }, queue.readOnce(from, to), control);
    const report = reportOf(job, chunk, []);
    await journal.add({ kind: 'chunk', index, from, ...chunk, report, values: [], cuts: 0 });
    bytes += report.bytes;
  }
}
