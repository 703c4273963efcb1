import { displayFieldsOf } from '../bitstream/display-fields.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import type { EncoderDescription } from '../codec/encoder.js';
import type { VideoProperties } from '../video/frame.js';

/** What an encoder tells about its stream. */
export type HeaderParts = Pick<
  EncoderDescription,
  'slotCount' | 'reorderDepth' | 'packName' | 'packId' | 'isResilient'
>;

/**
 * Returns the header of the stream that an encoder makes from a video.
 *
 * @param aim what decided the quality, if it was not a constant quality.
 */
export function encoderHeader(encoder: HeaderParts, properties: VideoProperties, aim?: string): StreamHeader {
  // Only the fields that a header has.
  const { width, height, timeBase, frameRate, sampleAspect, rotation, colour } = properties;
  const { slotCount, reorderDepth, packName, packId, isResilient } = encoder;
  return {
    ...{ width, height, timeBase, frameRate, sampleAspect, rotation, colour },
    ...displayFieldsOf(properties),
    ...{ slotCount, reorderDepth, packName, packId },
    ...(aim === undefined ? {} : { aim }),
    ...(isResilient ? { isResilient } : {}),
  };
}
