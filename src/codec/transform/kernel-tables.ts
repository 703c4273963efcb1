import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { MACROBLOCK, SUB_BLOCK } from '../macroblock-grid.js';
import { boundarySamples, type PackTables } from './pack-tables.js';
import { TOKEN_KINDS } from './token-contexts.js';

/** int16 values of a SIMD vector. */
const VECTOR = 8;

/** Steps (int32, 1/8 sample) of every atom at one q. */
export interface StepTables {
  readonly luma16: readonly Pointer[];
  readonly luma8: readonly Pointer[];
  /** Intra, inter. */
  readonly chroma: readonly [Pointer, Pointer];
}

/** The pack's tables in kernel memory, in the layout that the kernels need. */
export class KernelTables {
  readonly pack: PackTables;
  /** Addresses of int16 [atoms, samples]. */
  readonly basis16: readonly Pointer[];
  readonly basis8: readonly Pointer[];
  readonly basisChroma: readonly [Pointer, Pointer];
  /** Addresses of padded int16 matrices by mode. */
  readonly intra16: readonly Pointer[];
  readonly intra8: readonly Pointer[];
  /** Addresses of int16 [4, 8] by filter. */
  readonly interpolation: readonly Pointer[];
  /** int16 [8, 4]. */
  readonly interpolationChroma: Pointer;
  /** uint8 [3][256, 6]. */
  readonly contextNeighbours: readonly Pointer[];
  readonly contextOfSum: Pointer;
  readonly #kernels: Kernels;
  readonly #steps = new Map<number, StepTables>();

  constructor(kernels: Kernels, pack: PackTables) {
    this.#kernels = kernels;
    this.pack = pack;
    const { basis16, basis8, basisChroma } = pack;
    this.basis16 = storeRows(kernels, basis16.data, basis16.count);
    this.basis8 = storeRows(kernels, basis8.data, basis8.count);
    const chroma = storeRows(kernels, basisChroma.data, 2);
    this.basisChroma = [chroma[0]!, chroma[1]!];
    this.intra16 = storeRows(kernels, padColumns(pack.intra16, boundarySamples(MACROBLOCK)), pack.intraModes);
    this.intra8 = storeRows(kernels, padColumns(pack.intra8, boundarySamples(SUB_BLOCK)), pack.intraModes);
    this.interpolation = storeRows(kernels, Int16Array.from(pack.interpolation.data), pack.interpolation.count);
    this.interpolationChroma = kernels.store(Int16Array.from(pack.interpolationChroma));
    this.contextNeighbours = storeRows(kernels, pack.contextNeighbours, TOKEN_KINDS);
    this.contextOfSum = kernels.store(pack.contextOfSum);
  }

  /** Step tables of a q, 0..63. */
  steps(q: number): StepTables {
    const known = this.#steps.get(q);
    if (known !== undefined) return known;
    const { pack } = this;
    const step = pack.step[q]!;
    const scaled = (weights: Uint8Array): Int32Array =>
      Int32Array.from(weights, (weight) => Math.max(1, (step * weight + 16) >> 5));
    const chroma = storeRows(this.#kernels, scaled(pack.weightChroma), 2);
    const tables: StepTables = {
      luma16: storeRows(this.#kernels, scaled(pack.weight16), pack.basis16.count),
      luma8: storeRows(this.#kernels, scaled(pack.weight8), pack.basis8.count),
      chroma: [chroma[0]!, chroma[1]!],
    };
    this.#steps.set(q, tables);
    return tables;
  }
}

function storeRows(kernels: Kernels, values: Uint8Array | Int16Array | Int32Array, count: number): Pointer[] {
  const length = values.length / count;
  return Array.from({ length: count }, (_, row) => kernels.store(values.slice(row * length, (row + 1) * length)));
}

/** Fills rows up with zeros to whole SIMD vectors, as `intraPredict` reads them. */
function padColumns(matrix: Int8Array, columns: number): Int16Array {
  const padded = Math.ceil(columns / VECTOR) * VECTOR;
  const rows = matrix.length / columns;
  const result = new Int16Array(rows * padded);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[row * padded + column] = matrix[row * columns + column]!;
    }
  }
  return result;
}
