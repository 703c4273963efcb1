import { describe, expect, test } from '@jest/globals';
import { chooseMiniGops, codingOrder, type PredictionCosts } from '../../../../src/codec/transform/encoder/mini-gop.js';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';

describe('codingOrder', () => {
  test('the anchor, then the middle of what is open', () => {
    expect(codingOrder(1)).toEqual([{ position: 1, past: 0, future: null, level: 0, isReferenced: true }]);
    expect(codingOrder(8).map(({ position, past, future }) => [position, past, future])).toEqual([
      [8, 0, null],
      [4, 0, 8],
      [2, 0, 4],
      [1, 0, 2],
      [3, 2, 4],
      [6, 4, 8],
      [5, 4, 6],
      [7, 6, 8],
    ]);
  });

  test.each([1, 2, 4, 8, 16])('%i frames: all of them, each after what it refers to', (size) => {
    const known = new Set([0]);
    for (const { position, past, future } of codingOrder(size)) {
      expect(known.has(position)).toBe(false);
      expect(known.has(past) && (future === null || known.has(future))).toBe(true);
      expect(past < position && (future === null || position < future)).toBe(true);
      known.add(position);
    }
    expect(known.size).toBe(size + 1);
  });

  test('says which frames others are predicted from', () => {
    const order = codingOrder(8);
    for (const { position, isReferenced } of order) {
      const isUsed = position === 8 || order.some(({ past, future }) => past === position || future === position);
      expect(isReferenced).toBe(isUsed);
    }
    expect(order.map(({ level }) => level)).toEqual([0, 1, 2, 3, 3, 2, 3, 3]);
  });
});

describe('chooseMiniGops', () => {
  const settings = ENCODER_SETTINGS.lpips.miniGop;
  const still: PredictionCosts = { intra: () => 2, fromPast: () => 1, fromBoth: () => 0.5 };
  /** Prediction costs what the distance is. */
  const fast: PredictionCosts = {
    intra: () => 1000,
    fromPast: (frame, past) => (frame - past) ** 2,
    fromBoth: (frame, past, future) => (frame - past) ** 2 + (future - frame) ** 2,
  };

  test('still pictures: as large as can be, and the rest in powers of two', () => {
    expect(chooseMiniGops(8, 8, still, settings)).toEqual([8]);
    expect(chooseMiniGops(7, 8, still, settings)).toEqual([4, 2, 1]);
    expect(chooseMiniGops(8, 4, still, settings)).toEqual([4, 4]);
    expect(chooseMiniGops(3, 1, still, settings)).toEqual([1, 1, 1]);
    expect(chooseMiniGops(0, 8, still, settings)).toEqual([]);
  });

  test('more than eight frames only where the anchor is still well predicted', () => {
    expect(chooseMiniGops(32, 16, still, settings)).toEqual([16, 16]);
    const lost: PredictionCosts = { ...still, fromPast: (frame, past) => (frame - past > 8 ? 1.5 : 1) };
    expect(chooseMiniGops(16, 16, lost, settings)).toEqual([8, 8]);
    expect(chooseMiniGops(16, 16, { ...lost, intra: (frame) => (frame === 16 ? 3 : 2) }, settings)).toEqual([16]);
  });

  test('fast motion: every frame from the one before', () => {
    expect(chooseMiniGops(8, 8, fast, settings)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test('a change in the middle divides what stands around it', () => {
    const isHard = (from: number, to: number): boolean => from < 4 && to >= 4;
    const costs: PredictionCosts = {
      intra: () => 100,
      fromPast: (frame, past) => (isHard(past, frame) && frame !== 4 ? 100 : 1),
      fromBoth: (_, past, future) => (isHard(past, future) && future !== 4 ? 100 : 0.5),
    };
    expect(chooseMiniGops(8, 8, costs, settings)).toEqual([4, 4]);
  });
});
