import type { QualityRange } from '../../codec/family.js';
import { summariseFrames } from '../../metrics/measures.js';
import { chunkSetup, codeChunk, type CodedChunk } from './chunk-coder.js';
import { bytesOfPackets, type ChunkedJob } from './chunked-job.js';
import { ConstantQuality } from './constant-quality.js';
import type { FrameQueue } from './frame-queue.js';
import { measureChunk } from './measure-chunk.js';
import { bestProbe, nextQuality, type Measured, type ProbeSearch } from './probe-search.js';
import { TARGET_METRICS, type QualityTarget } from './rate-options.js';

/** Frames at the start of the video that are coded alone to find a first quality, and how often. */
const PILOT_FRAMES = 24;
const PILOT_PROBES = 2;

/** One coding of a chunk. */
export interface ChunkProbe extends Measured {
  readonly chunk: CodedChunk;
  readonly bytes: number;
  /** The metric of each frame. */
  readonly values: readonly number[];
}

/**
 * Codes a chunk with one quality and measures it.
 *
 * @param from number of its first frame.
 * @param to number of the frame behind it, if that is known.
 */
export async function probeChunk(
  job: ChunkedJob,
  queue: FrameQueue,
  from: number,
  to: number,
  quality: number,
  { metric, statistic = 'mean' }: QualityTarget,
): Promise<ChunkProbe> {
  const {
    properties,
    encoder,
    options: { signal },
    header,
  } = job;
  const setup = chunkSetup(job, false);
  const chunk = await codeChunk(setup, queue, from, new ConstantQuality(quality), to);
  const { packets } = chunk;
  const name = TARGET_METRICS[metric];
  const originals = queue.read(from, from + packets.length);
  const values = await measureChunk(name, header, packets, originals, properties, { ...encoder, signal });
  const value = summariseFrames(values, name)![statistic];
  return { quality, value, chunk, bytes: bytesOfPackets(packets), values };
}

/** Returns a quality for the first chunk, from coding its first frames. */
export async function pilotQuality(
  job: ChunkedJob,
  queue: FrameQueue,
  from: number,
  search: ProbeSearch,
  target: QualityTarget,
): Promise<number> {
  // Few frames are coded alone: what they need is needed by more frames in the whole chunk, so a step is enough.
  const to = (await queue.has(from + PILOT_FRAMES)) ? from + PILOT_FRAMES : Infinity;
  if (to === Infinity) return search.first;
  const probes: ChunkProbe[] = [];
  let next = nextQuality(search, probes);
  while (next !== null && probes.length < PILOT_PROBES) {
    probes.push(await probeChunk(job, queue, from, to, next, target));
    next = nextQuality(search, probes);
  }
  return next ?? bestProbe(search, probes).quality;
}

/** A search in all qualities of a pack. */
export function searchOf(
  { metric, value }: QualityTarget,
  { min, max }: QualityRange,
  first: number,
  step: number | null,
): ProbeSearch {
  return { target: value, metric, min, max, first, ...(step === null ? {} : { step }) };
}
