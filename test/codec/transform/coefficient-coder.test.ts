import { beforeAll, describe, expect, test } from '@jest/globals';
import { CoefficientCoder } from '../../../src/codec/transform/coefficient-coder.js';
import { CoefficientSyntax } from '../../../src/codec/transform/coefficient-syntax.js';
import type { FrameTokens } from '../../../src/codec/transform/frame-tokens.js';
import { Geometry, TOKENS_PER_BLOCK } from '../../../src/codec/transform/frame-tokens.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import type { Scales } from '../../../src/codec/transform/prior.js';
import { ProbabilityTables } from '../../../src/codec/transform/probability-tables.js';
import { SCALES } from '../../../src/codec/transform/token-contexts.js';
import { RansDecoder } from '../../../src/entropy/rans-decoder.js';
import { RansEncoder } from '../../../src/entropy/rans-encoder.js';
import { SymbolReader, SymbolWriter } from '../../../src/entropy/symbol-coder.js';
import { BitstreamError } from '../../../src/errors.js';
import { Kernels } from '../../../src/kernels/kernels.js';
import { seededRandom } from '../../entropy/random.js';
import { randomHeads, richTables, tinyTables } from '../tiny.js';
import { randomTokens } from './random-tokens.js';

const PASSES = [0, 1] as const;
const geometry = new Geometry(200, 136);
const blocks = geometry.rows * geometry.columns;

let pack: PackTables;
beforeAll(async () => {
  pack = richTables(await tinyTables());
});

/** The coder in kernel memory with tables of its own. */
class Fast {
  readonly coder = new CoefficientCoder(new Kernels(), pack, blocks);
  readonly tables = new ProbabilityTables(pack, undefined, this.coder.frequencies);
  readonly encoder = new RansEncoder();

  write(tokens: FrameTokens, scales: Scales): Uint8Array {
    this.coder.begin();
    for (const pass of PASSES) this.coder.write(this.encoder, tokens, pass, scales);
    return this.encoder.finish();
  }

  /** Reads coefficients of blocks whose modes are those of `like`. */
  read(coded: Uint8Array, like: FrameTokens, scales: Scales): FrameTokens {
    const tokens = like.copy();
    tokens.coefficients.fill(0);
    this.coder.begin();
    const { bytes, offset } = this.coder.hold(coded);
    const decoder = new RansDecoder(bytes, offset, coded.length);
    for (const pass of PASSES) this.coder.read(decoder, tokens, pass, scales);
    decoder.finish();
    return tokens;
  }
}

/** Any scales for all macroblocks. */
function randomScales(random: () => number): Scales {
  return {
    scale: Uint8Array.from({ length: blocks * TOKENS_PER_BLOCK }, () => random() * SCALES),
    index: Int32Array.from({ length: blocks }, (_, at) => at),
  };
}

test('blocks are coded as the syntax says, in both directions, while tables adapt', () => {
  const random = seededRandom(7);
  const [writing, reading] = [new Fast(), new Fast()];
  const plain = { tables: new ProbabilityTables(pack), encoder: new RansEncoder() };
  const syntax = new CoefficientSyntax(plain.tables, pack);
  for (const header of randomHeads(8, random, [0, 9])) {
    const tokens = randomTokens(geometry, pack, header, random);
    const scales = randomScales(random);
    for (const pass of PASSES) syntax.code(new SymbolWriter(plain.encoder), tokens, pass, scales);
    const expected = plain.encoder.finish();
    expect(Buffer.compare(writing.write(tokens, scales), expected)).toBe(0);
    expect(reading.read(expected, tokens, scales).coefficients).toEqual(tokens.coefficients);
    const frequencies = plain.tables.coefficients.save().frequencies;
    expect(writing.tables.coefficients.save().frequencies).toEqual(frequencies);
    expect(reading.tables.coefficients.save().frequencies).toEqual(frequencies);
  }
});

/** Coefficients that were read, or the error's message; a magnitude's value stands only in the plain one's. */
function outcome(read: () => FrameTokens): { coefficients: Int16Array | null; message: string } {
  try {
    return { coefficients: read().coefficients, message: '' };
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    return { coefficients: null, message: error.message.replace(/^magnitude \d+ exceeds/, 'a magnitude exceeds') };
  }
}

describe('refused', () => {
  test('what the syntax refuses, with the same error, wherever bytes end or change', () => {
    const random = seededRandom(8);
    const [header] = randomHeads(1, random, [0, 9]);
    const tokens = randomTokens(geometry, pack, header!, random);
    const scales = randomScales(random);
    const coded = new Fast().write(tokens, scales);
    const failures = new Set<string>();
    for (let run = 0; run < 40; run++) {
      const bytes = coded.slice(0, run < 20 ? 4 + Math.floor(random() * (coded.length - 4)) : coded.length);
      if (run >= 20) bytes[4 + Math.floor(random() * (coded.length - 4))]! ^= 1 << Math.floor(random() * 8);
      const plain = (): FrameTokens => {
        const found = tokens.copy();
        found.coefficients.fill(0);
        const decoder = new RansDecoder(bytes);
        const syntax = new CoefficientSyntax(new ProbabilityTables(pack), pack);
        for (const pass of PASSES) syntax.code(new SymbolReader(decoder), found, pass, scales);
        decoder.finish();
        return found;
      };
      const expected = outcome(plain);
      expect(outcome(() => new Fast().read(bytes, tokens, scales))).toEqual(expected);
      failures.add(expected.message);
    }
    expect(failures.size).toBeGreaterThan(3);
  });

  test('a magnitude that no stream can hold; the coder can be used again', () => {
    const random = seededRandom(9);
    const [header] = randomHeads(1, random, [0, 9]);
    const tokens = randomTokens(geometry, pack, header!, random);
    const scales = randomScales(random);
    const fast = new Fast();
    const at = tokens.coefficients.findIndex((value) => value !== 0);
    const changed = tokens.copy();
    changed.coefficients[at] = 16384;
    expect(() => fast.write(changed, scales)).toThrow(RangeError);
    fast.encoder.finish();
    fast.tables.reset();
    expect(Buffer.compare(fast.write(tokens, scales), new Fast().write(tokens, scales))).toBe(0);
  });
});
