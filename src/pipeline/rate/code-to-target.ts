import { InputError } from '../../errors.js';
import { requireMeasurable } from '../../metrics/availability.js';
import { METRICS } from '../../metrics/metric-names.js';
import { summariseFrames } from '../../metrics/measures.js';
import { reportOf } from './chunk-report.js';
import { newChunks, passMeter, type ChunkedJob } from './chunked-job.js';
import type { Outcome } from './code-to-budget.js';
import { FrameQueue } from '../chunks/frame-queue.js';
import { keepSize } from './keep-size.js';
import { pilotQuality, probeChunk, searchOf, type ChunkProbe } from './probe-chunk.js';
import { bestProbe, isMissed, nextQuality, stepOf, type Measured } from './probe-search.js';
import { describeTarget, TARGET_METRICS, type QualityTarget } from './rate-options.js';
import type { ChunkReport } from './rate-report.js';
import type { ChunkRecord } from './journal.js';
import { PeakLimit } from './limit-peaks.js';

/**
 * Codes each chunk with the quality that gives the target, found by coding and measuring it several times.
 *
 * @throws InputError if the target cannot be reached; EnvironmentError if it cannot be measured here.
 */
export async function codeToTarget(job: ChunkedJob): Promise<Outcome> {
  const { properties, rate, journal, qualities } = job;
  const target = rate.target!;
  const name = TARGET_METRICS[target.metric];
  await requireMeasurable(name, properties);
  const values: number[] = [];
  const place = { probe: 0 };
  const meter = passMeter(job, 1, 1, () => ({ chunk: journal.chunkCount + 1, probe: place.probe }));
  let bytes = job.fixedBytes;
  let before: readonly Measured[] = [];
  const limit = rate.maxBitrate === undefined ? null : new PeakLimit(job, qualities, rate.maxBitrate);
  let limitedChunks = 0;
  const pass = ({ packets, report, values: reached, cuts }: ChunkRecord): void => {
    if (limit !== null) limit.pass(packets);
    limitedChunks += limit === null ? 0 : cuts;
    bytes += report.bytes;
    values.push(...reached);
    before = report.probes;
    for (const packet of packets) {
      meter.addPacket(packet.tokens.length, bytes);
      meter.addFrame();
    }
  };
  for await (const chunk of journal.chunks()) pass(chunk);
  await using queue = new FrameQueue(job.frames());
  for await (const span of newChunks(job, queue)) {
    const { from } = span;
    const step = stepOf(target.metric, before);
    const last = before.at(-1)?.quality;
    const guess = searchOf(target, qualities, last ?? qualities.default, step);
    const first = last ?? (await pilotQuality(job, queue, span, guess, target));
    const search = { ...guess, first };
    const probes: ChunkProbe[] = [];
    for (let next = nextQuality(search, probes); next !== null; next = nextQuality(search, probes)) {
      place.probe = probes.length + 1;
      const probe = await probeChunk(job, queue, span, next, target, probes);
      probes.push(probe);
    }
    const best = bestProbe(search, probes);
    const told = [...probes.filter((probe) => probe !== best), best].map((probe) => ({
      ...{ quality: probe.quality, value: probe.value, bytes: probe.bytes },
    }));
    if (isMissed(search, best.value)) {
      throw new InputError(describeMissed(target, best.value, reportOf(job, best.chunk, told)));
    }
    const chunk = (await limit?.keep(queue, from, best.chunk)) ?? best.chunk;
    const record: ChunkRecord = {
      ...{ kind: 'chunk', index: journal.chunkCount, from, ...chunk, report: reportOf(job, chunk, told) },
      ...{ values: best.values, cuts: chunk === best.chunk ? 0 : 1 },
    };
    await journal.add(record);
    pass(record);
  }
  if (values.length === 0) throw new InputError('the video has no frames');
  const recodedChunks = limitedChunks + (rate.maxSize === undefined ? 0 : await keepSize(job, qualities));
  // Chunks that were coded again to keep a limit were not measured.
  const reached = recodedChunks > 0 ? null : summariseFrames(values, name)![target.statistic ?? 'mean'];
  return { passes: 1, reached, recodedChunks };
}

/** Returns why a target cannot be met, and the nearest value that can. */
function describeMissed(target: QualityTarget, value: number, { start, frames }: ChunkReport): string {
  const { title, higherIsBetter } = METRICS[TARGET_METRICS[target.metric]];
  const limit = `${higherIsBetter ? 'at most' : 'at least'} ${value.toFixed(Math.abs(value) < 2 ? 4 : 2)}`;
  return (
    `the target ${describeTarget(target)} cannot be met: with the best quality, the ${frames} frames from ` +
    `${start.toFixed(2)} s on have a ${title} of ${limit}`
  );
}
