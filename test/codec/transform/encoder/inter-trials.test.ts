import { beforeAll, describe, expect, test } from '@jest/globals';
import { pairOf } from '../../../../src/entropy/adaptive-tables.js';
import { InterTrials } from '../../../../src/codec/transform/encoder/inter-trials.js';
import type { BlockJob } from '../../../../src/codec/transform/encoder/block-trials.js';
import {
  AVERAGE,
  Geometry,
  INTER16,
  INTER8,
  NO_REFERENCE,
  SKIP,
} from '../../../../src/codec/transform/frame-tokens.js';
import { setMotion } from '../../../../src/codec/transform/motion.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import { blockSatd, blockSsd } from '../../../kernels/twins/distortion.js';
import { tinyTables } from '../../tiny.js';
import { INTER, TrialBench, type Paint } from './trial-bench.js';

let pack: PackTables;
let bench: TrialBench;
beforeAll(async () => {
  pack = await tinyTables();
});

/** A texture without repetition in which a search finds its way; chroma is flat. */
const scene: Paint = (x, y, plane) =>
  plane > 0
    ? 128
    : 128 + 45 * Math.sin(x / 5 + 0.3 * Math.sin(y / 7)) + 40 * Math.cos(y / 6 + x / 23) + 12 * Math.sin((x * y) / 90);

const otherScene: Paint = (x, y, plane) => scene(3 * y + 40 - x, 2 * x - y, plane);

/** A texture whose content lies (`dx`, `dy`) samples further in the reference. */
const moved =
  (paint: Paint, dx: number, dy: number): Paint =>
  (x, y, plane) =>
    paint(x + dx, y + dy, plane);

function newBench(source: Paint, bothReferences = false): void {
  bench = new TrialBench(pack, new Geometry(64, 48), { ...INTER, referenceSlot1: bothReferences ? 1 : null });
  bench.paint(bench.source, source);
}

const noTrace = (block: BlockJob): void => {
  for (const at of [0, 1, 8, 9]) {
    expect(bench.tokens.referenceIndex[block.sub + at]).toBe(NO_REFERENCE);
    expect([...bench.tokens.motion.subarray(4 * (block.sub + at), 4 * (block.sub + at) + 4)]).toEqual([0, 0, 0, 0]);
  }
};

/** Bits of a component that differs by `difference` from the prediction. */
function componentBits(component: number, difference: number): number {
  const { motionClass } = bench.rates.probabilities.modes;
  const size = Math.abs(difference);
  const index = size === 0 ? 0 : Math.floor(Math.log2(size)) + 1;
  return motionClass.cost(3 * component, index) + index;
}

/** Bits of no residual in a macroblock without coded neighbours. */
function emptyBits(type: number): number {
  const { lumaGroups, chromaGroups } = bench.rates.probabilities.modes;
  const k = type - 1;
  return lumaGroups.cost(pairOf(6 * k, 48 + 18 * k), 0) + chromaGroups.cost(pairOf(16 * k, 128 + 12 * k), 0);
}

describe('a block that equals its reference', () => {
  test('is skipped at the price of two symbols', () => {
    newBench(scene);
    const block = bench.block(1, 1, [bench.reference(scene), null]);
    const satd = new InterTrials(bench.trials).try(block);
    const { best } = bench.trials;
    const { type, motionSkip, motion } = bench.rates.probabilities.modes;
    expect(best).toMatchObject({ type: SKIP, lumaGroups: 0, chromaGroups: 0 });
    expect([...best.motion]).toEqual(Array(20).fill(0));
    expect(best.cost).toBeCloseTo(block.lambda * (type.cost(0, SKIP) + motionSkip.cost(0, 0)), 8);
    expect(satd).toBeCloseTo(block.satdLambda * motion.cost(1, 0), 8);
    noTrace(block);
  });

  test('where its left neighbour already moved the same way is skipped with that motion', () => {
    newBench(moved(scene, 5, -3));
    const block = bench.block(1, 1, [bench.reference(scene), null]);
    bench.tokens.type[block.at - 1] = INTER16;
    setMotion(bench.tokens, 2, 0, 2, [0, 20, -12, 0, 0], 0);
    new InterTrials(bench.trials).try(block);
    const { best } = bench.trials;
    const { type, motionSkip } = bench.rates.probabilities.modes;
    expect(best.type).toBe(SKIP);
    expect([...best.motion]).toEqual([0, 1, 2, 3].flatMap(() => [0, 20, -12, 0, 0]));
    expect(best.cost).toBeCloseTo(block.lambda * (type.cost(3, SKIP) + motionSkip.cost(0, 0)), 8);
  });

  test('in the second reference alone takes that one', () => {
    newBench(moved(scene, 5, -3), true);
    const block = bench.block(1, 1, [bench.reference(otherScene), bench.reference(scene)]);
    new InterTrials(bench.trials).try(block);
    const { best } = bench.trials;
    expect(best.type).toBe(INTER16);
    expect([...best.motion.subarray(0, 5)]).toEqual([1, 0, 0, 20, -12]);
  });
});

test('a block that moves gets a new motion at the price of its vector', () => {
  newBench(moved(scene, 5, -3));
  const block = bench.block(1, 1, [bench.reference(scene), null]);
  new InterTrials(bench.trials).try(block);
  const { best } = bench.trials;
  const { type, motion } = bench.rates.probabilities.modes;
  expect(best).toMatchObject({ type: INTER16, lumaGroups: 0, chromaGroups: 0 });
  expect([...best.motion]).toEqual([0, 1, 2, 3].flatMap(() => [0, 20, -12, 0, 0]));
  const bits = type.cost(0, INTER16) + motion.cost(1, 3) + componentBits(0, 20) + componentBits(1, -12);
  expect(best.cost).toBeCloseTo(block.lambda * (bits + emptyBits(INTER16)), 3);
  noTrace(block);
});

test('a block between two references is their average', () => {
  const [a, b] = [moved(scene, 4, 1), moved(otherScene, -2, 2)];
  newBench((x, y, plane) => (Math.round(a(x, y, plane)) + Math.round(b(x, y, plane)) + 1) >> 1, true);
  const block = bench.block(1, 1, [bench.reference(scene), bench.reference(otherScene)]);
  setMotion(bench.tokens, 2, 0, 2, [AVERAGE, 16, 4, -8, 8], 0);
  bench.tokens.type[block.at - 1] = INTER16;
  new InterTrials(bench.trials).try(block);
  expect(bench.trials.best.type).toBe(SKIP);
  expect([...bench.trials.best.motion]).toEqual([0, 1, 2, 3].flatMap(() => [AVERAGE, 16, 4, -8, 8]));
});

describe('two halves that move differently', () => {
  const split: Paint = (x, y, plane) => scene(x + (x < 24 ? 4 : -6), y + (x < 24 ? 2 : -1), plane);

  test('are split', () => {
    newBench(split);
    const block = bench.block(1, 1, [bench.reference(scene), null]);
    new InterTrials(bench.trials).try(block);
    const { best } = bench.trials;
    expect(best).toMatchObject({ type: INTER8, lumaGroups: 0, chromaGroups: 0 });
    const [left, right] = [
      [0, 16, 8, 0, 0],
      [0, -24, -4, 0, 0],
    ];
    expect([...best.motion]).toEqual([left, right, left, right].flat());
    noTrace(block);
  });

  test('pay for the motion of each quarter', () => {
    newBench(split);
    const block = bench.block(1, 1, [bench.reference(scene), null]);
    new InterTrials(bench.trials).try(block);
    const { type, motion } = bench.rates.probabilities.modes;
    // Upper left: no neighbour moves. Upper right: the left one is predicted. Below both are candidates: left of the
    // lower left nothing moves, so above comes first; left of the lower right comes before above.
    const upper = componentBits(0, 16) + componentBits(1, 8) + componentBits(0, -40) + componentBits(1, -12);
    const bits = type.cost(0, INTER8) + 2 * motion.cost(0, 3) + upper + motion.cost(0, 0) + motion.cost(0, 1);
    expect(bench.trials.best.cost).toBeCloseTo(block.lambda * (bits + emptyBits(INTER8)), 3);
  });

  test('are not split where bits cost more than the error', () => {
    newBench(split);
    const block = bench.block(1, 1, [bench.reference(scene), null], { lambda: 1e6, satdLambda: 1e4 });
    new InterTrials(bench.trials).try(block);
    expect(bench.trials.best.type).toBe(SKIP);
  });
});

test('new content costs no more than skipping it would, and the returned cost is that of the best prediction', () => {
  newBench((x, y, plane) => otherScene(x, y, plane) + 20);
  const reference = bench.reference(scene);
  const block = bench.block(1, 1, [reference, null]);
  const satd = new InterTrials(bench.trials).try(block);
  const { best } = bench.trials;
  const { type, motionSkip, motion } = bench.rates.probabilities.modes;
  const [from, to] = [bench.source, reference].map((picture) => bench.plane(picture.y, 16, 16));
  const skipped = blockSsd(from!, to!, 16, 16) + 2 * 64 * 20 ** 2;
  const skipBits = type.cost(0, SKIP) + motionSkip.cost(0, 0);
  expect(best.type).not.toBe(SKIP);
  expect(best.cost).toBeLessThan(skipped + block.lambda * skipBits);
  expect(satd).toBeLessThanOrEqual(blockSatd(from!, to!, 16) + block.satdLambda * motion.cost(1, 0));
});

test('chroma counts: a block whose luma alone equals its reference gets a chroma residual', () => {
  newBench((x, y, plane) => (plane === 1 ? 200 : scene(x, y, plane)));
  const block = bench.block(1, 1, [bench.reference(scene), null]);
  new InterTrials(bench.trials).try(block);
  const { best } = bench.trials;
  expect(best).toMatchObject({ type: INTER16, lumaGroups: 0 });
  expect(best.chromaGroups).toBeGreaterThan(0);
  // Tokens of U and V take turns.
  expect(best.chroma[0]).toBeGreaterThan(0);
  expect(best.chroma[1]).toBe(0);
});
