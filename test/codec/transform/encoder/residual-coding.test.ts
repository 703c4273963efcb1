import { beforeAll, describe, expect, test } from '@jest/globals';
import { RateLearner, RateModel, shareRates } from '../../../../src/codec/transform/encoder/rate-model.js';
import {
  ResidualCoding,
  type ResidualChoice,
  type ResidualJob,
} from '../../../../src/codec/transform/encoder/residual-coding.js';
import type { FrameHeader } from '../../../../src/codec/frame-header.js';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';
import { CHROMA_LIMIT, LUMA_LIMIT } from '../../../../src/codec/transform/frame-tokens.js';
import { KernelTables } from '../../../../src/codec/transform/kernel-tables.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import { BlockView } from '../../../../src/kernels/block-view.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import { seededRandom } from '../../../entropy/random.js';
import { dequantise, forwardTransform } from '../../../kernels/twins/transform.js';
import { richTables, tinyTables } from '../../tiny.js';
import { tokenBits } from './plain-bits.js';

test('a prediction that equals its source has no tokens and costs the bits of no groups', async () => {
  const kernels = new Kernels();
  const pack = await tinyTables();
  const rates = new RateModel(kernels, pack, shareRates(kernels, pack));
  const coding = new ResidualCoding(kernels, new KernelTables(kernels, pack), rates);
  const costs = rates.lumaGroupCosts(2);
  kernels.f32[costs >> 2] = 1.5;
  const source = BlockView.allocate(kernels, 16);
  const prediction = BlockView.allocate(kernels, 16);
  for (let i = 0; i < 256; i++) kernels.u8[source.at + i] = kernels.u8[prediction.at + i] = (37 * i) % 251;
  const job = { q: 20, intra: false, basis: 0, groupContext: 2, lambda: 4 };
  for (const method of ['luma16', 'luma8'] as const) {
    const tokens = new Int16Array(256).fill(7);
    expect(coding[method](source, prediction, job, tokens)).toEqual({ groups: 0, cost: 6 });
    expect(tokens.every((token) => token === 0)).toBe(true);
  }
});

/** Steps and offsets with which the integers of the format have no rounding: then costs are equal and not just close. */
function evenTables(pack: PackTables): PackTables {
  const step = pack.step.map((_, q) => (q < 20 ? 1024 : q < 40 ? 512 : 256));
  return { ...pack, step, reconstructionOffset: Uint8Array.of(96, 32, 64, 160) };
}

const METHODS = ['luma16', 'luma8', 'chroma'] as const;
type Method = (typeof METHODS)[number];

/** One macroblock's residuals of a few textures, and a coder for them. */
class Bench {
  readonly kernels = new Kernels();
  readonly rates: RateModel;
  readonly coding: ResidualCoding;
  /** Samples of source and prediction: one 16x16 block, or two 8x8 blocks one after the other. */
  readonly source: BlockView;
  readonly prediction: BlockView;

  constructor(readonly pack: PackTables) {
    this.rates = new RateModel(this.kernels, pack, shareRates(this.kernels, pack));
    const header: FrameHeader = {
      ...{ kind: 'key', q: 30, referenceSlot0: null, referenceSlot1: null, refreshSlot: 0, variant: 0 },
      ...{ hasQOffsets: false, hasLoopFilter: false, pts: 0n },
    };
    const learner = new RateLearner(this.kernels, pack, ENCODER_SETTINGS.psnr.rates, this.rates);
    this.rates.beginFrame(learner.beginFrame(header));
    // Before anything is learned the classes cost the same: make them differ.
    this.rates.tokenCosts.forEach((at, index) => {
      for (let i = at / 4; i < at / 4 + 16 * 8 * 16; i++) this.kernels.f32[i]! *= 1 + index / 8;
    });
    this.coding = new ResidualCoding(this.kernels, new KernelTables(this.kernels, pack), this.rates);
    this.source = BlockView.allocate(this.kernels, 16);
    this.prediction = BlockView.allocate(this.kernels, 16);
  }

  fill(seed: number): void {
    const random = seededRandom(seed + 1);
    const [level, slope, noise] = [200 * random() - 100, 12 * random() - 6, 40 * random()];
    for (let i = 0; i < 256; i++) {
      const value = 128 + level + slope * ((i & 15) - 8) + noise * (random() - 0.5);
      this.kernels.u8[this.source.at + i] = Math.max(0, Math.min(255, Math.round(value)));
      this.kernels.u8[this.prediction.at + i] = 118 + Math.floor(20 * random());
    }
  }

  code(method: Method, job: ResidualJob): Coded {
    const tokens = new Int16Array(method === 'chroma' ? 128 : 256).fill(9);
    const choice = this.#call(method, job, tokens);
    return { choice: { ...choice }, tokens };
  }

  #call(method: Method, job: ResidualJob, tokens: Int16Array): ResidualChoice {
    if (method !== 'chroma') return this.coding[method](this.source, this.prediction, job, tokens);
    return this.coding.chroma(halves(this.source), halves(this.prediction), job, tokens);
  }

  /** Residual of a part: the whole of 16x16, a sub-block of 8x8, or one chroma block. */
  residual(method: Method, part: number): Int16Array {
    const { u8 } = this.kernels;
    const size = method === 'luma16' ? 16 : 8;
    return Int16Array.from({ length: size * size }, (_, i) => {
      const [y, x] = [Math.floor(i / size), i % size];
      const at = {
        luma16: i,
        luma8: ((part >> 1) * 8 + y) * 16 + (part & 1) * 8 + x,
        chroma: part * 64 + i,
      }[method];
      return u8[this.source.at + at]! - u8[this.prediction.at + at]!;
    });
  }
}

interface Coded {
  readonly choice: ResidualChoice;
  readonly tokens: Int16Array;
}

function halves({ at }: BlockView): readonly [BlockView, BlockView] {
  return [0, 64].map((offset) => Object.assign(new BlockView(), { at: at + offset, stride: 8, size: 8 })) as [
    BlockView,
    BlockView,
  ];
}

/** What a method codes: parts take turns in the order of tokens. */
function layout(
  pack: PackTables,
  method: Method,
  { basis, intra }: ResidualJob,
): { kind: 0 | 1 | 2; parts: number; atoms: number; data: Int16Array; weights: Uint8Array } {
  const kind = METHODS.indexOf(method) as 0 | 1 | 2;
  const table = [pack.basis16, pack.basis8, pack.basisChroma][kind]!;
  const all = [pack.weight16, pack.weight8, pack.weightChroma][kind]!;
  const { atoms } = table;
  const row = kind < 2 ? basis : intra ? 0 : 1;
  const size = atoms * (kind === 0 ? 256 : 64);
  return {
    ...{ kind, atoms, parts: [1, 4, 2][kind]! },
    data: table.data.subarray(row * size, (row + 1) * size),
    weights: all.subarray(row * atoms, (row + 1) * atoms),
  };
}

/** Squared error that tokens leave of the residual's part that the basis can express (FORMAT.md section 10). */
function squaredError(bench: Bench, method: Method, job: ResidualJob, tokens: Int16Array, only?: number): number {
  const { pack } = bench;
  const { parts, atoms, data, weights } = layout(pack, method, job);
  const [base, step] = [job.intra ? 0 : 2, pack.step[job.q]!];
  const offsets = [pack.reconstructionOffset[base]!, pack.reconstructionOffset[base + 1]!] as const;
  let error = 0;
  for (let part = 0; part < parts; part++) {
    if (only !== undefined && part !== only) continue;
    const coefficients = forwardTransform(bench.residual(method, part), data);
    for (let atom = 0; atom < atoms; atom++) {
      const scaled = Math.max(1, (step * weights[atom]! + 16) >> 5);
      const value = dequantise(tokens[parts * atom + part]!, scaled, offsets) / 8;
      error += (coefficients[atom]! / 32768 - value) ** 2;
    }
  }
  return error;
}

function groupBits(bench: Bench, method: Method, { groupContext }: ResidualJob, groups: number): number {
  const { lumaGroups, chromaGroups } = bench.rates.probabilities.modes;
  return (method === 'chroma' ? chromaGroups : lumaGroups).cost(groupContext, groups);
}

function bitsOf(bench: Bench, method: Method, job: ResidualJob, { tokens, choice }: Coded): number {
  const { kernels, pack, rates } = bench;
  const kind = { kind: layout(pack, method, job).kind, intra: job.intra };
  const { groups } = choice;
  return tokenBits(kernels, pack, rates, kind, tokens, groups) + groupBits(bench, method, job, groups);
}

const JOBS: readonly ResidualJob[] = [
  { q: 10, intra: true, basis: 0, groupContext: 0, lambda: 3000 },
  { q: 30, intra: false, basis: 2, groupContext: 11, lambda: 400 },
  { q: 50, intra: true, basis: 3, groupContext: 17, lambda: 60 },
  { q: 50, intra: false, basis: 1, groupContext: 5, lambda: 0.5 },
];

describe.each(METHODS)('%s', (method) => {
  let bench: Bench;
  const limits = method === 'chroma' ? CHROMA_LIMIT : LUMA_LIMIT;
  beforeAll(async () => {
    bench = new Bench(evenTables(richTables(await tinyTables())));
  });

  test('the cost is the squared error plus lambda times the bits of the chosen tokens', () => {
    let codedBlocks = 0;
    let largest = 0;
    for (const job of JOBS) {
      for (let seed = 0; seed < 6; seed++) {
        bench.fill(seed);
        const coded = bench.code(method, job);
        const { choice, tokens } = coded;
        const error = squaredError(bench, method, job, tokens);
        const cost = error + job.lambda * bitsOf(bench, method, job, coded);
        // The kernel subtracts from the whole energy, in 32 bits.
        const energy = squaredError(bench, method, job, new Int16Array(tokens.length));
        expect(Math.abs(choice.cost - cost)).toBeLessThan(2e-6 * (energy + cost));
        if (choice.groups > 0) codedBlocks++;
        largest = Math.max(largest, ...tokens.map((token) => Math.abs(token)));
      }
    }
    // The blocks reach the escape of large magnitudes.
    expect(codedBlocks).toBeGreaterThan(12);
    expect(largest).toBeGreaterThan(15);
  });

  test('no smaller number of groups costs less with the same tokens', () => {
    for (const job of JOBS) {
      bench.fill(3);
      const { choice, tokens } = bench.code(method, job);
      for (let groups = 0; groups < choice.groups; groups++) {
        const fewer = tokens.map((token, index) => (index < limits[groups]! ? token : 0));
        const coded = { choice: { ...choice, groups }, tokens: fewer };
        const cost = squaredError(bench, method, job, fewer) + job.lambda * bitsOf(bench, method, job, coded);
        expect(cost).toBeGreaterThan(choice.cost * (1 - 1e-5));
      }
    }
  });

  test('behind the last coded group all tokens are zero', () => {
    for (const job of JOBS) {
      for (let seed = 0; seed < 6; seed++) {
        bench.fill(seed);
        const { choice, tokens } = bench.code(method, job);
        expect(tokens.subarray(limits[choice.groups]).every((token) => token === 0)).toBe(true);
      }
    }
  });

  test('a larger lambda gives no more bits and no less error', () => {
    for (let seed = 0; seed < 6; seed++) {
      bench.fill(seed);
      let [bits, error] = [Infinity, 0];
      for (const lambda of [0, 4, 40, 400, 4000, 40_000, 4_000_000]) {
        const job = { ...JOBS[1]!, q: 50, lambda };
        const coded = bench.code(method, job);
        const nowBits = bitsOf(bench, method, job, coded);
        const nowError = squaredError(bench, method, job, coded.tokens);
        expect(nowBits).toBeLessThanOrEqual(bits);
        expect(nowError).toBeGreaterThanOrEqual(error * (1 - 1e-9));
        [bits, error] = [nowBits, nowError];
      }
      const last = bench.code(method, { ...JOBS[1]!, lambda: 4_000_000 });
      expect(last.tokens.every((token) => token === 0)).toBe(true);
    }
  });
});

test('tokens that a basis has no atoms for are zero, whatever was coded before', async () => {
  const pack = await tinyTables();
  const bench = new Bench(pack);
  bench.fill(2);
  const job = { q: 60, intra: true, basis: 0, groupContext: 0, lambda: 0 };
  const { atoms } = pack.basis16;
  expect(bench.code('luma8', job).tokens.subarray(atoms).some(Boolean)).toBe(true);
  const { tokens } = bench.code('luma16', job);
  expect(tokens.subarray(0, atoms).some(Boolean)).toBe(true);
  expect(tokens.subarray(atoms).some(Boolean)).toBe(false);
});

describe('lumaSub', () => {
  test('codes one sub-block in the context of those before it and leaves their tokens alone', async () => {
    const bench = new Bench(evenTables(richTables(await tinyTables())));
    const { kernels, pack, rates, coding } = bench;
    bench.fill(4);
    const job = { q: 50, intra: true, basis: 4, groupContext: 0, lambda: 30 };
    const tokens = new Int16Array(256);
    const [from, to] = [new BlockView(), new BlockView()];
    for (let sub = 0; sub < 4; sub++) {
      const before = tokens.slice();
      from.moveTo(bench.source, (sub >> 1) * 8, (sub & 1) * 8, 8);
      to.moveTo(bench.prediction, (sub >> 1) * 8, (sub & 1) * 8, 8);
      // Other trials in between leave no trace.
      bench.code('luma16', { ...job, basis: 3 });
      const { cost, groups } = coding.lumaSub(from, to, sub, job, tokens);
      const isOwn = (index: number): boolean => index % 4 === sub;
      expect(tokens.filter((_, index) => !isOwn(index))).toEqual(before.filter((_, index) => !isOwn(index)));
      expect(tokens.some((token, index) => isOwn(index) && token !== 0)).toBe(true);
      const error = squaredError(bench, 'luma8', job, tokens, sub);
      const bits = tokenBits(kernels, pack, rates, { kind: 1, intra: true }, tokens, groups, isOwn);
      expect(Math.abs(cost / (error + job.lambda * bits) - 1)).toBeLessThan(1e-4);
    }
  });
});
