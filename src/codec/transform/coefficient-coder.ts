import { MAGNITUDE_LIMIT } from '../../entropy/magnitude.js';
import type { RansDecoder } from '../../entropy/rans-decoder.js';
import type { RansEncoder } from '../../entropy/rans-encoder.js';
import { BitstreamError } from '../../errors.js';
import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { visitTokens, PART_OF } from './coefficient-syntax.js';
import { TOKENS_PER_BLOCK, type FrameTokens } from './frame-tokens.js';
import type { PackTables } from './pack-tables.js';
import { MAGNITUDE_CODE, type Scales } from './prior.js';
import { GrowingRegion } from './growing-region.js';

/** Words of `CoefficientCoding` in `kernels/assembly/coefficients.ts` that change. */
const STATE = 5;
const POSITION = 6;
const END = 7;
const FAILURE = 8;
/** Values of `failure` there. */
const TOO_SHORT = 1;
const TOO_LONG_ESCAPE = 2;

/** Symbols of a token at most: its magnitude, 14 bits of an escape's length, the end of it, its rest, and the sign. */
const SYMBOLS_PER_TOKEN = 18;

/**
 * Codes transform tokens as {@link CoefficientSyntax} does, a block at a time in kernel memory. Both give the same bytes.
 */
export class CoefficientCoder {
  /** uint16 [tables, 16] in kernel memory, which the coder adapts. */
  readonly frequencies: Uint16Array;
  /** Address of uint8 [rows, columns, 384]: what the prior sees of the tokens that were coded; zero for others. */
  readonly codes: Pointer;
  readonly #kernels: Kernels;
  readonly #available: readonly [number, number, number];
  /** Where the tokens of the frame's macroblocks begin that have been coded. */
  readonly #coded: Int32Array;
  #codedCount = 0;
  readonly #coding: Pointer;
  readonly #coefficients: Pointer;
  readonly #symbols: Pointer;
  readonly #scales: GrowingRegion;
  readonly #bytes: GrowingRegion;

  /** @param blocks macroblocks of a frame. */
  constructor(kernels: Kernels, pack: PackTables, blocks: number) {
    this.#kernels = kernels;
    this.#available = [pack.basis16.atoms, 4 * pack.basis8.atoms, 2 * pack.basisChroma.atoms];
    this.#coded = new Int32Array(blocks);
    const symbols = pack.coefficientTables.length + pack.nearTables.length;
    const tables = kernels.allocate(2 * symbols);
    this.#coefficients = kernels.allocate(2 * TOKENS_PER_BLOCK);
    this.#symbols = kernels.allocate(4 * SYMBOLS_PER_TOKEN * TOKENS_PER_BLOCK);
    this.codes = kernels.allocate(blocks * TOKENS_PER_BLOCK);
    this.#scales = new GrowingRegion(kernels);
    this.#bytes = new GrowingRegion(kernels);
    const [neighbours, contexts, parts, codes] = [
      pack.contextNeighbours,
      pack.contextOfSum,
      PART_OF,
      MAGNITUDE_CODE,
    ].map((table) => kernels.store(table));
    const words = [tables, neighbours!, contexts!, parts!, codes!, 0, 0, 0, 0, this.#symbols];
    this.#coding = kernels.store(Int32Array.from(words));
    this.frequencies = new Uint16Array(kernels.memory.memory.buffer, tables, symbols);
  }

  /** Forgets the tokens of the last frame. Call it before the first pass of each. */
  begin(): void {
    const bytes = this.#kernels.u8;
    for (let i = 0; i < this.#codedCount; i++) {
      const at = this.codes + this.#coded[i]!;
      bytes.fill(0, at, at + TOKENS_PER_BLOCK);
    }
    this.#codedCount = 0;
  }

  /** Copies a coded stream to where {@link read} can read it; good until the next call. */
  hold(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly offset: number } {
    const offset = this.#bytes.take(bytes.length);
    this.#kernels.u8.set(bytes, offset);
    return { bytes: this.#kernels.u8, offset };
  }

  /**
   * Reads the tokens of one pass.
   *
   * @param decoder of bytes that {@link hold} returned.
   * @throws BitstreamError if a magnitude is not possible, or the stream ends.
   */
  read(decoder: RansDecoder, tokens: FrameTokens, pass: 0 | 1, scales: Scales): void {
    const words = this.#kernels.i32;
    const at = this.#coding >> 2;
    [words[at + STATE], words[at + POSITION], words[at + END]] = [decoder.state, decoder.position, decoder.end];
    const from = this.#coefficients >> 1;
    const memory = this.#kernels.i16;
    const { coefficients } = tokens;
    this.#visit(tokens, pass, scales, (base, count, kind, scale) => {
      this.#kernels.call.readCoefficients(this.#coding, this.#coefficients, scale, this.codes + base, count, kind);
      if (words[at + FAILURE] !== 0) this.#fail(decoder);
      // A view for each macroblock would be garbage.
      for (let i = 0; i < count; i++) coefficients[base + i] = memory[from + i]!;
    });
    decoder.resume(words[at + STATE]!, words[at + POSITION]!);
  }

  /**
   * Writes the tokens of one pass.
   *
   * @throws RangeError if a magnitude is above 16383.
   */
  write(encoder: RansEncoder, tokens: FrameTokens, pass: 0 | 1, scales: Scales): void {
    const { i16: memory, i32: words } = this.#kernels;
    const to = this.#coefficients >> 1;
    this.#visit(tokens, pass, scales, (base, count, kind, scale) => {
      memory.set(tokens.coefficients.subarray(base, base + count), to);
      const { call } = this.#kernels;
      const symbols = call.writeCoefficients(this.#coding, this.#coefficients, scale, this.codes + base, count, kind);
      if (words[(this.#coding >> 2) + FAILURE] !== 0) {
        words[(this.#coding >> 2) + FAILURE] = 0;
        throw new RangeError(`a magnitude is outside 0..${MAGNITUDE_LIMIT}`);
      }
      encoder.append(words.subarray(this.#symbols >> 2, (this.#symbols >> 2) + symbols));
    });
  }

  #visit(
    tokens: FrameTokens,
    pass: 0 | 1,
    { scale, index }: Scales,
    visit: (base: number, count: number, kind: 0 | 1 | 2, scale: Pointer) => void,
  ): void {
    if (scale.length === 0) return;
    const scales = this.#scales.take(scale.length);
    this.#kernels.u8.set(scale, scales);
    visitTokens(tokens, pass, this.#available, (at, base, first, count, kind) => {
      const before = this.#codedCount;
      if (before === 0 || this.#coded[before - 1] !== base) this.#coded[this.#codedCount++] = base;
      visit(base + first, count, kind, scales + index[at]! * TOKENS_PER_BLOCK + first);
    });
  }

  #fail(decoder: RansDecoder): never {
    const at = (this.#coding >> 2) + FAILURE;
    const failure = this.#kernels.i32[at]!;
    this.#kernels.i32[at] = 0;
    if (failure === TOO_SHORT) decoder.failAtEnd();
    throw new BitstreamError(
      failure === TOO_LONG_ESCAPE ? 'a magnitude has too long an escape' : `a magnitude exceeds ${MAGNITUDE_LIMIT}`,
      { field: 'magnitude' },
    );
  }
}
