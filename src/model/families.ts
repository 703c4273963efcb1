import { ModelError } from '../errors.js';

/** The graphs of one family's packs. Every pack also has the files `tables` and `self-test`. */
interface FamilyGraphs {
  /** Graphs whose output must be the same to the last bit everywhere (docs/FORMAT.md section 11). */
  readonly exact: readonly string[];
  /** Other graphs that change the decoded pictures. */
  readonly decoding: readonly string[];
  /** Graphs that only encoders need. */
  readonly encoding: readonly string[];
  /** Graphs that only improve the shown picture. They are optional. */
  readonly optional: readonly string[];
}

/**
 * The files of a pack of each family. A pack's identity is computed from its exact graphs and then its decoding graphs,
 * in this order. A new family has a row here, a folder in `codec/` and an entry in `codec/find-family.ts`.
 */
export const FAMILIES = {
  transform: {
    exact: ['prior-first', 'prior-second', 'loop-filter'],
    decoding: [],
    encoding: [],
    optional: ['post-filter-psnr', 'post-filter-lpips'],
  },
  'lookup-free': {
    exact: ['prior'],
    decoding: ['tokenizer-decoder'],
    encoding: ['tokenizer-encoder'],
    optional: [],
  },
} as const satisfies Readonly<Record<string, FamilyGraphs>>;

type Families = typeof FAMILIES;

/** The way a pack makes tokens from pictures: blocks and transforms, or one network. */
export type PackFamily = keyof Families;
/** A graph that every decoder evaluates exactly (docs/FORMAT.md section 11). */
export type ExactGraphRole = Families[PackFamily]['exact'][number];
/** A graph that makes tokens from pictures, or pictures from tokens. */
export type TokenizerRole = Families[PackFamily]['decoding' | 'encoding'][number];
/** A graph that only improves the shown picture. */
export type PostFilterRole = Families[PackFamily]['optional'][number];
/** The role of a graph in a pack. */
export type GraphRole = ExactGraphRole | PostFilterRole | TokenizerRole;
/** The role of a file in a pack. */
export type FileRole = GraphRole | 'tables' | 'self-test';

/** All families. */
export const PACK_FAMILIES = Object.keys(FAMILIES) as [PackFamily, ...PackFamily[]];

/** Files that a pack of the family must have. */
export function requiredFiles(family: PackFamily): readonly FileRole[] {
  return ['tables', ...requiredGraphs(family), 'self-test'];
}

/** Files that change the result of decoding, in the order in which a pack's identity is computed from them. */
export function normativeFiles(family: PackFamily): readonly FileRole[] {
  const { exact, decoding } = FAMILIES[family];
  return ['tables', ...exact, ...decoding];
}

/** Graphs that a pack of the family can have. */
export function graphsOf(family: PackFamily): readonly GraphRole[] {
  return [...requiredGraphs(family), ...FAMILIES[family].optional];
}

function requiredGraphs(family: PackFamily): readonly GraphRole[] {
  const { exact, encoding, decoding } = FAMILIES[family];
  return [...exact, ...encoding, ...decoding];
}

/**
 * Makes sure that a pack is one of `family`.
 *
 * @throws ModelError if it is not.
 */
export function requireFamily(pack: { readonly name: string; readonly family: PackFamily }, family: PackFamily): void {
  if (pack.family === family) return;
  throw new ModelError(`model pack ${pack.name} is of the family ${pack.family}: name one of the family ${family}`);
}
