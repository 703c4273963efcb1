import { displayFieldsOf } from '../bitstream/display-fields.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import type { Encoder } from '../codec/encoder.js';
import type { VideoProperties } from '../video/frame.js';

/** Returns the header of the stream that an encoder makes from a video. */
export function encoderHeader(encoder: Encoder, properties: VideoProperties): StreamHeader {
  // Only the fields that a header has.
  const { width, height, timeBase, frameRate, sampleAspect, rotation, colour } = properties;
  const { slotCount, reorderDepth, packName, packId } = encoder;
  return {
    ...{ width, height, timeBase, frameRate, sampleAspect, rotation, colour },
    ...displayFieldsOf(properties),
    ...{ slotCount, reorderDepth, packName, packId },
  };
}
