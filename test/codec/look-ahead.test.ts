import { describe, expect, test } from '@jest/globals';
import { LookAhead, type FrameCosts } from '../../src/codec/encoder/look-ahead.js';
import { propagateQuality } from '../../src/codec/encoder/quality-propagation.js';
import { Geometry } from '../../src/codec/frame-tokens.js';
import { Kernels } from '../../src/kernels/kernels.js';
import { picture } from './clips.js';

const geometry = new Geometry(160, 96);
const blocks = geometry.rows * geometry.columns;

function analyse(scenes: readonly (readonly [time: number, scene: number])[]): FrameCosts[] {
  const lookAhead = new LookAhead(new Kernels(), geometry);
  return scenes.map(([time, scene]) => lookAhead.analyse(picture('pan', 160, 96, time, scene).y));
}

function sum(values: Float32Array): number {
  return values.reduce((before, value) => before + value, 0);
}

describe('LookAhead', () => {
  test('nothing is predicted in the first frame', () => {
    const [first] = analyse([[0, 0]]);
    expect(first!.inter).toEqual(first!.intra);
    expect(first!.isSceneCut).toBe(false);
  });

  test('a still picture costs nearly nothing and does not move', () => {
    const [, second] = analyse([
      [0, 0],
      [0, 0],
    ]);
    expect(sum(second!.inter)).toBeLessThan(0.15 * sum(second!.intra));
    expect(second!.motion.every((component) => component === 0)).toBe(true);
  });

  test('finds motion in quarters of the half-size plane', () => {
    // 4 frames at once: 6 samples to the left, 3 down, which are 3 and 1.5 samples of the half-size plane.
    const [, second] = analyse([
      [0, 0],
      [4, 0],
    ]);
    let hits = 0;
    for (let at = 0; at < blocks; at++) {
      hits += Number(Math.abs(second!.motion[2 * at]! - 12) <= 1 && Math.abs(second!.motion[2 * at + 1]! + 6) <= 1);
    }
    expect(hits).toBeGreaterThan(0.5 * blocks);
    expect(second!.isSceneCut).toBe(false);
  });

  test('sees a scene cut, once', () => {
    const costs = analyse([
      [0, 0],
      [1, 0],
      [2, 7],
      [3, 7],
    ]);
    expect(costs.map(({ isSceneCut }) => isSceneCut)).toEqual([false, false, true, false]);
  });

  test('inter never costs more than intra', () => {
    for (const { intra, inter } of analyse([
      [0, 0],
      [1, 3],
      [2, 5],
    ])) {
      expect(inter.every((cost, at) => cost <= intra[at]!)).toBe(true);
    }
  });
});

describe('propagateQuality', () => {
  /** Frames that take over the share `share(at)` of each block from the same place before. */
  function still(count: number, share: (at: number) => number): FrameCosts[] {
    const intra = new Float32Array(blocks).fill(1000);
    const inter = intra.map((cost, at) => cost * (1 - share(at)));
    return Array.from({ length: count }, () => ({
      intra,
      inter,
      motion: new Int16Array(2 * blocks),
      isSceneCut: false,
    }));
  }

  test('a frame that nothing follows, or that nothing depends on, gains nothing', () => {
    for (const window of [still(1, () => 1), still(10, () => 0)]) {
      const { frame, regions } = propagateQuality(geometry, window);
      expect(frame).toBe(0);
      expect(regions.every((value) => value === 0)).toBe(true);
    }
  });

  test('the gain is 2 per doubling of what is inherited, and limited', () => {
    // Two, four, eight times as much information as without the frames that follow.
    expect(
      [1, 2, 4, 8].map(
        (count) =>
          propagateQuality(
            geometry,
            still(count, () => 1),
          ).frame,
      ),
    ).toEqual([0, 2, 4, 6]);
    expect(
      propagateQuality(
        geometry,
        still(5000, () => 1),
      ).frame,
    ).toBe(12);
  });

  test('regions that are reused gain, others lose', () => {
    const isLeft = (at: number): boolean => at % geometry.columns < 4;
    const { frame, regions } = propagateQuality(
      geometry,
      still(16, (at) => (isLeft(at) ? 1 : 0)),
    );
    expect(frame).toBeGreaterThan(0);
    expect(regions.every((value) => value >= -8 && value <= 8)).toBe(true);
    regions.forEach((value, region) => {
      const isReused = region % geometry.regionColumns === 0;
      expect(Math.sign(value)).toBe(isReused ? 1 : -1);
    });
  });

  test('what leaves the picture is not inherited by anyone', () => {
    const window = still(8, () => 1);
    for (const { motion } of window) for (let at = 0; at < blocks; at++) motion[2 * at] = 32 * 100;
    expect(propagateQuality(geometry, window).frame).toBe(0);
  });
});
