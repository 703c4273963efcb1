import { beforeAll, describe, expect, test } from '@jest/globals';
import { pairOf } from '../../../../src/entropy/adaptive-tables.js';
import { CostCounter } from '../../../../src/entropy/symbol-coder.js';
import type { FrameHeader } from '../../../../src/codec/frame-header.js';
import type { BlockJob } from '../../../../src/codec/transform/encoder/block-trials.js';
import { LargeTrials, splitBits } from '../../../../src/codec/transform/encoder/large-trials.js';
import {
  CHROMA_TOKENS,
  Geometry,
  INTER16,
  INTRA16,
  INTRA8,
  isIntra,
  SKIP,
  TOKENS_PER_BLOCK,
} from '../../../../src/codec/transform/frame-tokens.js';
import { ModeSyntax } from '../../../../src/codec/transform/mode-syntax.js';
import { setMotion } from '../../../../src/codec/transform/motion.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import { ProbabilityTables } from '../../../../src/codec/transform/probability-tables.js';
import { TemporalMotion } from '../../../../src/codec/transform/temporal-motion.js';
import { enlargePrediction, intraBoundary, intraPredict, shrinkBoundary } from '../../../kernels/twins/intra.js';
import { tinyTables } from '../../tiny.js';
import { tokenBits } from './plain-bits.js';
import { INTER, KEY, TrialBench, type Paint } from './trial-bench.js';

let pack: PackTables;
beforeAll(async () => {
  pack = await tinyTables();
});

const scene: Paint = (x, y, plane) =>
  plane > 0
    ? 128
    : 128 + 45 * Math.sin(x / 5 + 0.3 * Math.sin(y / 7)) + 40 * Math.cos(y / 6 + x / 23) + 12 * Math.sin((x * y) / 90);

const slope: Paint = (x, y, plane) => 60 + (plane > 0 ? 2 : 1) * (1.2 * x + 0.6 * y) + ((x * 7 + y * 5) % 5);

/** A picture that is one block of a size. */
class Single {
  readonly bench: TrialBench;
  readonly large: LargeTrials;

  constructor(
    readonly size: number,
    header: FrameHeader,
    source: Paint,
  ) {
    const width = 16 << size;
    this.bench = new TrialBench(pack, new Geometry(width, width), header);
    this.bench.paint(this.bench.source, source);
    this.large = new LargeTrials(this.bench.trials);
  }

  block(reference: Paint | null, lambda = 20): BlockJob {
    const picture = reference === null ? null : this.bench.reference(reference);
    return this.bench.block(0, 0, [picture, null], { lambda, satdLambda: 5 }, this.size);
  }

  /** Bits of the block in the tokens: its modes as the stream writes them, and its tokens by the rate model. */
  bits(): number {
    const { kernels, rates, header, tokens } = this.bench;
    const temporal = new TemporalMotion();
    temporal.beginFrame(header);
    const counter = new CostCounter();
    new ModeSyntax(new ProbabilityTables(pack), pack, temporal).code(counter, header, tokens.copy());
    const intra = isIntra(tokens.type[0]!);
    const [luma, chroma] = [
      tokens.coefficients.subarray(0, CHROMA_TOKENS),
      tokens.coefficients.subarray(CHROMA_TOKENS),
    ];
    return (
      counter.bitCount +
      tokenBits(kernels, pack, rates, { kind: 3, intra }, luma, tokens.lumaGroups[0]!) +
      tokenBits(kernels, pack, rates, { kind: 4, intra }, chroma, tokens.chromaGroups[0]!)
    );
  }

  error(): number {
    const [source, target] = [this.bench.source.read(), this.bench.target.read()];
    const difference = (a: Uint8Array, b: Uint8Array): number => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0);
    return difference(source.y, target.y) + difference(source.u, target.u) + difference(source.v, target.v);
  }
}

/** All values of an array are this one. */
const only = (values: Uint8Array): number => {
  expect(new Set(values).size).toBe(1);
  return values[0]!;
};

describe.each([
  ['32x32', 1],
  ['64x64', 2],
] as const)('blocks of %s', (_, size) => {
  test('one that equals its reference is skipped at the price of its symbols', () => {
    const single = new Single(size, INTER, scene);
    const block = single.block(scene);
    single.large.begin(block);
    const { cost } = single.large;
    single.large.tryRest(block);
    expect(single.large.cost).toBe(cost);
    single.large.commit(block);
    const { tokens } = single.bench;
    expect([only(tokens.type), only(tokens.blockSize)]).toEqual([SKIP, size]);
    expect(single.error()).toBe(0);
    expect(cost).toBeCloseTo(block.lambda * single.bits(), 6);
  });

  test('one that moves as a quarter of it does gets its motion, at the price of the vector', () => {
    const single = new Single(size, INTER, (x, y, plane) => scene(x + 5, y - 3, plane));
    // Chroma is flat, so it has no error.
    const block = single.block(scene);
    const half = 1 << size;
    setMotion(single.bench.tokens, half, half, half, [0, 20, -12, 0, 0], 0);
    single.large.begin(block);
    single.large.tryRest(block);
    single.large.commit(block);
    const { tokens } = single.bench;
    expect(only(tokens.type)).toBe(INTER16);
    expect([...tokens.motion.subarray(0, 4)]).toEqual([20, -12, 0, 0]);
    expect([...tokens.motion.subarray(-4)]).toEqual([20, -12, 0, 0]);
    const cost = block.lambda * single.bits() + single.error();
    expect(Math.abs(single.large.cost / cost - 1)).toBeLessThan(0.05);
  });

  test.each([
    ['key', KEY, null],
    ['inter', INTER, (x: number, y: number, plane: number) => slope(x, y, plane) + 12 * Math.sin(x / 9)],
  ] as const)('the cost in a frame "%s" is squared error plus lambda times bits', (_name, header, reference) => {
    const costs = [5, 60, 600].map((lambda) => {
      const single = new Single(size, { ...header, q: 34 }, slope);
      const block = single.block(reference, lambda);
      single.large.begin(block);
      single.large.tryRest(block);
      single.large.commit(block);
      const { tokens } = single.bench;
      const [bits, error] = [single.bits(), single.error()];
      // The kernels quantise in the transform's domain; the picture is rounded to whole samples.
      const rounding = (1.5 * (16 << size) ** 2) / 4;
      expect(Math.abs(single.large.cost - error - lambda * bits)).toBeLessThan(0.01 * single.large.cost + rounding);
      expect(tokens.coefficients.subarray(TOKENS_PER_BLOCK).some(Boolean)).toBe(false);
      return { bits, groups: tokens.lumaGroups[0]! };
    });
    expect(costs[0]!.groups).toBeGreaterThan(0);
    expect(costs[2]!.bits).toBeLessThan(costs[0]!.bits);
  });

  test.each([0, 1, 2, 3])('one that intra mode %d predicts takes that mode and no residual', (mode) => {
    const width = 16 << size;
    const bench = new TrialBench(pack, new Geometry(2 * width, 2 * width), KEY);
    const paint: Paint = (x, y, plane) =>
      120 + (plane > 0 ? 20 : 50) * Math.sin(x / 7 + y / 31) + ((x * 3 + y * 11) % 9);
    bench.paint(bench.target, paint);
    bench.paint(bench.source, paint);
    bench.tokens.type.fill(INTRA16);
    for (const [p, plane] of bench.target.planes.entries()) {
      const own = p === 0 ? width : width / 2;
      const available = { top: true, left: true, topRight: false };
      const boundary = intraBoundary(bench.plane(plane, own, own), own, available);
      const matrix = pack.intra16.subarray(mode * 256 * 49, (mode + 1) * 256 * 49);
      const factor = own / 16;
      const prediction =
        factor === 1
          ? intraPredict(boundary, 16, matrix)
          : enlargePrediction(intraPredict(shrinkBoundary(boundary, factor), 16, matrix), boundary, factor);
      const to = bench.source.planes[p]!;
      for (let row = 0; row < own; row++) {
        const at = to.at + (own + row) * to.stride + own;
        bench.kernels.u8.set(prediction.subarray(row * own, (row + 1) * own), at);
      }
    }
    const place = width / 16;
    const block = bench.block(place, place, [null, null], { lambda: 20, satdLambda: 0.01 }, size);
    const large = new LargeTrials(bench.trials);
    large.begin(block);
    expect(large.cost).toBe(Infinity);
    large.tryRest(block);
    const { split, intraMode16, lumaGroups, chromaGroups, chromaFromLuma } = bench.rates.probabilities.modes;
    // Both neighbours are macroblocks.
    const splitAt = pairOf(16 * 4 * (size + 1), 256 + 25 * (3 * (size + 1) + 2));
    const k = 5 + size;
    const bits =
      split.cost(splitAt, 0) +
      intraMode16.cost(pairOf(1, pack.intraModes + 1 + 1), mode) +
      chromaFromLuma.cost(3 * size, 0) +
      lumaGroups.cost(pairOf(6 * k, 48 + 18 * k), 0) +
      chromaGroups.cost(pairOf(16 * k, 128 + 12 * k), 0);
    expect(large.cost).toBeCloseTo(block.lambda * bits, 3);
    large.commit(block);
    expect(bench.tokens.type[block.at]).toBe(INTRA16);
    expect(bench.tokens.intraMode[block.sub]).toBe(mode);
    const [source, target] = [bench.source.read(), bench.target.read()];
    for (const plane of ['y', 'u', 'v'] as const) expect(Buffer.compare(source[plane], target[plane])).toBe(0);
    expect(splitBits(bench.trials, block)).toBe(split.cost(splitAt, 1));
  });

  test('intra prediction is tried in inter frames only if a quarter of the block uses it', () => {
    // The boundary outside the picture is 128 everywhere: so is this block.
    const cost = (type: number): number => {
      const single = new Single(size, INTER, () => 128);
      const block = single.block(scene);
      single.bench.tokens.type[single.bench.tokens.type.length - 1] = type;
      single.large.begin(block);
      single.large.tryRest(block);
      single.large.commit(block);
      expect(isIntra(only(single.bench.tokens.type))).toBe(type === INTRA8);
      return single.large.cost;
    };
    expect(cost(INTRA8)).toBeLessThan(cost(SKIP));
  });
});
