import { beforeAll, describe, expect, test } from '@jest/globals';
import { pairOf } from '../../../../src/entropy/adaptive-tables.js';
import { IntraTrials } from '../../../../src/codec/transform/encoder/intra-trials.js';
import type { FrameHeader } from '../../../../src/codec/frame-header.js';
import { Geometry, INTRA16, INTRA8, SKIP, TOKENS_PER_BLOCK } from '../../../../src/codec/transform/frame-tokens.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import type { Plane } from '../../../../src/codec/planes.js';
import { blockSatd } from '../../../kernels/twins/distortion.js';
import { intraBoundary, intraPredict, predictFromLuma } from '../../../kernels/twins/intra.js';
import { seededRandom } from '../../../entropy/random.js';
import { tinyTables } from '../../tiny.js';
import { INTER, KEY, TrialBench, type Paint } from './trial-bench.js';

let pack: PackTables;
let bench: TrialBench;
beforeAll(async () => {
  pack = await tinyTables();
});

/** Four by three macroblocks; the one at (1, 1), whose above right is not decoded yet, is tried, with `paint` as the reconstruction around it. */
function newBench(paint: Paint, header: FrameHeader = KEY): void {
  bench = new TrialBench(pack, new Geometry(64, 48), header);
  bench.tokens.type.fill(INTRA16);
  bench.paint(bench.target, paint);
  bench.paint(bench.source, paint);
}

const noise = (seed: number): Paint => {
  const random = seededRandom(seed);
  const offsets = Array.from({ length: 64 }, () => 90 * random());
  return (x, y) => 60 + offsets[(x + 3 * y) % 64]! + (x * y) / 16;
};

/** Prediction by the rules of the format, from the reconstruction. */
function predict(plane: Plane, x: number, y: number, size: number, mode: number, topRight: boolean): Uint8Array {
  const boundary = intraBoundary(bench.plane(plane, x, y), size, { top: true, left: true, topRight });
  const [matrices, samples] = size === 16 ? [pack.intra16, 256] : [pack.intra8, 64];
  const length = samples * (3 * size + 1);
  return intraPredict(boundary, size, matrices.subarray(mode * length, (mode + 1) * length));
}

function write(plane: Plane, x: number, y: number, size: number, block: Uint8Array): void {
  for (let row = 0; row < size; row++) {
    bench.kernels.u8.set(block.subarray(row * size, (row + 1) * size), plane.at + (y + row) * plane.stride + x);
  }
}

/** Makes the source's chroma what a mode predicts. */
function writeChroma(mode: number): void {
  write(bench.source.u, 8, 8, 8, predict(bench.target.u, 8, 8, 8, mode, false));
  write(bench.source.v, 8, 8, 8, predict(bench.target.v, 8, 8, 8, mode, false));
}

/** Bits of no residual of a type, with no coded neighbours. */
function emptyBits(type: number): number {
  const { lumaGroups, chromaGroups, chromaFromLuma } = bench.rates.probabilities.modes;
  const k = type - 1;
  const chroma = chromaFromLuma.cost(0, 0) + chromaGroups.cost(pairOf(16 * k, 128 + 12 * k), 0);
  return chroma + lumaGroups.cost(pairOf(6 * k, 48 + 18 * k), 0);
}

const context16 = (left: number, above: number): number => pairOf(left + 1, pack.intraModes + 1 + above + 1);
const context8 = (left: number, above: number): number => {
  const count = pack.intraModes + 1;
  return pairOf(count * (left + 1) + above + 1, count * count + left + 1);
};

/** Prediction errors of all modes of a square of the source. */
function errors(x: number, y: number, size: number, topRight: boolean): number[] {
  const source = bench.plane(bench.source.y, x, y);
  return Array.from({ length: pack.intraModes }, (_, mode) => {
    const data = predict(bench.target.y, x, y, size, mode, topRight);
    return blockSatd(source, { data, at: 0, stride: size }, size);
  });
}

describe('a block that a mode predicts without error takes that mode and no residual', () => {
  test.each([0, 1, 2, 3])('16x16, mode %d', (mode) => {
    newBench(noise(5));
    write(bench.source.y, 16, 16, 16, predict(bench.target.y, 16, 16, 16, mode, false));
    writeChroma(mode);
    const block = bench.block(1, 1);
    new IntraTrials(bench.trials).try(block, Infinity);
    const { best } = bench.trials;
    const { typeKey, intraMode16 } = bench.rates.probabilities.modes;
    expect(best).toMatchObject({ type: INTRA16, lumaGroups: 0, chromaGroups: 0 });
    expect([...best.intraModes]).toEqual([mode, mode, mode, mode]);
    const bits = typeKey.cost(0, 0) + intraMode16.cost(context16(0, 0), mode) + emptyBits(INTRA16);
    expect(best.cost).toBeCloseTo(block.lambda * bits, 3);
  });

  test.each([
    [3, 0, 2, 1],
    [1, 3, 0, 2],
    [2, 3, 1, 0],
  ])('8x8, modes %d %d %d %d', (...modes) => {
    newBench(noise(9));
    modes.forEach((mode, sub) => {
      const [x, y] = [16 + 8 * (sub & 1), 16 + 8 * (sub >> 1)];
      const prediction = predict(bench.target.y, x, y, 8, mode, sub % 2 === 0);
      write(bench.source.y, x, y, 8, prediction);
      write(bench.target.y, x, y, 8, prediction);
    });
    writeChroma(modes[0]);
    const block = bench.block(1, 1, [null, null], { lambda: 20, satdLambda: 0.01 });
    bench.tokens.type[block.at] = SKIP;
    // What the trial finds at the place of the block itself must not matter.
    write(bench.target.y, 16, 16, 16, new Uint8Array(256).fill(255));
    new IntraTrials(bench.trials).try(block, Infinity);
    const { best } = bench.trials;
    expect(best).toMatchObject({ type: INTRA8, lumaGroups: 0, chromaGroups: 0 });
    expect([...best.intraModes]).toEqual(modes);
    const { typeKey, intraMode8 } = bench.rates.probabilities.modes;
    const [a, b, c, d] = modes;
    const bits =
      intraMode8.cost(context8(0, 0), a) +
      intraMode8.cost(context8(a, 0), b) +
      intraMode8.cost(context8(0, a), c) +
      intraMode8.cost(context8(c, b), d);
    expect(best.cost).toBeCloseTo(block.lambda * (typeKey.cost(0, 1) + bits + emptyBits(INTRA8)), 3);
  });
});

test.each([INTRA16, INTRA8])('chroma that follows luma is predicted from the reconstructed luma (type %d)', (type) => {
  /** Chroma that falls where luma rises, more in U than in V. */
  const withChroma =
    (luma: Paint): Paint =>
    (x, y, plane) =>
      plane === 0 ? luma(x, y, 0) : 220 - luma(2 * x, 2 * y, 0) / plane;
  newBench(withChroma(noise(11)));
  const squares: Paint = (x, y) => 30 + 24 * ((x >> 3) ^ (y >> 3)) + 9 * (x & 7);
  bench.paint(bench.source, withChroma(type === INTRA16 ? noise(13) : squares));
  const block = bench.block(1, 1);
  new IntraTrials(bench.trials).try(block, Infinity);
  const { best, blocks } = bench.trials;
  expect(best).toMatchObject({ type, chromaFromLuma: 1 });
  bench.tokens.type[block.at] = type;
  bench.tokens.transform[block.at] = best.transform;
  bench.tokens.lumaGroups[block.at] = best.lumaGroups;
  bench.tokens.chromaFromLuma[block.at] = 1;
  best.intraModes.forEach((mode, sub) => (bench.tokens.intraMode[bench.trials.subBlock(block, sub)] = mode));
  bench.tokens.coefficients.set(best.luma, block.at * TOKENS_PER_BLOCK);
  blocks.reconstruct(bench.target, bench.tokens, block.q, 1, 1, block.references);
  const luma = bench.plane(bench.target.y, 16, 16);
  for (const plane of [bench.target.u, bench.target.v]) {
    const own = bench.plane(plane, 8, 8);
    const expected = predictFromLuma(luma, luma, own, 8, { top: true, left: true });
    const found = expected.map((_, i) => own.data[own.at + (i >> 3) * own.stride + (i & 7)]!);
    expect(Buffer.compare(found, expected)).toBe(0);
  }
});

test('each 8x8 block is predicted from the reconstruction of those before it, residual and all', () => {
  newBench(noise(11));
  bench.paint(bench.source, (x, y, plane) => (plane > 0 ? 90 : 30 + 24 * ((x >> 3) ^ (y >> 3)) + 9 * (x & 7)));
  const block = bench.block(1, 1);
  new IntraTrials(bench.trials).try(block, Infinity);
  const { best, blocks } = bench.trials;
  expect(best.type).toBe(INTRA8);
  expect(best.lumaGroups).toBeGreaterThan(0);
  const tried = bench.target.read().y;
  bench.tokens.type[block.at] = INTRA8;
  bench.tokens.transform[block.at] = 1;
  bench.tokens.lumaGroups[block.at] = best.lumaGroups;
  best.intraModes.forEach((mode, sub) => {
    bench.tokens.intraMode[bench.trials.subBlock(block, sub)] = mode;
  });
  bench.tokens.coefficients.set(best.luma, block.at * TOKENS_PER_BLOCK);
  blocks.reconstruct(bench.target, bench.tokens, block.q, 1, 1, block.references);
  expect(Buffer.compare(tried, bench.target.read().y)).toBe(0);
});

describe('a directional gradient takes the mode of least prediction error', () => {
  const directions: [string, Paint][] = [
    ['along x', (x) => 40 + 3 * x],
    ['along y', (_, y) => 220 - 4 * y],
    ['diagonal', (x, y) => 30 + 2 * x + 2 * y],
    ['stripes down', (x) => 128 + 90 * Math.sin(x)],
    ['stripes across', (_, y) => 128 + 90 * Math.sin(y)],
    ['slanted stripes', (x, y) => 128 + 80 * Math.sin(0.5 * x + 0.2 * y)],
  ];
  const chosen = new Set<number>();

  test.each(directions)('%s', (_, paint) => {
    newBench(paint, INTER);
    const block = bench.block(1, 1, [null, null], { lambda: 20, satdLambda: 0 });
    const [all16, all8] = [errors(16, 16, 16, false), errors(16, 16, 8, true)];
    new IntraTrials(bench.trials).try(block, Infinity);
    const { type, intraModes } = bench.trials.best;
    const list = type === INTRA16 ? all16 : all8;
    expect(list[intraModes[0]!]).toBe(Math.min(...list));
    chosen.add(intraModes[0]!);
  });

  test('not all directions take the same mode', () => {
    expect(chosen.size).toBeGreaterThan(1);
  });
});

test('bits of a mode count: where they weigh all, the cheapest mode is taken', () => {
  newBench((x) => 128 + 90 * Math.sin(x));
  const block = bench.block(1, 1, [null, null], { lambda: 1e7, satdLambda: 1e7 });
  new IntraTrials(bench.trials).try(block, Infinity);
  const { intraMode16 } = bench.rates.probabilities.modes;
  const bits = Array.from({ length: pack.intraModes }, (_, mode) => intraMode16.cost(context16(0, 0), mode));
  const { best } = bench.trials;
  expect(best.type).toBe(INTRA16);
  expect(bits[best.intraModes[0]!]).toBe(Math.min(...bits));
});

describe('in inter frames', () => {
  test('nothing is tried in full if inter prediction is much better', () => {
    newBench(noise(3), INTER);
    const block = bench.block(1, 1);
    const least = Math.min(...errors(16, 16, 16, false));
    new IntraTrials(bench.trials).try(block, least / 2);
    expect(bench.trials.best.cost).toBe(Infinity);
    new IntraTrials(bench.trials).try(block, 2 * least);
    expect(bench.trials.best.cost).toBeLessThan(Infinity);
  });

  test('nothing is tried if the best way so far costs fewer bits than a mode and its residual do', () => {
    newBench(noise(3), INTER);
    const { leastBits } = bench.trials.settings.intra;
    write(bench.source.y, 16, 16, 16, predict(bench.target.y, 16, 16, 16, 2, false));
    writeChroma(2);
    const block = bench.block(1, 1);
    for (const [bits, type] of [
      [leastBits - 1, SKIP],
      [leastBits + 40, INTRA16],
    ] as const) {
      bench.trials.best.cost = bits * block.lambda;
      bench.trials.best.type = SKIP;
      new IntraTrials(bench.trials).try(block, Infinity);
      expect(bench.trials.best.type).toBe(type);
    }
  });

  test('a better way found before is kept', () => {
    newBench(noise(3), INTER);
    const block = bench.block(1, 1);
    bench.trials.best.cost = 1;
    bench.trials.best.type = 0;
    new IntraTrials(bench.trials).try(block, Infinity);
    expect(bench.trials.best).toMatchObject({ cost: 1, type: 0 });
  });
});
