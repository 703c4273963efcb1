import type { QualityRange } from '../../codec/family.js';
import { summariseFrames } from '../../metrics/measures.js';
import { codeChunk, type CodedChunk } from '../chunks/code-chunk.js';
import { bytesOfPackets, chunkSetup, type ChunkedJob, type ChunkSpan } from './chunked-job.js';
import { ConstantQuality } from './constant-quality.js';
import type { FrameQueue } from '../chunks/frame-queue.js';
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
 * @param place its frames in the queue.
 * @param before earlier probes of the chunk. All have the post-filter's attenuation that the first one chose: else quality
 * would jump between two probes.
 */
export async function probeChunk(
  job: ChunkedJob,
  queue: FrameQueue,
  { from, to }: Pick<ChunkSpan, 'from' | 'to'>,
  quality: number,
  { metric, statistic = 'mean' }: QualityTarget,
  before: readonly ChunkProbe[],
): Promise<ChunkProbe> {
  const { properties, encoder, codecs, options, header } = job;
  const attenuation = before[0]?.chunk.packets[0]!.variant;
  const setup = chunkSetup(attenuation === undefined ? job : { ...job, encoder: { ...encoder, attenuation } });
  const chunk = await codeChunk(setup, queue.read(from, to), new ConstantQuality(quality));
  const { packets } = chunk;
  const name = TARGET_METRICS[metric];
  const originals = queue.read(from, to);
  const decoding = { ...encoder, signal: options.signal };
  const values = await measureChunk(codecs, name, header, packets, originals, properties, decoding);
  const value = summariseFrames(values, name)![statistic];
  return { quality, value, chunk, bytes: bytesOfPackets(packets), values };
}

/** Returns a quality for the first chunk, from coding its first frames. */
export async function pilotQuality(
  job: ChunkedJob,
  queue: FrameQueue,
  { from, to }: ChunkSpan,
  search: ProbeSearch,
  target: QualityTarget,
): Promise<number> {
  // Few frames are coded alone: what they need is needed by more frames in the whole chunk, so a step is enough.
  if (to - from <= PILOT_FRAMES) return search.first;
  const probes: ChunkProbe[] = [];
  let next = nextQuality(search, probes);
  while (next !== null && probes.length < PILOT_PROBES) {
    probes.push(await probeChunk(job, queue, { from, to: from + PILOT_FRAMES }, next, target, probes));
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
