import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { InputError } from '../../src/errors.js';
import { computeMsSsim } from '../../src/metrics/ms-ssim.js';
import { makeFrame, noise } from './frames.js';
import { drawPair } from './pictures.js';

interface Vector {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly strength: number;
  readonly msSsim: number;
}

const { vectors } = JSON.parse(readFileSync(new URL('vectors/ms-ssim.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

describe('computeMsSsim', () => {
  test.each(vectors)(
    'gives what pytorch-msssim 1.0.0 gives at $width x $height',
    ({ width, height, seed, strength, msSsim }) => {
      const { original, decoded } = drawPair(width, height, seed, strength);
      expect(Math.abs(computeMsSsim(original, decoded) - msSsim)).toBeLessThan(2e-6);
    },
  );

  test('is 1 for identical frames, 0 for an inverted one', () => {
    const frame = makeFrame(170, 165, noise(1));
    expect(computeMsSsim(frame, frame)).toBeCloseTo(1, 12);
    expect(
      computeMsSsim(
        frame,
        makeFrame(170, 165, (x, y) => 255 - frame.y[y * 170 + x]!),
      ),
    ).toBe(0);
  });

  test('refuses pictures whose fifth scale is below the window', () => {
    const frame = makeFrame(320, 160, () => 0);
    expect(() => computeMsSsim(frame, frame)).toThrow(InputError);
    expect(() => computeMsSsim(frame, frame)).toThrow(/161x161, these are 320x160/);
  });
});
