import type { Size, View } from './camera.js';
import type { SeededRandom } from './random.js';

/** The motions of a camera, each alone. Left and right, up and down are the camera's; a roll to the right is clockwise. */
export const MOTIONS = [
  'still',
  'pan-left',
  'pan-right',
  'tilt-up',
  'tilt-down',
  'zoom-in',
  'zoom-out',
  'roll-left',
  'roll-right',
] as const;

export type Motion = (typeof MOTIONS)[number];

/** Speeds, in samples per frame that a sample of the frame moves on average; drawn evenly on a logarithmic scale. */
const SLOWEST = 0.3;
const FASTEST = 2.4;
/** The hand that holds the camera shakes by this many samples at most. So `still` is no sequence of equal frames. */
const SHAKE = 0.15;
/** Samples of the picture per sample shown, in the middle of the clip. */
const SCALE = [0.8, 1.2] as const;
/** The largest angle in the middle of the clip, radians. */
const TILT = 0.1;
/** The mean distance of the points of a square from its centre, as a share of its side. */
const MEAN_DISTANCE = 0.3826;

/** How a motion changes the view in a frame, per sample of speed. */
const DIRECTIONS: Readonly<Record<Motion, Partial<Record<'x' | 'y' | 'zoom' | 'roll', 1 | -1>>>> = {
  still: {},
  'pan-left': { x: -1 },
  'pan-right': { x: 1 },
  'tilt-up': { y: -1 },
  'tilt-down': { y: 1 },
  'zoom-in': { zoom: 1 },
  'zoom-out': { zoom: -1 },
  'roll-left': { roll: -1 },
  'roll-right': { roll: 1 },
};

/** A camera motion that was drawn. */
export interface DrawnMotion {
  /** Samples per frame, on average over the frame; 0 for `still`. */
  readonly speed: number;
  readonly views: readonly View[];
}

/**
 * Draws the speed and the place of a motion over a picture. All frames lie within the picture. The middle of the clip
 * does not depend on the motion, so that no frame alone tells it.
 *
 * @param side side of the square frames, luma samples.
 * @throws RangeError if the picture is too small.
 */
export function drawMotion(
  motion: Motion,
  picture: Size,
  side: number,
  frames: number,
  random: SeededRandom,
): DrawnMotion {
  const between = (low: number, high: number): number => low + ((high - low) * random.below(10001)) / 10000;
  const speed = SLOWEST * (FASTEST / SLOWEST) ** between(0, 1);
  const { x = 0, y = 0, zoom = 0, roll = 0 } = DIRECTIONS[motion];
  const [scale, angle] = [between(...SCALE), between(-TILT, TILT)];
  const turn = speed / (MEAN_DISTANCE * side);
  const path = Array.from({ length: frames }, (_, index): View => {
    const time = index - (frames - 1) / 2;
    const across = scale * (x * speed * time + between(-SHAKE, SHAKE));
    const down = scale * (y * speed * time + between(-SHAKE, SHAKE));
    return {
      scale: scale * (1 + turn) ** (-zoom * time),
      angle: angle + roll * turn * time,
      // Along the sides of the turned frame.
      x: Math.cos(angle) * across - Math.sin(angle) * down,
      y: Math.sin(angle) * across + Math.cos(angle) * down,
    };
  });
  const room = (length: number, offset: (view: View) => number): number =>
    Math.min(...path.map((view) => length / 2 - reach(side, view) - Math.abs(offset(view))));
  const free = { x: room(picture.width, (view) => view.x), y: room(picture.height, (view) => view.y) };
  if (free.x < 0 || free.y < 0) {
    throw new RangeError(`${picture.width}x${picture.height} samples are too few for this motion of a camera`);
  }
  const [left, top] = [between(-free.x, free.x), between(-free.y, free.y)];
  const views = path.map((view) => ({ ...view, x: view.x + left, y: view.y + top }));
  return { speed: motion === 'still' ? 0 : speed, views };
}

/** How far a turned frame reaches from its centre, right and down, in samples of the picture. */
function reach(side: number, { scale, angle }: View): number {
  return (side / 2) * scale * (Math.cos(angle) + Math.abs(Math.sin(angle)));
}
