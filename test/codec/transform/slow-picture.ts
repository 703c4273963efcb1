// Reconstruction as FORMAT.md section 10 tells it, one sample at a time, from the twins of the kernels.
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import type { FrameTokens } from '../../../src/codec/transform/frame-tokens.js';
import type { Planes } from '../../../src/codec/planes.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { clip, type Block } from '../../kernels/twins/block.js';
import { averageBlocks, compensate } from '../../kernels/twins/compensation.js';
import {
  enlargePrediction,
  intraBoundary,
  intraPredict,
  predictFromLuma,
  shrinkBoundary,
} from '../../kernels/twins/intra.js';
import { dequantiseSeparable, inverseSeparable, zigzag } from '../../kernels/twins/separable-transform.js';
import { accumulateAtoms, addResidual, dequantise } from '../../kernels/twins/transform.js';
import { codingOrder, isFirstMacroblock } from './slow-order.js';

const NAMES = ['y', 'u', 'v'] as const;
type PlaneName = (typeof NAMES)[number];

/** q of the macroblock in `row`, `column`. */
export function slowQ(header: FrameHeader, tokens: FrameTokens, row: number, column: number): number {
  const regionColumns = Math.ceil(tokens.geometry.codedWidth / 64);
  return clip(header.q + tokens.qOffset[Math.floor(row / 4) * regionColumns + Math.floor(column / 4)]!, 0, 63);
}

/** The picture before the loop filter. */
export class SlowPicture {
  readonly planes: Planes;
  readonly #pack: PackTables;
  readonly #header: FrameHeader;
  readonly #tokens: FrameTokens;
  readonly #references: readonly (Planes | null)[];
  /** Luma 8x8 sub-blocks that are complete, by `row,column` on their grid. */
  readonly #done = new Set<string>();

  constructor(pack: PackTables, header: FrameHeader, tokens: FrameTokens, references: readonly (Planes | null)[]) {
    this.#pack = pack;
    this.#header = header;
    this.#tokens = tokens;
    this.#references = references;
    const { codedWidth, codedHeight, columns } = tokens.geometry;
    const samples = codedWidth * codedHeight;
    this.planes = { y: new Uint8Array(samples), u: new Uint8Array(samples / 4), v: new Uint8Array(samples / 4) };
    for (const [y, x] of codingOrder(tokens.geometry)) {
      const at = (y >> 1) * columns + (x >> 1);
      if (y % 2 === 1 || x % 2 === 1 || !isFirstMacroblock(tokens, at)) continue;
      const size = tokens.blockSize[at]!;
      if (size === 0) this.#macroblock(y >> 1, x >> 1);
      else this.#large(y >> 1, x >> 1, size);
    }
  }

  /** A block of 32x32 or 64x64. */
  #large(row: number, column: number, size: number): void {
    const tokens = this.#tokens;
    const { columns } = tokens.geometry;
    const at = row * columns + column;
    const isIntra = tokens.type[at] === 3;
    const width = 2 * 2 ** size;
    const [top, left] = [2 * row, 2 * column];
    for (let y = top; !isIntra && y < top + width; y++) {
      for (let x = left; x < left + width; x++) this.#inter(8 * y, 8 * x, top * 2 * columns + left);
    }
    for (const [p, name] of NAMES.entries()) {
      const unit = name === 'y' ? 8 : 4;
      const samples = unit * width;
      if (isIntra && p > 0 && tokens.chromaFromLuma[at] === 1) this.#fromLuma(name, unit * top, unit * left, samples);
      else if (isIntra)
        this.#intra(name, unit * top, unit * left, samples, tokens.intraMode[top * 2 * columns + left]!, true);
      const levels = Array.from({ length: unit === 8 ? 256 : 64 }, (_, i) => {
        return tokens.coefficients[384 * at + (p === 0 ? i : 256 + 2 * i + p - 1)]!;
      });
      this.#residualLarge(name, unit * top, unit * left, samples, levels, row, column, isIntra);
    }
    for (let y = top; y < top + width; y++) for (let x = left; x < left + width; x++) this.#done.add(`${y},${x}`);
  }

  #residualLarge(
    name: PlaneName,
    y: number,
    x: number,
    size: number,
    levels: readonly number[],
    row: number,
    column: number,
    isIntra: boolean,
  ): void {
    const { separable16, separable32, separable64, weightChroma, basisChroma } = this.#pack;
    const weights = new Uint8Array(levels.length).fill(32);
    const from = isIntra ? 0 : basisChroma.atoms;
    if (name !== 'y') weights.set(weightChroma.subarray(from, from + basisChroma.atoms));
    const values = new Int32Array(levels.length);
    const order = zigzag(name === 'y' ? 16 : 8);
    const dequantiseOne: typeof dequantise = (...given) => dequantiseSeparable(...given, size);
    this.#values(levels, weights, row, column, dequantiseOne).forEach((value, i) => (values[order[i]!] = value));
    const matrix = { 16: separable16, 32: separable32, 64: separable64 }[size]!;
    const stride = this.#stride(name);
    inverseSeparable(values, matrix, size).forEach((residual, i) => {
      const to = (y + Math.floor(i / size)) * stride + x + (i % size);
      this.planes[name][to] = clip(this.planes[name][to]! + residual, 0, 255);
    });
  }

  #macroblock(row: number, column: number): void {
    const tokens = this.#tokens;
    const at = row * tokens.geometry.columns + column;
    const [type, transform] = [tokens.type[at]!, tokens.transform[at]!];
    const pack = this.#pack;
    const isIntra = type === 3 || type === 4;
    const modeOf = (sub: number): number => tokens.intraMode[this.#sub(row, column, sub)]!;
    const basis = tokens.basis[at]!;

    for (let sub = 0; sub < 4; sub++) {
      const y = 16 * row + 8 * Math.floor(sub / 2);
      const x = 16 * column + 8 * (sub % 2);
      if (type === 3 && sub === 0) this.#intra('y', 16 * row, 16 * column, 16, modeOf(0));
      if (type === 4) this.#intra('y', y, x, 8, modeOf(sub));
      if (!isIntra) this.#inter(y, x, this.#sub(row, column, sub));
      if (type === 4) {
        this.#residual8(at, sub, y, x, row, column, pack.intraBasis8[modeOf(sub)]!);
        this.#done.add(`${y / 8},${x / 8}`);
      }
    }
    if (type !== 4 && transform === 0) {
      const index = isIntra ? pack.intraBasis16[modeOf(0)]! : pack.interBasis16[basis]!;
      this.#residual16(at, row, column, index);
    } else if (type !== 4) {
      const index = isIntra ? pack.intraBasis8[modeOf(0)]! : pack.interBasis8[basis]!;
      for (let sub = 0; sub < 4; sub++) {
        const y = 16 * row + 8 * Math.floor(sub / 2);
        this.#residual8(at, sub, y, 16 * column + 8 * (sub % 2), row, column, index);
      }
    }
    for (const [p, name] of (['u', 'v'] as const).entries()) {
      if (tokens.chromaFromLuma[at] === 1) this.#fromLuma(name, 8 * row, 8 * column, 8);
      else if (isIntra) this.#intra(name, 8 * row, 8 * column, 8, modeOf(0));
      this.#residualChroma(at, p, name, row, column, isIntra ? 0 : 1);
    }
    for (let sub = 0; sub < 4; sub++) this.#done.add(`${2 * row + Math.floor(sub / 2)},${2 * column + (sub % 2)}`);
  }

  #sub(row: number, column: number, sub: number): number {
    return (2 * row + Math.floor(sub / 2)) * 2 * this.#tokens.geometry.columns + 2 * column + (sub % 2);
  }

  #stride(name: PlaneName): number {
    const { codedWidth } = this.#tokens.geometry;
    return name === 'y' ? codedWidth : codedWidth / 2;
  }

  #block(name: PlaneName, y: number, x: number): Block {
    const stride = this.#stride(name);
    return { data: this.planes[name], at: y * stride + x, stride };
  }

  #write(name: PlaneName, y: number, x: number, size: number, samples: Uint8Array): void {
    for (let row = 0; row < size; row++) {
      this.planes[name].set(samples.subarray(row * size, (row + 1) * size), (y + row) * this.#stride(name) + x);
    }
  }

  #intra(name: PlaneName, y: number, x: number, size: number, mode: number, isLarge = false): void {
    const scale = name === 'y' ? 8 : 4;
    // Blocks can be used if they are complete: nothing outside the picture ever is.
    const aboveRight = Array.from({ length: size / scale }, (_, i) => `${y / scale - 1},${(x + size) / scale + i}`);
    const topRight = aboveRight.every((place) => this.#done.has(place));
    const available = { top: y > 0, left: x > 0, topRight };
    const boundary = intraBoundary(this.#block(name, y, x), size, available);
    const { intra16, intra8 } = this.#pack;
    const [all, own] = isLarge || size === 16 ? [intra16, 16] : [intra8, 8];
    const length = own * own * (3 * own + 1);
    const matrix = all.subarray(mode * length, (mode + 1) * length);
    if (size > 16) {
      const small = intraPredict(shrinkBoundary(boundary, size / 16), 16, matrix);
      this.#write(name, y, x, size, enlargePrediction(small, boundary, size / 16));
    } else {
      this.#write(name, y, x, size, intraPredict(boundary, size, matrix));
    }
  }

  #fromLuma(name: PlaneName, y: number, x: number, size: number): void {
    const luma = this.#block('y', 2 * y, 2 * x);
    const available = { top: y > 0, left: x > 0 };
    this.#write(name, y, x, size, predictFromLuma(luma, luma, this.#block(name, y, x), size, available));
  }

  /** One luma 8x8 sub-block and the chroma 4x4 blocks of it: larger partitions move all of theirs alike. */
  #inter(y: number, x: number, sub: number): void {
    const { referenceIndex: reference, motion } = this.#tokens;
    for (const name of NAMES) {
      const [half, size] = name === 'y' ? [1, 8] : [2, 4];
      const moved = [0, 1].flatMap((slot) =>
        reference[sub] === slot || reference[sub] === 2
          ? [
              this.#moved(
                name,
                y / half,
                x / half,
                size,
                slot,
                motion[4 * sub + 2 * slot]!,
                motion[4 * sub + 2 * slot + 1]!,
              ),
            ]
          : [],
      );
      const [a, b] = moved.map((data) => ({ data, at: 0, stride: size }));
      this.#write(name, y / half, x / half, size, b === undefined ? moved[0]! : averageBlocks(a!, b, size, size));
    }
  }

  #moved(name: PlaneName, y: number, x: number, size: number, slot: number, mvx: number, mvy: number): Uint8Array {
    const planes = this.#references[slot];
    if (planes === null || planes === undefined) throw new Error(`reference${slot} is missing`);
    const plane = planes[name];
    const width = this.#stride(name);
    const height = plane.length / width;
    const [phases, count] = name === 'y' ? [4, 8] : [8, 4];
    const before = count / 2 - 1;
    const top = y + Math.floor(mvy / phases) - before;
    const left = x + Math.floor(mvx / phases) - before;
    const side = size + count;
    const data = Uint8Array.from({ length: side * side }, (_, i) => {
      const row = clip(top + Math.floor(i / side), 0, height - 1);
      return plane[row * width + clip(left + (i % side), 0, width - 1)]!;
    });
    const { interpolation, interpolationChroma } = this.#pack;
    const from = 32 * this.#header.variant;
    const table = name === 'y' ? interpolation.data.subarray(from, from + 32) : interpolationChroma;
    const taps = Array.from({ length: phases }, (_, phase) => [...table.subarray(phase * count, (phase + 1) * count)]);
    const block = { data, at: before * side + before, stride: side };
    return compensate(block, size, size, taps, mvx & (phases - 1), mvy & (phases - 1));
  }

  #residual16(at: number, row: number, column: number, basis: number): void {
    const { atoms, data } = this.#pack.basis16;
    const tokens = Array.from({ length: atoms }, (_, i) => this.#tokens.coefficients[384 * at + i]!);
    const values = this.#values(tokens, this.#pack.weight16.subarray(basis * atoms), row, column);
    this.#add('y', 16 * row, 16 * column, 16, values, data.subarray(basis * atoms * 256, (basis + 1) * atoms * 256));
  }

  #residual8(at: number, sub: number, y: number, x: number, row: number, column: number, basis: number): void {
    const { atoms, data } = this.#pack.basis8;
    const tokens = Array.from({ length: atoms }, (_, k) => this.#tokens.coefficients[384 * at + 4 * k + sub]!);
    const values = this.#values(tokens, this.#pack.weight8.subarray(basis * atoms), row, column);
    this.#add('y', y, x, 8, values, data.subarray(basis * atoms * 64, (basis + 1) * atoms * 64));
  }

  #residualChroma(at: number, p: number, name: PlaneName, row: number, column: number, basis: number): void {
    const { atoms, data } = this.#pack.basisChroma;
    const tokens = Array.from({ length: atoms }, (_, k) => this.#tokens.coefficients[384 * at + 256 + 2 * k + p]!);
    const values = this.#values(tokens, this.#pack.weightChroma.subarray(basis * atoms), row, column);
    this.#add(name, 8 * row, 8 * column, 8, values, data.subarray(basis * atoms * 64, (basis + 1) * atoms * 64));
  }

  #values(
    tokens: readonly number[],
    weights: Uint8Array,
    row: number,
    column: number,
    dequantiseOne = dequantise,
  ): number[] {
    const q = slowQ(this.#header, this.#tokens, row, column);
    const type = this.#tokens.type[row * this.#tokens.geometry.columns + column]!;
    const from = type >= 3 ? 0 : 2;
    const [one, more] = this.#pack.reconstructionOffset.subarray(from, from + 2);
    return tokens.map((token, i) => {
      const step = Math.max(1, Math.floor((this.#pack.step[q]! * weights[i]! + 16) / 32));
      return dequantiseOne(token, step, [one!, more!]);
    });
  }

  #add(name: PlaneName, y: number, x: number, size: number, values: readonly number[], basis: Int16Array): void {
    if (values.every((value) => value === 0)) return;
    const sums = accumulateAtoms(values, basis, size * size);
    this.#write(name, y, x, size, addResidual(sums, this.#block(name, y, x), size));
  }
}
