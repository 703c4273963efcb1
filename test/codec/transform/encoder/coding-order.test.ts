import { describe, expect, test } from '@jest/globals';
import { CodingOrder, type PlannedFrame } from '../../../../src/codec/transform/encoder/coding-order.js';
import { codingStructure } from '../../../../src/codec/transform/encoder/coding-structure.js';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';
import { LookAhead } from '../../../../src/codec/look-ahead.js';
import { Geometry } from '../../../../src/codec/transform/frame-tokens.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import { seededRandom } from '../../../entropy/random.js';
import { picture } from '../../clips.js';

const geometry = new Geometry(64, 64);
const settings = ENCODER_SETTINGS.lpips;

/** Plans a still clip whose scenes are numbered. */
function plan(scenes: readonly number[], keyint: number, depth = 40): PlannedFrame[] {
  const pictures = scenes.map((scene) => picture('pan', 64, 64, 0, 3 * scene).y);
  return planPictures(pictures, keyint, depth);
}

/** Plans pictures, giving out frames as soon as `depth` of them wait. */
function planPictures(pictures: readonly Uint8Array[], keyint: number, depth: number): PlannedFrame[] {
  const lookAhead = new LookAhead(new Kernels(), geometry, settings.lookAhead, 18);
  const order = new CodingOrder(lookAhead, keyint, codingStructure(geometry, keyint).largestMiniGop, settings.miniGop);
  const planned: PlannedFrame[] = [];
  let waiting = 0;
  const next = (isEnd: boolean): void => {
    planned.push(order.plan(isEnd)[0]!);
    order.shift();
    waiting--;
  };
  for (const luma of pictures) {
    order.push(lookAhead.analyse(luma));
    if (++waiting >= depth) next(false);
  }
  while (waiting > 0) next(true);
  return planned;
}

/** The surface of water: many waves, of which the longer ones are faster. */
function water(time: number): Uint8Array {
  const random = seededRandom(1);
  const waves = Array.from({ length: 40 }, () => {
    const length = 4 * 15 ** random();
    const angle = 0.6 + 3.2 * (random() - 0.5);
    const k = (2 * Math.PI) / length;
    const phase = 2 * Math.PI * random() - 0.45 * Math.sqrt(k) * time;
    return { x: k * Math.cos(angle), y: 1.6 * k * Math.sin(angle), phase, height: Math.sqrt(length) };
  });
  const norm = Math.sqrt(waves.reduce((sum, { height }) => sum + height ** 2, 0) / 2);
  return Uint8Array.from({ length: 64 * 64 }, (_, i) => {
    const heights = waves.map((wave) => wave.height * Math.sin(wave.x * (i % 64) + wave.y * (i >> 6) + wave.phase));
    const height = heights.reduce((sum, value) => sum + value, 0) / norm;
    return Math.max(0, Math.min(255, 95 + 26 * height + 21 * Math.max(0, height - 0.6) ** 2));
  });
}

const displays = (frames: readonly PlannedFrame[]): number[] => frames.map(({ frame }) => frame.display);

/** Frames that have to be held back, at most, to show all in order. */
function heldBack(frames: readonly PlannedFrame[]): number {
  return Math.max(
    ...frames.map(
      ({ frame }, index) => frames.slice(0, index).filter((before) => before.frame.display > frame.display).length,
    ),
  );
}

test('still pictures make pyramids', () => {
  expect(displays(plan(Array<number>(10).fill(0), 250))).toEqual([0, 8, 4, 2, 1, 3, 6, 5, 7, 9]);
});

test('noise-like motion makes pyramids', () => {
  const frames = planPictures(
    Array.from({ length: 9 }, (_, time) => water(time)),
    250,
    40,
  );
  expect(displays(frames)).toEqual([0, 8, 4, 2, 1, 3, 6, 5, 7]);
});

test('pictures that have nothing in common make none', () => {
  const pictures = Array.from({ length: 9 }, (_, time) => picture('noise', 64, 64, time).y);
  expect(planPictures(pictures, 250, 40).every(({ isKey }) => isKey)).toBe(true);
});

test('an anchor is predicted from the two anchors before it, as far as the key frame', () => {
  const frames = plan([...Array<number>(26).fill(0), ...Array<number>(18).fill(1)], 250);
  const anchors = frames.filter(({ refreshSlot, isKey }) => !isKey && refreshSlot !== null && refreshSlot < 2);
  const seen = anchors.map(({ frame, references }) => [frame.display, ...references.map((one) => one.frame.display)]);
  expect(seen).toEqual([
    [16, 0],
    [24, 16, 0],
    [25, 24, 16],
    [42, 26],
    [43, 42, 26],
  ]);
});

test('one frame is a key frame', () => {
  const [only, ...others] = plan([0], 250);
  expect(only).toMatchObject({ isKey: true, references: [], refreshSlot: 0 });
  expect(others).toEqual([]);
});

test('a scene cut ends a pyramid: nothing refers across it', () => {
  const frames = plan([0, 0, 0, 0, 0, 0, 1, 1, 1, 1], 250);
  expect(displays(frames)).toEqual([0, 4, 2, 1, 3, 5, 6, 8, 7, 9]);
  expect(displays(frames.filter(({ isKey }) => isKey))).toEqual([0, 6]);
  for (const { frame, references } of frames) {
    for (const { frame: reference } of references) expect(reference.display < 6).toBe(frame.display < 6);
  }
});

describe.each([1, 2, 3, 7, 9, 17, 30, 53])('%i frames', (count) => {
  test.each([
    [250, 40],
    [250, 17],
    [6, 40],
    [1, 40],
  ])('keyint %i, %i frames ahead: every slot holds what the plan says', (keyint, depth) => {
    const frames = plan(Array<number>(count).fill(0), keyint, depth);
    expect(displays(frames).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
    const { slotCount, reorderDepth } = codingStructure(geometry, keyint);
    const slots = new Map<number, number>();
    for (const { frame, isKey, references, refreshSlot } of frames) {
      expect(isKey).toBe(frame.display % keyint === 0);
      if (isKey) slots.clear();
      expect(references.length > 0).toBe(!isKey);
      for (const reference of references) expect(slots.get(reference.slot)).toBe(reference.frame.display);
      if (refreshSlot === null) continue;
      expect(refreshSlot).toBeLessThan(slotCount);
      slots.set(refreshSlot, frame.display);
    }
    expect(heldBack(frames)).toBeLessThanOrEqual(reorderDepth);
  });
});
