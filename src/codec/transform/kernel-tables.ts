import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { MACROBLOCK, SUB_BLOCK } from '../macroblock-grid.js';
import { boundarySamples, LARGE_CHROMA_FREQUENCIES, LARGE_LUMA_FREQUENCIES, type PackTables } from './pack-tables.js';
import { LUMA_TOKENS } from './frame-tokens.js';
import { NEIGHBOURS, NO_NEIGHBOUR, TOKEN_KINDS } from './token-contexts.js';

const VECTOR_BYTES = 16;
/** Samples of a row whose weights stand together in an intra mode's matrix. */
const PART_SAMPLES = 4;
/** Weights of atoms are in 1/32. */
const WEIGHT_UNIT = 32;

/** Steps (int32, 1/8 sample) of every atom at one q. */
export interface StepTables {
  readonly luma16: readonly Pointer[];
  readonly luma8: readonly Pointer[];
  /** Intra, inter. */
  readonly chroma: readonly [Pointer, Pointer];
  /** Of large blocks: 256 luma atoms; 64 chroma atoms, intra and inter. */
  readonly largeLuma: Pointer;
  readonly largeChroma: readonly [Pointer, Pointer];
}

/** A separable transform: `matrix` is the address of int16 [keep, size], `scan` of uint8 [keep * keep]. */
export interface SeparableTransform {
  readonly size: number;
  readonly keep: number;
  readonly matrix: Pointer;
  /** Which frequency, `vertical * keep + horizontal`, each token stands for. */
  readonly scan: Pointer;
}

/** Transforms of the blocks of one size. */
export interface LargeTransforms {
  readonly luma: SeparableTransform;
  readonly chroma: SeparableTransform;
}

/** The pack's tables in kernel memory, in the layout that the kernels need. */
export class KernelTables {
  readonly pack: PackTables;
  /** Addresses of int16 [atoms, samples]. */
  readonly basis16: readonly Pointer[];
  readonly basis8: readonly Pointer[];
  readonly basisChroma: readonly [Pointer, Pointer];
  /** Separable transforms of blocks of 32x32 and 64x64, by `FrameTokens.blockSize`. */
  readonly large: readonly (LargeTransforms | null)[];
  /** Addresses of what `intraPredict` reads, by mode. */
  readonly intra16: readonly Pointer[];
  readonly intra8: readonly Pointer[];
  /** Addresses of int16 [4, 8] by filter. */
  readonly interpolation: readonly Pointer[];
  /** int16 [8, 4]. */
  readonly interpolationChroma: Pointer;
  /** uint8 [3][256, 6]. */
  readonly contextNeighbours: readonly Pointer[];
  /** uint8 [3][256, 6]: the tokens whose neighbour each one is. */
  readonly contextDependents: readonly Pointer[];
  readonly contextOfSum: Pointer;
  readonly #kernels: Kernels;
  readonly #steps = new Map<number, StepTables>();

  constructor(kernels: Kernels, pack: PackTables) {
    this.#kernels = kernels;
    this.pack = pack;
    const { basis16, basis8, basisChroma } = pack;
    this.basis16 = storeRows(kernels, basis16.data, basis16.count);
    this.basis8 = storeRows(kernels, basis8.data, basis8.count);
    const bases = storeRows(kernels, basisChroma.data, 2);
    this.basisChroma = [bases[0]!, bases[1]!];
    const lumaScan = kernels.store(zigzag(LARGE_LUMA_FREQUENCIES));
    const chromaScan = kernels.store(zigzag(LARGE_CHROMA_FREQUENCIES));
    const [matrix16, matrix32, matrix64] = [pack.separable16, pack.separable32, pack.separable64].map((matrix) =>
      kernels.store(matrix),
    );
    const luma = { keep: LARGE_LUMA_FREQUENCIES, scan: lumaScan };
    const chroma = { keep: LARGE_CHROMA_FREQUENCIES, scan: chromaScan };
    this.large = [
      null,
      { luma: { ...luma, size: 32, matrix: matrix32! }, chroma: { ...chroma, size: 16, matrix: matrix16! } },
      { luma: { ...luma, size: 64, matrix: matrix64! }, chroma: { ...chroma, size: 32, matrix: matrix32! } },
    ];
    this.intra16 = storeModes(kernels, pack.intra16, MACROBLOCK);
    this.intra8 = storeModes(kernels, pack.intra8, SUB_BLOCK);
    this.interpolation = storeRows(kernels, Int16Array.from(pack.interpolation.data), pack.interpolation.count);
    this.interpolationChroma = kernels.store(Int16Array.from(pack.interpolationChroma));
    this.contextNeighbours = storeRows(kernels, pack.contextNeighbours, TOKEN_KINDS);
    this.contextDependents = storeRows(kernels, dependentsOf(pack.contextNeighbours), TOKEN_KINDS);
    this.contextOfSum = kernels.store(pack.contextOfSum);
  }

  /** Step tables of a q, 0..63. */
  steps(q: number): StepTables {
    // Asked for with every block, so it makes nothing that it does not keep.
    const known = this.#steps.get(q);
    if (known !== undefined) return known;
    const tables = this.#makeSteps(q);
    this.#steps.set(q, tables);
    return tables;
  }

  #makeSteps(q: number): StepTables {
    const { pack } = this;
    const step = pack.step[q]!;
    const scaled = (weights: Uint8Array): Int32Array =>
      Int32Array.from(weights, (weight) => Math.max(1, (step * weight + WEIGHT_UNIT / 2) >> 5));
    const chroma = storeRows(this.#kernels, scaled(pack.weightChroma), 2);
    const largeChroma = (kind: number): Pointer => {
      const { atoms } = pack.basisChroma;
      const weights = new Uint8Array(LARGE_CHROMA_FREQUENCIES ** 2).fill(WEIGHT_UNIT);
      weights.set(pack.weightChroma.subarray(kind * atoms, (kind + 1) * atoms));
      return this.#kernels.store(scaled(weights));
    };
    return {
      luma16: storeRows(this.#kernels, scaled(pack.weight16), pack.basis16.count),
      luma8: storeRows(this.#kernels, scaled(pack.weight8), pack.basis8.count),
      chroma: [chroma[0]!, chroma[1]!],
      largeLuma: this.#kernels.store(scaled(new Uint8Array(LARGE_LUMA_FREQUENCIES ** 2).fill(WEIGHT_UNIT))),
      largeChroma: [largeChroma(0), largeChroma(1)],
    };
  }
}

function storeRows(kernels: Kernels, values: Uint8Array | Int16Array | Int32Array, count: number): Pointer[] {
  const length = values.length / count;
  return Array.from({ length: count }, (_, row) => kernels.store(values.slice(row * length, (row + 1) * length)));
}

/** Stores the matrices of intra modes for blocks of `size` x `size`. */
function storeModes(kernels: Kernels, matrices: Int8Array, size: number): Pointer[] {
  const length = size * size * boundarySamples(size);
  return Array.from({ length: matrices.length / length }, (_, mode) =>
    kernels.store(packMatrix(matrices.subarray(mode * length, (mode + 1) * length), size)),
  );
}

/**
 * Packs the matrix of an intra mode as the kernel `intraPredict` reads it: without the parts that are zero, which are most
 * of a direction's.
 *
 * @param matrix int8 [size * size, 3 * size + 1].
 */
export function packMatrix(matrix: Int8Array, size: number): Uint8Array {
  const columns = boundarySamples(size);
  const counts: number[] = [];
  const pairs: number[] = [];
  const weights: number[] = [];
  for (let row = 0; row < size * size; row += PART_SAMPLES) {
    const before = pairs.length;
    for (let column = 0; column < columns; column += 2) {
      const first = row * columns + column;
      const end = Math.min(2, columns - column);
      let isEmpty = true;
      for (let sample = 0; sample < PART_SAMPLES; sample++) {
        for (let i = 0; i < end; i++) if (matrix[first + sample * columns + i] !== 0) isEmpty = false;
      }
      if (isEmpty) continue;
      pairs.push(column / 2);
      for (let sample = 0; sample < PART_SAMPLES; sample++) {
        const at = first + sample * columns;
        weights.push(matrix[at]!, end === 2 ? matrix[at + 1]! : 0);
      }
    }
    counts.push(pairs.length - before);
  }
  const distance = Math.ceil((4 + counts.length + pairs.length) / VECTOR_BYTES) * VECTOR_BYTES;
  const packed = new Uint8Array(distance + 2 * weights.length);
  new Int32Array(packed.buffer, 0, 1)[0] = distance;
  packed.set([...counts, ...pairs], 4);
  new Int16Array(packed.buffer, distance).set(weights);
  return packed;
}

/**
 * Inverts lists of neighbours, uint8 [kinds, 256, 6]: the tokens in whose list each one stands, in their order, at most six.
 * The first token has no neighbours, so 0 means none.
 */
export function dependentsOf(neighbours: Uint8Array): Uint8Array {
  const dependents = new Uint8Array(neighbours.length);
  const counts = new Uint8Array(neighbours.length / NEIGHBOURS);
  neighbours.forEach((neighbour, index) => {
    if (neighbour === NO_NEIGHBOUR) return;
    const token = Math.floor(index / NEIGHBOURS);
    const place = token - (token % LUMA_TOKENS) + neighbour;
    if (counts[place]! < NEIGHBOURS) dependents[place * NEIGHBOURS + counts[place]!++] = token % LUMA_TOKENS;
  });
  return dependents;
}

/** Frequencies of `size` x `size` by diagonals, turning at each end: `vertical * size + horizontal` of each. */
export function zigzag(size: number): Uint8Array {
  const cells = Array.from({ length: size * size }, (_, at) => ({ u: Math.floor(at / size), v: at % size }));
  cells.sort((a, b) => {
    const diagonal = a.u + a.v;
    if (diagonal !== b.u + b.v) return diagonal - b.u - b.v;
    return diagonal % 2 === 1 ? a.u - b.u : a.v - b.v;
  });
  return Uint8Array.from(cells, ({ u, v }) => u * size + v);
}
