// Reconstruction as FORMAT.md section 10 tells it, one sample at a time, from the twins of the kernels.
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import type { FrameTokens } from '../../../src/codec/transform/frame-tokens.js';
import type { Planes } from '../../../src/codec/planes.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { clip, type Block } from '../../kernels/twins/block.js';
import { averageBlocks, compensate } from '../../kernels/twins/compensation.js';
import { intraBoundary, intraPredict } from '../../kernels/twins/intra.js';
import { accumulateAtoms, addResidual, dequantise } from '../../kernels/twins/transform.js';

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
    const { codedWidth, codedHeight, rows, columns } = tokens.geometry;
    const samples = codedWidth * codedHeight;
    this.planes = { y: new Uint8Array(samples), u: new Uint8Array(samples / 4), v: new Uint8Array(samples / 4) };
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) this.#macroblock(row, column);
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
      if (isIntra) this.#intra(name, 8 * row, 8 * column, 8, modeOf(0));
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

  #intra(name: PlaneName, y: number, x: number, size: number, mode: number): void {
    const scale = name === 'y' ? 8 : 4;
    // A block can be used if it is complete: nothing outside the picture ever is.
    const topRight = this.#done.has(`${y / scale - 1},${(x + size) / scale}`);
    const available = { top: y > 0, left: x > 0, topRight };
    const boundary = intraBoundary(this.#block(name, y, x), size, available);
    const { intra16, intra8 } = this.#pack;
    const length = size * size * (3 * size + 1);
    const matrix = (size === 16 ? intra16 : intra8).subarray(mode * length, (mode + 1) * length);
    this.#write(name, y, x, size, intraPredict(boundary, size, matrix));
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

  #values(tokens: readonly number[], weights: Uint8Array, row: number, column: number): number[] {
    const q = slowQ(this.#header, this.#tokens, row, column);
    const type = this.#tokens.type[row * this.#tokens.geometry.columns + column]!;
    const from = type >= 3 ? 0 : 2;
    const [one, more] = this.#pack.reconstructionOffset.subarray(from, from + 2);
    return tokens.map((token, i) => {
      const step = Math.max(1, Math.floor((this.#pack.step[q]! * weights[i]! + 16) / 32));
      return dequantise(token, step, [one!, more!]);
    });
  }

  #add(name: PlaneName, y: number, x: number, size: number, values: readonly number[], basis: Int16Array): void {
    if (values.every((value) => value === 0)) return;
    const sums = accumulateAtoms(values, basis, size * size);
    this.#write(name, y, x, size, addResidual(sums, this.#block(name, y, x), size));
  }
}
