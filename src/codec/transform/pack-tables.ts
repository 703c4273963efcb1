import {
  CHROMA_BLOCK,
  CHROMA_BLOCK_SAMPLES,
  MACROBLOCK,
  MACROBLOCK_SAMPLES,
  SUB_BLOCK,
  SUB_BLOCK_SAMPLES,
} from '../macroblock-grid.js';
import { CHROMA_LIMIT, LUMA_LIMIT, LUMA_TOKENS, Q_LIMIT, Q_OFFSET_LIMIT } from './frame-tokens.js';
import {
  CHROMA_FROM_LUMA_CONTEXTS,
  CHROMA_GROUPS_CONTEXTS,
  LUMA_GROUPS_CONTEXTS,
  MOTION_CONTEXTS,
  MOTION_KINDS,
  REFERENCE_CONTEXTS,
  SKIP_KINDS,
  SPLIT_CONTEXTS,
  TRANSFORM_CONTEXTS,
  TYPE_CONTEXTS,
  TYPE_KEY_CONTEXTS,
  TYPE_LARGE_CONTEXTS,
} from './mode-contexts.js';
import {
  CONTEXTS,
  MAGNITUDES,
  NEAR_SIZES,
  NEIGHBOUR_LIMIT,
  NEIGHBOURS,
  NO_NEIGHBOUR,
  PARTS,
  SCALES,
  TOKEN_KINDS,
} from './token-contexts.js';
import { CANDIDATES, MOTION_CLASS_CONTEXTS, MOTION_CLASSES, NEW_MOTION } from './motion.js';
import type { ModelPack } from '../../model/pack.js';
import { requireFamily } from '../../model/families.js';
import { Q_OFFSET_CONTEXTS } from './region-quality.js';
import { TableReader } from '../../model/table-reader.js';

const MAX_INTRA_MODES = 32;
const INTRA_CLASSES = 16;
const MAX_INTERPOLATIONS = 4;
const MAX_BASES = 32;
const MAX_BASIS_CHOICES = 4;
/** With the largest weight and magnitude, dequantisation still fits into 31 bits: `(16384 * 255 >> 5) * 16383`. */
const MAX_STEP = 16384;
/** Largest sum of the magnitudes of a row of taps: results before rounding then fit 16 bits. */
const MAX_TAP_SUM = 128;
/** Sum of a row of taps, which are in 1/64. */
const TAP_UNIT = 64;

/** The number of positions between two luma samples (quarter samples), and the number of taps of each. */
export const LUMA_PHASES = 4;
export const LUMA_TAPS = 8;
/** The same for chroma, which has half the resolution. */
export const CHROMA_PHASES = 2 * LUMA_PHASES;
export const CHROMA_TAPS = 4;

/** Frequencies per direction that the transforms of 32x32 and 64x64 blocks keep, of luma and of each chroma plane. */
export const LARGE_LUMA_FREQUENCIES = MACROBLOCK;
export const LARGE_CHROMA_FREQUENCIES = CHROMA_BLOCK;

/** Samples around a block of `size` x `size` that intra prediction sees: the corner, 2 size above, size on the left. */
export function boundarySamples(size: number): number {
  return 3 * size + 1;
}

/** Names of the tables of mode symbols (docs/FORMAT.md section 8). */
export type ModeTableName =
  | 'qOffset'
  | 'split'
  | 'typeLarge'
  | 'filtered'
  | 'type'
  | 'typeKey'
  | 'intraMode16'
  | 'intraMode8'
  | 'chromaFromLuma'
  | 'lumaGroups'
  | 'transform'
  | 'basis16'
  | 'basis8'
  | 'chromaGroups'
  | 'motionSkip'
  | 'motion'
  | 'reference'
  | 'motionClass';

/** First frequencies of one mode symbol: `data` is [contexts, symbols], each row sums to 32768. */
export interface ModeTable {
  readonly contexts: number;
  readonly symbols: number;
  readonly data: Uint16Array<ArrayBuffer>;
}

/** Transform bases: `data` is int16 [count, atoms, samples], orthonormal times 2^15. */
export interface BasisTable {
  readonly count: number;
  readonly atoms: number;
  readonly data: Int16Array<ArrayBuffer>;
}

/** The tables of a pack, checked and typed; names, shapes and units are those of docs/FORMAT.md section 6. */
export interface PackTables {
  /** int32 [64], 1/8 of a sample. */
  readonly step: Int32Array<ArrayBuffer>;
  readonly basis16: BasisTable;
  readonly basis8: BasisTable;
  /** Count 2: intra, inter. */
  readonly basisChroma: BasisTable;
  /** int16 [8, 16], [16, 32], [16, 64]: the lowest frequencies of separable transforms, orthonormal times 2^15. */
  readonly separable16: Int16Array<ArrayBuffer>;
  readonly separable32: Int16Array<ArrayBuffer>;
  readonly separable64: Int16Array<ArrayBuffer>;
  /** uint8 [bases, atoms], 1/32. */
  readonly weight16: Uint8Array<ArrayBuffer>;
  readonly weight8: Uint8Array<ArrayBuffer>;
  readonly weightChroma: Uint8Array<ArrayBuffer>;
  /** uint8 [intra or inter][magnitude 1, 2 and more], 1/256 step. */
  readonly reconstructionOffset: Uint8Array<ArrayBuffer>;
  readonly intraModes: number;
  /** int8 [intraModes, 256, 49], 1/64. */
  readonly intra16: Int8Array<ArrayBuffer>;
  /** int8 [intraModes, 64, 25], 1/64. */
  readonly intra8: Int8Array<ArrayBuffer>;
  /** uint8 [intraModes], 0..15: modes of similar direction are of one class. */
  readonly intraClass: Uint8Array<ArrayBuffer>;
  /** uint8 [intraModes], index of a basis. */
  readonly intraBasis16: Uint8Array<ArrayBuffer>;
  readonly intraBasis8: Uint8Array<ArrayBuffer>;
  /** uint8 [1..4], index of a basis. */
  readonly interBasis16: Uint8Array<ArrayBuffer>;
  readonly interBasis8: Uint8Array<ArrayBuffer>;
  /** int8 [count, 4, 8], 1/64. */
  readonly interpolation: { readonly count: number; readonly data: Int8Array<ArrayBuffer> };
  /** int8 [8, 4], 1/64. */
  readonly interpolationChroma: Int8Array<ArrayBuffer>;
  /** uint8 [3, 256, 6]. */
  readonly contextNeighbours: Uint8Array<ArrayBuffer>;
  /** uint8 [19], 0..7. */
  readonly contextOfSum: Uint8Array<ArrayBuffer>;
  /** uint16 [3, 32, 8, 16], rows sum to 32768. */
  readonly coefficientTables: Uint16Array<ArrayBuffer>;
  /** uint16 [3, 32, 7, 5, 16], rows sum to 32768. */
  readonly nearTables: Uint16Array<ArrayBuffer>;
  readonly modeTables: Readonly<Record<ModeTableName, ModeTable>>;
}

/**
 * Checks every table of a pack against docs/FORMAT.md section 6: type, shape, and everything that the decoder does not
 * check again (indices, sums, ranges).
 *
 * @throws ModelError that names the table and its error.
 */
export function readPackTables(pack: Pick<ModelPack, 'name' | 'family' | 'tables'>): PackTables {
  requireFamily(pack, 'transform');
  const reader = new TableReader(pack.name, pack.tables);

  const step = reader.read('step', 'I32', [Q_LIMIT + 1]).data;
  reader.requireRange('step', step, 1, MAX_STEP);

  const basis16 = readBasis(reader, 'basis16', undefined, MACROBLOCK_SAMPLES);
  if (!LUMA_LIMIT.includes(basis16.atoms)) {
    reader.fail('basis16', `${basis16.atoms} atoms are none of the luma limits ${LUMA_LIMIT.slice(1).join(', ')}`);
  }
  const basis8 = readBasis(reader, 'basis8', undefined, SUB_BLOCK_SAMPLES);
  const basisChroma = readBasis(reader, 'basisChroma', 2, CHROMA_BLOCK_SAMPLES);

  const intra16 = reader.read('intra16', 'I8', [undefined, MACROBLOCK_SAMPLES, boundarySamples(MACROBLOCK)]);
  const intraModes = intra16.shape[0]!;
  if (intraModes < 1 || intraModes > MAX_INTRA_MODES) {
    reader.fail('intra16', `${intraModes} modes, allowed are 1..${MAX_INTRA_MODES}`);
  }

  const interpolation = reader.read('interpolation', 'I8', [undefined, LUMA_PHASES, LUMA_TAPS]);
  const filters = interpolation.shape[0]!;
  if (filters < 1 || filters > MAX_INTERPOLATIONS) {
    reader.fail('interpolation', `${filters} filters, allowed are 1..${MAX_INTERPOLATIONS}`);
  }
  requireTaps(reader, 'interpolation', interpolation.data, LUMA_PHASES, LUMA_TAPS);
  const interpolationChroma = reader.read('interpolationChroma', 'I8', [CHROMA_PHASES, CHROMA_TAPS]).data;
  requireTaps(reader, 'interpolationChroma', interpolationChroma, CHROMA_PHASES, CHROMA_TAPS);

  const contextOfSum = reader.read('contextOfSum', 'U8', [NEIGHBOURS * NEIGHBOUR_LIMIT + 1]).data;
  reader.requireRange('contextOfSum', contextOfSum, 0, CONTEXTS - 1);

  return {
    step,
    basis16,
    basis8,
    basisChroma,
    separable16: reader.read('separable16', 'I16', [LARGE_CHROMA_FREQUENCIES, 16]).data,
    separable32: reader.read('separable32', 'I16', [LARGE_LUMA_FREQUENCIES, 32]).data,
    separable64: reader.read('separable64', 'I16', [LARGE_LUMA_FREQUENCIES, 64]).data,
    weight16: readWeights(reader, 'weight16', basis16),
    weight8: readWeights(reader, 'weight8', basis8),
    weightChroma: readWeights(reader, 'weightChroma', basisChroma),
    reconstructionOffset: reader.read('reconstructionOffset', 'U8', [2, 2]).data,
    intraModes,
    intra16: intra16.data,
    intra8: reader.read('intra8', 'I8', [intraModes, SUB_BLOCK_SAMPLES, boundarySamples(SUB_BLOCK)]).data,
    intraClass: readIntraClasses(reader, intraModes),
    intraBasis16: readBasisIndices(reader, 'intraBasis16', intraModes, basis16),
    intraBasis8: readBasisIndices(reader, 'intraBasis8', intraModes, basis8),
    interBasis16: readBasisIndices(reader, 'interBasis16', undefined, basis16),
    interBasis8: readBasisIndices(reader, 'interBasis8', undefined, basis8),
    interpolation: { count: filters, data: interpolation.data },
    interpolationChroma,
    contextNeighbours: readNeighbours(reader),
    contextOfSum,
    coefficientTables: reader.readFrequencies('coefficientTables', [TOKEN_KINDS, SCALES, CONTEXTS, MAGNITUDES]),
    nearTables: reader.readFrequencies('nearTables', [TOKEN_KINDS, SCALES, NEAR_SIZES, PARTS, MAGNITUDES]),
    modeTables: readModeTables(reader, intraModes),
  };
}

function readBasis(reader: TableReader, name: string, count: number | undefined, samples: number): BasisTable {
  const { shape, data } = reader.read(name, 'I16', [count, undefined, samples]);
  const [bases, atoms] = [shape[0]!, shape[1]!];
  if (bases < 1 || bases > MAX_BASES) reader.fail(name, `${bases} bases, allowed are 1..${MAX_BASES}`);
  if (atoms < 1 || atoms > samples) reader.fail(name, `${atoms} atoms, allowed are 1..${samples}`);
  return { count: bases, atoms, data };
}

function readIntraClasses(reader: TableReader, modes: number): Uint8Array<ArrayBuffer> {
  const { data } = reader.read('intraClass', 'U8', [modes]);
  reader.requireRange('intraClass', data, 0, INTRA_CLASSES - 1);
  return data;
}

function readWeights(reader: TableReader, name: string, basis: BasisTable): Uint8Array<ArrayBuffer> {
  return reader.read(name, 'U8', [basis.count, basis.atoms]).data;
}

function readBasisIndices(
  reader: TableReader,
  name: string,
  length: number | undefined,
  basis: BasisTable,
): Uint8Array<ArrayBuffer> {
  const { data } = reader.read(name, 'U8', [length]);
  if (length === undefined && (data.length < 1 || data.length > MAX_BASIS_CHOICES)) {
    reader.fail(name, `${data.length} choices, allowed are 1..${MAX_BASIS_CHOICES}`);
  }
  reader.requireRange(name, data, 0, basis.count - 1);
  return data;
}

/** Checks that interpolation keeps brightness, its sums fit into 16 bits, and phase 0 is the sample itself. */
function requireTaps(
  reader: TableReader,
  name: string,
  data: Int8Array<ArrayBuffer>,
  phases: number,
  taps: number,
): void {
  reader.requireRowSums(name, data, taps, TAP_UNIT);
  for (let row = 0; row < data.length / taps; row++) {
    const line = data.subarray(row * taps, (row + 1) * taps);
    const magnitudes = line.reduce((sum, tap) => sum + Math.abs(tap), 0);
    if (magnitudes > MAX_TAP_SUM) {
      reader.fail(name, `magnitudes of row ${row} sum to ${magnitudes}, at most ${MAX_TAP_SUM} are allowed`);
    }
    const isIdentity = magnitudes === TAP_UNIT && line[taps / 2 - 1] === TAP_UNIT;
    if (row % phases === 0 && !isIdentity) reader.fail(name, `row ${row} (phase 0) changes the sample`);
  }
}

/** Checks that the context of a token uses only tokens that are decoded before it. */
function readNeighbours(reader: TableReader): Uint8Array<ArrayBuffer> {
  const { data } = reader.read('contextNeighbours', 'U8', [TOKEN_KINDS, LUMA_TOKENS, NEIGHBOURS]);
  for (const [at, neighbour] of data.entries()) {
    const token = Math.floor(at / NEIGHBOURS) % LUMA_TOKENS;
    if (neighbour !== NO_NEIGHBOUR && neighbour >= token) {
      reader.fail('contextNeighbours', `neighbour ${neighbour} of token ${token} is not before it`);
    }
  }
  return data;
}

function readModeTables(reader: TableReader, intraModes: number): Readonly<Record<ModeTableName, ModeTable>> {
  const neighbourModes = intraModes + 1;
  const read = (name: ModeTableName, contexts: number, symbols: number): ModeTable => ({
    contexts,
    symbols,
    data: reader.readFrequencies(`modeTables.${name}`, [contexts, symbols]),
  });
  const motionContexts = sum(MOTION_CONTEXTS);
  return {
    qOffset: read('qOffset', Q_OFFSET_CONTEXTS, 2 * Q_OFFSET_LIMIT + 1),
    filtered: read('filtered', 3, 2),
    split: read('split', sum(SPLIT_CONTEXTS), 2),
    typeLarge: read('typeLarge', sum(TYPE_LARGE_CONTEXTS), 3),
    type: read('type', sum(TYPE_CONTEXTS), 5),
    typeKey: read('typeKey', sum(TYPE_KEY_CONTEXTS), 2),
    intraMode16: read('intraMode16', 2 * neighbourModes, intraModes),
    intraMode8: read('intraMode8', neighbourModes ** 2 + neighbourModes, intraModes),
    chromaFromLuma: read('chromaFromLuma', CHROMA_FROM_LUMA_CONTEXTS, 2),
    lumaGroups: read('lumaGroups', sum(LUMA_GROUPS_CONTEXTS), LUMA_LIMIT.length),
    transform: read('transform', sum(TRANSFORM_CONTEXTS), 2),
    basis16: read('basis16', 1, MAX_BASIS_CHOICES),
    basis8: read('basis8', 1, MAX_BASIS_CHOICES),
    chromaGroups: read('chromaGroups', sum(CHROMA_GROUPS_CONTEXTS), CHROMA_LIMIT.length),
    motionSkip: read('motionSkip', SKIP_KINDS * motionContexts, CANDIDATES),
    motion: read('motion', MOTION_KINDS * motionContexts, NEW_MOTION + 1),
    reference: read('reference', sum(REFERENCE_CONTEXTS), 3),
    motionClass: read('motionClass', sum(MOTION_CLASS_CONTEXTS), MOTION_CLASSES),
  };
}

function sum(counts: readonly [first: number, second: number]): number {
  return counts[0] + counts[1];
}
