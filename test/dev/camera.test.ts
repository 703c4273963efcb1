import { expect, test } from '@jest/globals';
import { drawPath, filmedSize, filmPicture, viewsOf } from '../../src/dev/camera.js';
import { SeededRandom } from '../../src/dev/random.js';
import type { Frame } from '../../src/video/frame.js';

const [width, height] = [161, 121];

/** A picture whose samples are given by their place, in luma samples. */
function picture(sample: (x: number, y: number) => number): Frame {
  const plane = (half: number): Uint8Array => {
    const [columns, rows] = [Math.ceil(width / half), Math.ceil(height / half)];
    return Uint8Array.from({ length: columns * rows }, (_, i) =>
      Math.round(sample(half * (i % columns), half * Math.floor(i / columns))),
    );
  };
  return { width, height, y: plane(1), u: plane(2), v: plane(2), pts: 0n, duration: 0n };
}

const film = (of: Frame, seed: string): Frame[] => [
  ...filmPicture(of, viewsOf(drawPath(of, new SeededRandom(seed)), 5), filmedSize(of)),
];

test('frames have the size told before, three quarters of the picture', () => {
  expect(filmedSize({ width, height })).toEqual({ width: 122, height: 92 });
  for (const frame of film(
    picture(() => 77),
    'a',
  )) {
    expect([frame.width, frame.height]).toEqual([122, 92]);
    expect([frame.y.length, frame.u.length, frame.v.length]).toEqual([122 * 92, 61 * 46, 61 * 46]);
    // Weights of a sample's neighbours add up to one.
    expect(new Set([...frame.y, ...frame.u, ...frame.v])).toEqual(new Set([77]));
  }
});

test('a picture is moved as a whole, the same way in all planes, another way for another seed', () => {
  // A slope stays one under every motion; its direction and steepness are those of the camera.
  const slope = picture((x, y) => 40 + 0.5 * x + 0.4 * y);
  const seen = (frame: Frame, half: 1 | 2, x: number, y: number): number =>
    (half === 1 ? frame.y : frame.u)[(y / half) * (frame.width / half) + x / half]!;
  const corners: number[][] = [];
  for (const seed of ['a', 'b']) {
    const frames = film(slope, seed);
    const means = frames.map(({ y }) => y.reduce((sum, value) => sum + value, 0) / y.length);
    expect(new Set(means).size).toBe(frames.length);
    for (const frame of frames) {
      // The middle of the first chroma sample is half a luma sample further right and down.
      for (const [x, y] of [
        [20, 20],
        [60, 40],
        [100, 70],
      ] as const) {
        expect(Math.abs(seen(frame, 2, x, y) - seen(frame, 1, x, y))).toBeLessThanOrEqual(3);
      }
      const across = seen(frame, 1, 100, 40) - seen(frame, 1, 20, 40);
      expect(across / 80).toBeGreaterThan(0.3);
      expect(across / 80).toBeLessThan(0.7);
    }
    corners.push(means);
  }
  expect(corners[0]).not.toEqual(corners[1]);
});
