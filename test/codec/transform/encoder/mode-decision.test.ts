import { beforeAll, describe, expect, test } from '@jest/globals';
import { CostCounter } from '../../../../src/entropy/symbol-coder.js';
import type { FrameHeader } from '../../../../src/codec/frame-header.js';
import { visitBlocks } from '../../../../src/codec/transform/block-order.js';
import { BlockReconstruction } from '../../../../src/codec/transform/block-reconstruction.js';
import { ModeDecision } from '../../../../src/codec/transform/encoder/mode-decision.js';
import {
  ENCODER_SETTINGS,
  type EncoderSettings,
  type LagrangianSettings,
} from '../../../../src/codec/transform/encoder/settings.js';
import { newProgress, Wavefront } from '../../../../src/codec/transform/encoder/wavefront.js';
import {
  BLOCK_16,
  BLOCK_64,
  blockQ,
  CHROMA_LIMIT,
  CHROMA_TOKENS,
  Geometry,
  INTRA16,
  INTER8,
  isIntra,
  LUMA_LIMIT,
  NO_REFERENCE,
  SKIP,
  TOKENS_PER_BLOCK,
} from '../../../../src/codec/transform/frame-tokens.js';
import { ModeSyntax } from '../../../../src/codec/transform/mode-syntax.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import type { Planes } from '../../../../src/codec/planes.js';
import { Picture } from '../../../../src/codec/transform/picture.js';
import { ProbabilityTables } from '../../../../src/codec/transform/probability-tables.js';
import { TemporalMotion } from '../../../../src/codec/transform/temporal-motion.js';
import { seededRandom } from '../../../entropy/random.js';
import { richTables, tinyTables } from '../../tiny.js';
import { isFirstMacroblock } from '../slow-order.js';
import { tokenBits } from './plain-bits.js';
import { INTER, KEY, TrialBench, type Paint } from './trial-bench.js';

let pack: PackTables;
beforeAll(async () => {
  pack = await tinyTables();
});

const geometry = new Geometry(96, 48);

const texture: Paint = (x, y, plane) =>
  128 + (plane > 0 ? 20 : 60) * Math.sin(x / 4 + Math.cos(y / 9)) * Math.cos(y / 6) + ((x * 7 + y * 13) % 11);

/** Parts of the picture move differently, and one part is new. */
const changed: Paint = (x, y, plane) => {
  const scale = plane > 0 ? 2 : 1;
  if (scale * x > 70) return 130 + 100 * Math.sin(x * scale) + ((x ^ y) & 7);
  return scale * x > 24 ? texture(x + 6 / scale, y - 2 / scale, plane) : texture(x - 2 / scale, y, plane);
};

interface Frame {
  readonly source: Paint;
  readonly reference?: Paint;
  readonly header?: FrameHeader;
  readonly settings?: EncoderSettings;
  readonly tables?: PackTables;
  readonly qOffset?: readonly number[];
  readonly size?: Geometry;
}

class Decided {
  readonly bench: TrialBench;
  readonly reference: Picture | null;
  readonly geometry: Geometry;

  constructor({ source, reference, header = KEY, settings, tables = pack, qOffset, size = geometry }: Frame) {
    const bench = new TrialBench(tables, size, header, settings);
    this.geometry = size;
    this.bench = bench;
    this.reference = reference === undefined ? null : bench.reference(reference);
    bench.paint(bench.source, source);
    if (qOffset !== undefined) bench.tokens.qOffset.set(qOffset);
    const decision = new ModeDecision(bench.kernels, bench.tables, bench.rates, size, bench.settings);
    decision.decide(
      {
        ...{ header, source: bench.source, target: bench.target, tokens: bench.tokens, hints: [null, null] },
        references: { pictures: [this.reference, null], interpolation: header.variant },
      },
      new Wavefront(size.regionColumns, newProgress(size.regionRows)),
    );
  }

  get tokens(): TrialBench['tokens'] {
    return this.bench.tokens;
  }

  /** Tokens of luma or chroma of a macroblock. */
  coefficients(at: number, isLuma: boolean): Int16Array {
    const base = at * TOKENS_PER_BLOCK;
    return isLuma
      ? this.tokens.coefficients.subarray(base, base + CHROMA_TOKENS)
      : this.tokens.coefficients.subarray(base + CHROMA_TOKENS, base + TOKENS_PER_BLOCK);
  }

  /** Bits of modes as the stream writes them, and of tokens by the rate model. */
  bits(): number {
    const { kernels, pack: tables, rates, header } = this.bench;
    const temporal = new TemporalMotion();
    temporal.beginFrame(header);
    const counter = new CostCounter();
    new ModeSyntax(new ProbabilityTables(tables), tables, temporal).code(counter, header, this.tokens.copy());
    let bits = counter.bitCount;
    visitBlocks(this.tokens, (row, column, size) => {
      const at = row * this.geometry.columns + column;
      const intra = isIntra(this.tokens.type[at]!);
      const [luma, chroma] = [this.coefficients(at, true), this.coefficients(at, false)];
      const kind = size > BLOCK_16 ? 3 : this.tokens.transform[at] === 1 ? 1 : 0;
      const chromaKind = size > BLOCK_16 ? 4 : 2;
      bits += tokenBits(kernels, tables, rates, { kind, intra }, luma, this.tokens.lumaGroups[at]!);
      bits += tokenBits(kernels, tables, rates, { kind: chromaKind, intra }, chroma, this.tokens.chromaGroups[at]!);
    });
    return bits;
  }

  /** Squared error of all planes. */
  error(): number {
    const [source, target] = [this.bench.source.read(), this.bench.target.read()];
    const difference = (a: Uint8Array, b: Uint8Array): number => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0);
    return difference(source.y, target.y) + difference(source.u, target.u) + difference(source.v, target.v);
  }

  /** Reconstructs the tokens once more, as a decoder does. */
  decoded(): Planes {
    const { kernels, tables, header } = this.bench;
    const picture = Picture.allocate(kernels, this.geometry);
    const blocks = new BlockReconstruction(kernels, tables);
    const references = { pictures: [this.reference, null], interpolation: header.variant } as const;
    visitBlocks(this.tokens, (row, column) => {
      const q = blockQ(this.tokens, header.q, row, column);
      blocks.reconstruct(picture, this.tokens, q, row, column, references);
    });
    return picture.read();
  }
}

/** Compares bytes; `toEqual` takes long for that. */
function expectSame(a: Planes, b: Planes): void {
  for (const plane of ['y', 'u', 'v'] as const) expect(Buffer.compare(a[plane], b[plane])).toBe(0);
}

function withLagrangian(change: Partial<LagrangianSettings>): EncoderSettings {
  const { psnr } = ENCODER_SETTINGS;
  return { ...psnr, lagrangian: { ...psnr.lagrangian, ...change } };
}

test('a frame that equals its reference is skipped without movement', () => {
  const decided = new Decided({ source: texture, reference: texture, header: INTER });
  const { tokens, bench, reference } = decided;
  expect([...tokens.type]).toEqual(Array(18).fill(SKIP));
  expect(tokens.motion.every((value) => value === 0)).toBe(true);
  expect(tokens.referenceIndex.every((index) => index === 0)).toBe(true);
  expect(tokens.coefficients.every((token) => token === 0)).toBe(true);
  expectSame(bench.target.read(), reference!.read());
});

test('a key frame has intra types and no motion', () => {
  const { tokens } = new Decided({ source: changed });
  expect(tokens.type.every((type) => type >= INTRA16)).toBe(true);
  expect(tokens.referenceIndex.every((index) => index === NO_REFERENCE)).toBe(true);
  expect(tokens.motion.every((value) => value === 0)).toBe(true);
});

test('parts that move, part ways and are new get inter, split and intra types', () => {
  const { tokens } = new Decided({ source: changed, reference: texture, header: INTER });
  const types = (column: number): number[] => [0, 1, 2].map((row) => tokens.type[row * geometry.columns + column]!);
  // The border between the two movements runs through the middle of column 1.
  expect(types(1)).toContain(INTER8);
  expect(types(2).every((type) => !isIntra(type))).toBe(true);
  expect(types(5).every(isIntra)).toBe(true);
  // Vectors of column 3, in quarter samples.
  for (const row of [1, 2]) {
    const at = (2 * row * 2 * geometry.columns + 2 * 3) * 4;
    expect([...tokens.motion.subarray(at, at + 2)]).toEqual([24, -8]);
  }
  tokens.type.forEach((type, at) => {
    const [row, column] = [Math.floor(at / geometry.columns), at % geometry.columns];
    const sub = 4 * row * geometry.columns + 2 * column;
    expect(tokens.referenceIndex[sub]).toBe(isIntra(type) ? NO_REFERENCE : 0);
    if (!isIntra(type)) expect(tokens.intraMode[sub]).toBe(0);
  });
  expect(tokens.intraMode.some((mode) => mode > 0)).toBe(true);
});

describe.each(['tiny', 'rich'] as const)('with the %s tables', (name) => {
  const frames: [string, Omit<Frame, 'source'>][] = [
    ['key', {}],
    ['inter', { reference: texture, header: INTER }],
    ['key, fine', { header: { ...KEY, q: 48 }, qOffset: [-8, 8] }],
    ['inter, coarse', { reference: texture, header: { ...INTER, q: 12 }, qOffset: [8, -8] }],
  ];

  test.each(frames)('the reconstruction of frame "%s" is what its tokens decode to', (_, frame) => {
    const tables = name === 'rich' ? richTables(pack) : pack;
    const decided = new Decided({ source: changed, tables, ...frame });
    expectSame(decided.decoded(), decided.bench.target.read());
    const { tokens } = decided;
    expect(tokens.lumaGroups.some((groups) => groups > 0)).toBe(true);
    tokens.type.forEach((type, at) => {
      const [luma, chroma] = [tokens.lumaGroups[at]!, tokens.chromaGroups[at]!];
      if (type === SKIP) expect([luma, chroma]).toEqual([0, 0]);
      expect(decided.coefficients(at, true).subarray(LUMA_LIMIT[luma]).some(Boolean)).toBe(false);
      expect(decided.coefficients(at, false).subarray(CHROMA_LIMIT[chroma]).some(Boolean)).toBe(false);
    });
  });
});

describe('sizes of blocks', () => {
  const size = new Geometry(144, 80);
  const calm: Paint = (x, y, plane) => 128 + (plane > 0 ? 20 : 60) * Math.sin(x / 60 + y / 90);
  const detail: Paint = (x, y, plane) => (x < 64 >> (plane > 0 ? 1 : 0) ? calm(x, y, plane) : changed(x, y, plane));
  const still = { reference: texture, header: INTER };

  test('a smooth key picture has large blocks wherever they fit', () => {
    const { tokens } = new Decided({ source: calm, size });
    // Nine columns and five rows: what is beside and below the two whole regions.
    const expected = Array.from({ length: 45 }, (_, at) => (at % 9 < 8 && at < 36 ? BLOCK_64 : BLOCK_16));
    expect([...tokens.blockSize]).toEqual(expected);
  });

  test('a picture that stays as it is has them as well', () => {
    const { tokens } = new Decided({ source: texture, size, ...still });
    expect(tokens.blockSize[0]).toBe(BLOCK_64);
    expect(tokens.blockSize[40]).toBe(BLOCK_16);
  });

  test('detail has small ones', () => {
    const { tokens } = new Decided({ source: detail, size });
    expect(tokens.blockSize[0]).toBeGreaterThan(BLOCK_16);
    expect(tokens.blockSize.filter((value) => value === BLOCK_16).length).toBeGreaterThan(15);
  });

  test.each<[string, Omit<Frame, 'source'>]>([
    ['key', {}],
    ['inter', still],
    ['inter, coarse', { ...still, header: { ...INTER, q: 12 } }],
  ])('the reconstruction is what the tokens decode to, frame "%s"', (_, frame) => {
    const decided = new Decided({ source: detail, size, tables: richTables(pack), ...frame });
    expectSame(decided.decoded(), decided.bench.target.read());
    const { tokens } = decided;
    expect(new Set(tokens.blockSize).size).toBeGreaterThan(1);
    tokens.blockSize.forEach((value, at) => {
      if (value === BLOCK_16 || isFirstMacroblock(tokens, at)) return;
      expect(tokens.coefficients.subarray(at * TOKENS_PER_BLOCK, (at + 1) * TOKENS_PER_BLOCK).some(Boolean)).toBe(
        false,
      );
    });
  });
});

describe('a larger lambda never gives more bits', () => {
  test.each<[string, Omit<Frame, 'source'>]>([
    ['key', {}],
    ['inter', { reference: texture, header: INTER }],
  ])('%s frame', (_, frame) => {
    let [bits, error] = [Infinity, 0];
    for (const factor of [0.02, 0.3, 5, 100]) {
      const settings = withLagrangian({ key: factor, referenced: factor });
      const decided = new Decided({ source: changed, settings, ...frame });
      const [nowBits, nowError] = [decided.bits(), decided.error()];
      expect(nowBits).toBeLessThanOrEqual(bits);
      // Ways are ranked by SATD, and blocks are predicted from what is decoded: the squared error may fall a little.
      expect(nowError).toBeGreaterThan(0.8 * error);
      [bits, error] = [nowBits, nowError];
    }
  });
});

test('each kind of frame has its own lambda', () => {
  const settings = withLagrangian({ unreferenced: 1e6 });
  const common = { source: changed, reference: texture, settings };
  const referenced = new Decided({ ...common, header: { ...INTER, refreshSlot: 1 } });
  const unreferenced = new Decided({ ...common, header: { ...INTER, refreshSlot: null } });
  expect(referenced.tokens.lumaGroups.some((groups) => groups > 0)).toBe(true);
  expect(unreferenced.tokens.coefficients.some(Boolean)).toBe(false);
  expect(new Decided({ source: changed, settings }).tokens.coefficients.some(Boolean)).toBe(true);
});

test('other q of a region are taken where they cost less, and what is left is the decoded picture', () => {
  const { psnr } = ENCODER_SETTINGS;
  const settings = { ...psnr, passes: { ...psnr.passes, offsetTrials: [3, -3] } };
  const size = new Geometry(64, 64);
  const header = { ...KEY, hasQOffsets: true };
  const taken = new Set<number>();
  // The planned q is far from what its own lambda asks for, in both directions.
  for (const [lambda, planned] of [
    [0.005, 0],
    [0.07, 0],
    [2, 0],
    [0.07, 8],
  ] as const) {
    const { lagrangian } = psnr;
    const common = { source: changed, header, size, qOffset: [planned] };
    const [plain, tried] = [psnr, settings].map(
      (of) => new Decided({ ...common, settings: { ...of, lagrangian: { ...lagrangian, key: lambda } } }),
    );
    const step = pack.step[header.q + planned]! / 8;
    const costOf = (decided: Decided): number => decided.error() + lambda * step ** 2 * decided.bits();
    expect(costOf(tried!)).toBeLessThanOrEqual(costOf(plain!) + 1e-6 * costOf(plain!));
    expect(tried!.decoded()).toEqual(tried!.bench.target.read());
    taken.add(tried!.tokens.qOffset[0]! - planned);
  }
  expect(taken.size).toBeGreaterThan(1);
});

test('a region of larger q has less error', () => {
  const random = seededRandom(4);
  const grain = Array.from({ length: 96 * 48 }, () => 80 * random());
  const source: Paint = (x, y) => 80 + grain[y * 96 + x]!;
  const errorLeft = (qOffset: readonly number[]): number => {
    const { bench } = new Decided({ source, qOffset });
    const [a, b] = [bench.source.read().y, bench.target.read().y];
    return a.reduce((sum, value, i) => (i % 96 < 64 ? sum + (value - b[i]!) ** 2 : sum), 0);
  };
  expect(errorLeft([8, 0])).toBeLessThan(errorLeft([0, 0]));
  expect(errorLeft([0, 0])).toBeLessThan(errorLeft([-8, 0]));
});
