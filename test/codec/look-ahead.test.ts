import { describe, expect, test } from '@jest/globals';
import { LookAhead, type LookAheadFrame, type MotionField } from '../../src/codec/look-ahead.js';
import {
  QualityPropagation,
  type DependentFrame,
  type QualityGain,
} from '../../src/codec/transform/encoder/quality-propagation.js';
import { ENCODER_SETTINGS } from '../../src/codec/transform/encoder/settings.js';
import { Geometry } from '../../src/codec/transform/frame-tokens.js';
import { Kernels } from '../../src/kernels/kernels.js';
import { seededRandom } from '../entropy/random.js';
import { integer } from '../kernels/arena.js';
import { picture } from './clips.js';

const geometry = new Geometry(160, 96);
const settings = ENCODER_SETTINGS.lpips;
/** Quantiser step, samples: that of q 26. */
const STEP = 18;
const blocks = geometry.rows * geometry.columns;

const KINDS = { still: 0, moved: 4 };

function open(scenes: readonly (readonly [time: number, scene: number])[]): [LookAhead, LookAheadFrame[]] {
  const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, STEP);
  return [lookAhead, scenes.map(([time, scene]) => lookAhead.analyse(picture('pan', 160, 96, time, scene).y))];
}

/** Share of macroblocks whose vector is within half a sample of (`x`, `y`). */
function shareOf({ motion }: MotionField, x: number, y: number): number {
  let hits = 0;
  for (let at = 0; at < blocks; at++) {
    hits += Number(Math.abs(motion[2 * at]! - x) <= 2 && Math.abs(motion[2 * at + 1]! - y) <= 2);
  }
  return hits / blocks;
}

function sum(values: Float32Array): number {
  return values.reduce((before, value) => before + value, 0);
}

describe('LookAhead', () => {
  test('frames are numbered in display order; the first is no scene cut', () => {
    const [, frames] = open([
      [0, 0],
      [0, 0],
    ]);
    expect(frames.map(({ display, isSceneCut }) => [display, isSceneCut])).toEqual([
      [0, false],
      [1, false],
    ]);
  });

  test('a still picture costs nearly nothing and does not move', () => {
    const [lookAhead, [first, second]] = open([
      [KINDS.still, 0],
      [KINDS.still, 0],
    ]);
    const { cost, motion } = lookAhead.predict(second!, first!);
    expect(sum(cost)).toBeLessThan(0.15 * sum(second!.intra));
    expect(motion.every((component) => component === 0)).toBe(true);
  });

  test('finds motion in quarters of the half-size plane, forwards and backwards', () => {
    // 4 frames at once: 6 samples to the left, 3 down, which are 3 and 1.5 samples of the half-size plane.
    const [lookAhead, [first, second]] = open([
      [KINDS.still, 0],
      [KINDS.moved, 0],
    ]);
    expect(shareOf(lookAhead.predict(second!, first!), 12, -6)).toBeGreaterThan(0.5);
    expect(shareOf(lookAhead.predict(first!, second!), -12, 6)).toBeGreaterThan(0.5);
    expect(lookAhead.predict(second!, first!).motion.some((component) => component % 4 !== 0)).toBe(true);
    expect(second!.isSceneCut).toBe(false);
  });

  test('follows motion over several frames', () => {
    const [lookAhead, frames] = open(Array.from({ length: 7 }, (_, time) => [2 * time, 0] as const));
    expect(shareOf(lookAhead.predict(frames[6]!, frames[0]!), 36, -18)).toBeGreaterThan(0.5);
    // Only the next frame and the one before are searched in parts of a sample.
    expect(lookAhead.predict(frames[6]!, frames[0]!).motion.every((component) => component % 4 === 0)).toBe(true);
  });

  test('both sides never cost more than one; where only one fits, that one is chosen', () => {
    const [lookAhead, [past, between, future]] = open([
      [0, 0],
      [0, 0],
      [0, 5],
    ]);
    const both = lookAhead.predictBoth(between!, past!, future!);
    const one = lookAhead.predict(between!, past!);
    expect(both.cost.every((cost, at) => cost <= one.cost[at]!)).toBe(true);
    expect(both.choice.filter((choice) => choice === 0).length).toBeGreaterThan(0.9 * blocks);
  });

  /** A still picture of a scene under noise of its own in every frame. */
  function noisy(time: number, scene: number): Uint8Array {
    const noise = picture('noise', 160, 96, 1 + time + 100 * scene).y;
    return picture('pan', 160, 96, 0, scene).y.map((value, at) =>
      Math.max(0, Math.min(255, value + 0.35 * (noise[at]! - 128))),
    );
  }

  test('noise-like motion begins no scenes, a cut within it does', () => {
    const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, STEP);
    const frames = [0, 1, 2, 3, 4, 5].map((time) => lookAhead.analyse(noisy(time, time < 4 ? 0 : 9)));
    // Every frame costs so much that it would be a cut among quiet ones.
    expect(frames[2]!.change).toBeGreaterThan(settings.lookAhead.sceneCut);
    expect(frames.map(({ isSceneCut }) => isSceneCut)).toEqual([false, false, false, false, true, false]);
  });

  function slightlyNoisy(time: number): Uint8Array {
    const noise = picture('noise', 160, 96, time).y;
    return picture('pan', 160, 96, 0).y.map((value, at) => value + 0.08 * (noise[at]! - 128));
  }

  test('where all three pictures are noisy, the average wins, because it halves the noise of both', () => {
    const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, 6);
    const [past, between, future] = [1, 2, 3].map((time) => lookAhead.analyse(slightlyNoisy(time)));
    const { choice, cost, followed } = lookAhead.predictBoth(between!, past!, future!);
    const one = lookAhead.predict(between!, past!);
    expect(choice.filter((value) => value === 2).length).toBeGreaterThan(0.75 * blocks);
    // A residual of 3/2 instead of 2 times the noise: ln(4/3) less for each coded coefficient.
    expect(sum(cost)).toBeLessThan(sum(one.cost) - 0.5 * Math.log(4 / 3) * sum(between!.coded));
    expect(sum(followed)).toBeGreaterThan(1.15 * sum(one.followed));
  });

  test('the average of two noisy pictures is a better prediction than either', () => {
    const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, STEP);
    const clean = picture('pan', 160, 96, 0);
    const noisy = (scene: number): Uint8Array => {
      const noise = picture('noise', 160, 96, scene).y;
      return clean.y.map((value, at) => Math.max(0, Math.min(255, value + (noise[at]! >> 2) - 32)));
    };
    const [past, between, future] = [noisy(1), clean.y, noisy(2)].map((y) => lookAhead.analyse(y));
    const { choice, cost } = lookAhead.predictBoth(between!, past!, future!);
    expect(choice.filter((value) => value === 2).length).toBeGreaterThan(0.8 * blocks);
    expect(sum(cost)).toBeLessThan(0.9 * sum(lookAhead.predict(between!, past!).cost));
  });

  test('noisy predictions: the coarser the quantiser, the less noise counts, and the more of a block follows', () => {
    const followed = [4, 18, 72].map((step) => {
      const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, step);
      const [first, second] = [1, 2].map((time) => lookAhead.analyse(slightlyNoisy(time)));
      const field = lookAhead.predict(second!, first!);
      return sum(field.followed) / blocks;
    });
    expect(followed[0]).toBeLessThan(0.25);
    expect(followed[1]).toBeGreaterThan(followed[0]! + 0.1);
    expect(followed[2]).toBeGreaterThan(0.9);
  });

  test('what is released makes room for new frames', () => {
    const kernels = new Kernels();
    const lookAhead = new LookAhead(kernels, geometry, settings.lookAhead, STEP);
    const { y } = picture('pan', 160, 96, 0);
    const frames = [lookAhead.analyse(y), lookAhead.analyse(y)];
    const before = kernels.allocate(0);
    lookAhead.release(frames[0]!);
    lookAhead.analyse(y);
    expect(kernels.allocate(0)).toBe(before);
  });

  test('flat pictures, still or fading, begin no scene', () => {
    const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, STEP);
    const frames = [16, 16, 18, 60].map((level) => lookAhead.analyse(new Uint8Array(160 * 96).fill(level)));
    expect(frames.some(({ isSceneCut }) => isSceneCut)).toBe(false);
  });

  test('sees a scene cut, once', () => {
    const [, frames] = open([
      [0, 0],
      [1, 0],
      [2, 7],
      [3, 7],
    ]);
    expect(frames.map(({ isSceneCut }) => isSceneCut)).toEqual([false, false, true, false]);
  });

  test('inter never costs more than intra', () => {
    const [lookAhead, frames] = open([
      [0, 0],
      [1, 3],
      [2, 5],
    ]);
    for (const [index, frame] of frames.entries()) {
      if (index === 0) continue;
      const { cost } = lookAhead.predict(frame, frames[index - 1]!);
      expect(cost.every((value, at) => value <= frame.intra[at]!)).toBe(true);
    }
  });
});

describe('QualityPropagation', () => {
  const gainOf = (window: readonly DependentFrame[]): QualityGain =>
    new QualityPropagation(geometry, settings.propagation).gain(window);

  /** Frames that take over the share `share(at)` of each block from the same place in the frame before. */
  function still(count: number, share: (at: number) => number): DependentFrame[] {
    // As if blocks that count for a little more than nothing were full of coefficients.
    const coded = new Float32Array(blocks).fill(1e6);
    const followed = coded.map((_, at) => share(at));
    return Array.from({ length: count }, (_, display) => ({
      ...{ display, coded, followed, choice: null },
      references: [{ display: display - 1, motion: new Int16Array(2 * blocks) }],
    }));
  }

  test('a frame that nothing follows, or that nothing depends on, gains nothing', () => {
    for (const window of [still(1, () => 1), still(10, () => 0)]) {
      const { frame, regions } = gainOf(window);
      expect(frame).toBe(0);
      expect(regions.every((value) => value === 0)).toBe(true);
    }
  });

  test('the gain is 3.5 per doubling of what is inherited, and limited', () => {
    // Four times what it is without the frames that follow, a little less with `least`.
    expect([1, 4].map((count) => gainOf(still(count, () => 1)).frame)).toEqual([0, 6]);
    expect(gainOf(still(5000, () => 1)).frame).toBe(12);
  });

  test('regions that are reused gain, others lose', () => {
    const isLeft = (at: number): boolean => at % geometry.columns < 4;
    const { frame, regions } = gainOf(still(16, (at) => (isLeft(at) ? 1 : 0)));
    expect(frame).toBeGreaterThan(0);
    expect(regions.every((value) => value >= -8 && value <= 8)).toBe(true);
    regions.forEach((value, region) => {
      const isReused = region % geometry.regionColumns === 0;
      expect(Math.sign(value)).toBe(isReused ? 1 : -1);
    });
  });

  test('what leaves the picture is not inherited by anyone', () => {
    const window = still(8, () => 1);
    for (const { references } of window)
      for (const { motion } of references) for (let at = 0; at < blocks; at++) motion[2 * at] = 32 * 100;
    expect(gainOf(window).frame).toBe(0);
  });

  test('the average of two references gives each 0.35, because it halves their noise; one reference gives all', () => {
    const [first, second, last] = still(3, () => 1);
    const motion = new Int16Array(2 * blocks);
    const references = [0, 1].map((display) => ({ display, motion }));
    const gain = (choice: number): number => {
      const between = { ...last!, references, choice: new Uint8Array(blocks).fill(choice) };
      // The second frame depends on nothing here.
      return gainOf([first!, { ...second!, references: [] }, between]).frame;
    };
    // 3.5 log2(1 + 1), 3.5 log2(1 + 0), 3.5 log2(1 + 0.35), in whole steps.
    expect([0, 1, 2].map(gain)).toEqual([3, 0, 1]);
  });

  test('what is passed to frames that are coded already is lost', () => {
    const [first, second] = still(2, () => 1);
    const motion = new Int16Array(2 * blocks);
    expect(gainOf([first!, { ...second!, references: [{ display: -1, motion }] }]).frame).toBe(0);
  });

  test('what is kept from one frame to the next changes nothing', () => {
    const random = seededRandom(7);
    const shares = (): Float32Array => Float32Array.from({ length: blocks }, () => random());
    // Pyramids of four: frame 4 n refers to the one before; 4 n + 2 to both; 4 n + 1 and 4 n + 3 to these.
    const frames = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11].map((display) => {
      const distance = display % 4 === 0 ? 4 : display % 2 === 0 ? 2 : 1;
      const displays =
        display === 0 ? [] : display % 4 === 0 ? [display - 4] : [display - distance, display + distance];
      return {
        ...{ display, coded: shares(), followed: display === 0 ? null : shares() },
        references: displays.map((reference) => ({
          display: reference,
          motion: Int16Array.from({ length: 2 * blocks }, () => integer(random, -70, 70)),
        })),
        choice: displays.length < 2 ? null : Uint8Array.from({ length: blocks }, () => integer(random, 0, 2)),
      };
    });
    const kept = new QualityPropagation(geometry, settings.propagation);
    for (const [first, last] of [...frames.keys()].map((first) => [first, first < 5 ? 9 : 13] as const)) {
      const window = frames.slice(first, last);
      const gain = kept.gain(window);
      expect(gain).toEqual(gainOf(window));
      expect(Math.max(...gain.dependence) > 0).toBe(window.some((frame) => refersTo(frame, frames[first]!)));
    }
  });

  function refersTo({ references }: DependentFrame, { display }: DependentFrame): boolean {
    return references.some((reference) => reference.display === display);
  }
});
