import * as z from 'zod';
import { ModelError } from '../errors.js';
import { packFile, packManifestBase, parsePackJson } from './manifest-fields.js';
import { graphsOf, PACK_FAMILIES, requiredFiles, type GraphRole, type PackFamily } from './families.js';

export type { ExactGraphRole, FileRole, GraphRole, PackFamily, PostFilterRole, TokenizerRole } from './families.js';

const graphs = Object.fromEntries(PACK_FAMILIES.flatMap(graphsOf).map((role) => [role, packFile.optional()])) as Record<
  GraphRole,
  z.ZodOptional<typeof packFile>
>;

const schema = z.object({
  ...packManifestBase,
  family: z.enum(PACK_FAMILIES).default('transform'),
  files: z.object({ tables: packFile, 'self-test': packFile, ...graphs }),
  defaultPostFilter: z.enum(['none', 'psnr', 'lpips']).optional(),
  kiloMacsPerPixel: z.record(z.string(), z.number().min(0)),
  provenance: z.record(z.string(), z.unknown()).optional(),
});

/** One file of a pack. */
export interface PackFile {
  /** Relative to the pack's folder, with forward slashes. */
  readonly path: string;
  /** SHA-256 of the contents, lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** `manifest.json` of a model pack. */
export interface PackManifest {
  /** The pack format. */
  readonly format: 1;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** Licence of the weights. */
  readonly licence: string;
  readonly family: PackFamily;
  /** The files that the family requires are always present. */
  readonly files: Readonly<Record<'tables' | 'self-test', PackFile>> &
    Readonly<Partial<Record<GraphRole, PackFile | undefined>>>;
  readonly defaultPostFilter?: 'none' | 'psnr' | 'lpips' | undefined;
  /** Cost of each graph: thousands of multiply-accumulates per luma sample. */
  readonly kiloMacsPerPixel: Readonly<Record<string, number>>;
  /** Where the weights come from: data, steps, hours, figures. */
  readonly provenance?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads the text of a `manifest.json`.
 *
 * @param path shown in messages.
 * @throws ModelError if the text is not a manifest, or has a newer format.
 */
export function parseManifest(text: string, path: string): PackManifest {
  const json = parsePackJson(text, path);
  if (z.object({ family: z.literal('words') }).safeParse(json).success) {
    throw new ModelError(`${path}: this is a pack of words, which makes no tokens: name another pack`);
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ModelError(`${path}: ${issue.path.join('.') || 'manifest'}: ${issue.message}`);
  }
  const manifest = result.data;
  const { family, files } = manifest;
  for (const role of requiredFiles(family)) {
    if (files[role] === undefined) {
      throw new ModelError(`${path}: files.${role} is missing, which a pack of the family ${family} needs`);
    }
  }
  for (const role of PACK_FAMILIES.flatMap(graphsOf)) {
    if (files[role] !== undefined && !graphsOf(family).includes(role)) {
      throw new ModelError(`${path}: files.${role} is there, which a pack of the family ${family} cannot have`);
    }
  }
  if (manifest.defaultPostFilter !== undefined && manifest.defaultPostFilter !== 'none') {
    if (manifest.files[`post-filter-${manifest.defaultPostFilter}`] === undefined) {
      throw new ModelError(`${path}: defaultPostFilter ${manifest.defaultPostFilter} is not among the pack's files`);
    }
  }
  return manifest;
}
