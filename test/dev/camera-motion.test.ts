import { describe, expect, test } from '@jest/globals';
import { drawMotion, MOTIONS, type Motion } from '../../src/dev/camera-motion.js';
import type { View } from '../../src/dev/camera.js';
import { SeededRandom } from '../../src/dev/random.js';

const picture = { width: 300, height: 192 };
const [side, frames] = [64, 5];

const draw = (motion: Motion, seed: string): { speed: number; views: readonly View[] } =>
  drawMotion(motion, picture, side, frames, new SeededRandom(seed));

/** Where a view shows a place of the frame, samples from the frame's centre, in the picture. */
function shown({ scale, angle, x, y }: View, across: number, down: number): [number, number] {
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return [picture.width / 2 + x + cos * across - sin * down, picture.height / 2 + y + sin * across + cos * down];
}

/** The place in the frame of `view` where it shows a place of the picture. */
function seen({ scale, angle, x, y }: View, [left, top]: [number, number]): [number, number] {
  const [right, down] = [left - picture.width / 2 - x, top - picture.height / 2 - y];
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  return [cos * right + sin * down, cos * down - sin * right];
}

describe.each(MOTIONS)('%s', (motion) => {
  test('goes the way it says, as fast as it says, within the picture', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const { speed, views } = draw(motion, seed);
      expect(views).toHaveLength(frames);
      for (const view of views) {
        for (const [across, down] of [-32, 32].flatMap((a) => [-32, 32].map((b) => [a, b] as const))) {
          const [x, y] = shown(view, across, down);
          expect(Math.min(x, picture.width - x, y, picture.height - y)).toBeGreaterThan(-0.2);
        }
      }
      // Places halfway between two frames, and how the picture moves there from one to the next.
      const moves: [number, number, number, number][] = [];
      for (const [index, view] of views.slice(1).entries()) {
        for (let across = -31; across < 32; across += 2) {
          for (let down = -31; down < 32; down += 2) {
            const [x, y] = seen(view, shown(views[index]!, across, down));
            moves.push([(across + x) / 2, (down + y) / 2, x - across, y - down]);
          }
        }
      }
      const mean = (of: (...move: [number, number, number, number]) => number): number =>
        moves.reduce((sum, move) => sum + of(...move), 0) / moves.length;
      // A camera that goes right moves the picture left.
      const right = -mean((_x, _y, dx) => dx);
      const down = -mean((_x, _y, _dx, dy) => dy);
      const apart = mean((x, y, dx, dy) => (x * dx + y * dy) / Math.hypot(x, y));
      const clockwise = -mean((x, y, dx, dy) => (x * dy - y * dx) / Math.hypot(x, y));
      const found = { right, down, apart, clockwise };
      const expected: Record<Motion, Partial<typeof found>> = {
        still: {},
        'pan-left': { right: -speed },
        'pan-right': { right: speed },
        'tilt-up': { down: -speed },
        'tilt-down': { down: speed },
        'zoom-in': { apart: speed },
        'zoom-out': { apart: -speed },
        'roll-left': { clockwise: -speed },
        'roll-right': { clockwise: speed },
      };
      for (const [name, value] of Object.entries(found)) {
        const wanted = expected[motion][name as keyof typeof found] ?? 0;
        // The hand shakes.
        expect(Math.abs(value - wanted)).toBeLessThan(0.1 + 0.1 * Math.abs(wanted));
      }
    }
  });
});

test('still has no speed; other motions have speeds between the limits, another for another seed', () => {
  expect(draw('still', 'a').speed).toBe(0);
  const speeds = Array.from({ length: 20 }, (_, seed) => draw('pan-left', String(seed)).speed);
  expect(Math.min(...speeds)).toBeGreaterThanOrEqual(0.3);
  expect(Math.max(...speeds)).toBeLessThanOrEqual(2.4);
  expect(new Set(speeds).size).toBe(20);
});

test('frames that a picture has no room for are refused', () => {
  expect(() => drawMotion('still', { width: 40, height: 40 }, side, frames, new SeededRandom('a'))).toThrow(RangeError);
});
