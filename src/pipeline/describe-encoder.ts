import { Encoder } from '../codec/encoder.js';
import type { CompressJob } from './compress-job.js';
import { noteDevice } from './compress-parts.js';
import type { HeaderParts } from './encoder-header.js';

/** What encoders of a video have in common. */
export interface EncoderDescription extends HeaderParts, Pick<Encoder, 'device' | 'qualities'> {}

/** Name, structure and device of the encoders of a job. */
export async function describeEncoder({
  properties: { width, height },
  encoder,
  options,
  notes,
}: CompressJob): Promise<EncoderDescription> {
  await using probe = await Encoder.create(width, height, encoder);
  noteDevice(probe, options, notes);
  const { packName, packId, slotCount, reorderDepth, device, qualities } = probe;
  return { packName, packId, slotCount, reorderDepth, device, qualities };
}
