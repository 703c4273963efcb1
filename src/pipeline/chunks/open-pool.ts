import type { EncoderDescription } from '../../codec/encoder.js';
import { KeyFrameFinder } from '../../codec/key-frame-finder.js';
import { InputError } from '../../errors.js';
import type { CompressJob } from '../compress-job.js';
import type { ChunkCoders, ChunkPool } from './chunk-coders.js';

/**
 * Opens the place where the chunks of a job are coded.
 *
 * @param offset time of the first frame in the input, ticks.
 */
export async function openPool(
  coders: ChunkCoders,
  { properties, encoder, input, options, notes }: CompressJob,
  { packName, packId, qualities }: EncoderDescription,
  offset: bigint,
): Promise<ChunkPool> {
  const { start, duration, track, picturesPerSecond } = options;
  return await coders.open({
    ...{ properties, encoder, qualities, packName, packId, input, offset },
    part: { start, duration, track, picturesPerSecond },
    onNote: (note) => notes.add(note),
  });
}

/** Finds key frames of a job, whose chunks can be coded apart. Throws InputError if they cannot. */
export async function openKeyFrameFinder({ properties, encoder }: CompressJob): Promise<KeyFrameFinder> {
  const finder = await KeyFrameFinder.create(properties.width, properties.height, encoder);
  if (finder.hasEqualChunks) return finder;
  await finder[Symbol.asyncDispose]();
  throw new InputError(
    'chunks of this pack differ if they are coded apart: leave out jobs and farm, or choose another pack',
  );
}
