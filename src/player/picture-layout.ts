import type { StreamHeader } from '../bitstream/stream-header.js';

/** How pictures of a stream are shown. */
export interface PictureLayout {
  /** Samples of a visible picture. */
  readonly width: number;
  readonly height: number;
  /** Pixels on the screen, after rotation and sample aspect. */
  readonly shownWidth: number;
  readonly shownHeight: number;
  /** Clockwise degrees. */
  readonly rotation: 0 | 90 | 180 | 270;
}

/** Returns the layout of a stream. A sample that is not square makes the picture larger, never smaller. */
export function layoutOf({ width, height, sampleAspect, rotation }: StreamHeader): PictureLayout {
  const aspect = sampleAspect.num / sampleAspect.den;
  const across = aspect > 1 ? Math.round(width * aspect) : width;
  const down = aspect < 1 ? Math.round(height / aspect) : height;
  const isTurned = rotation === 90 || rotation === 270;
  return {
    ...{ width, height, rotation },
    shownWidth: isTurned ? down : across,
    shownHeight: isTurned ? across : down,
  };
}
