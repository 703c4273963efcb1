import { z } from 'zod';
import { ModelError } from '../errors.js';

/** The pack format that this version reads. */
export const PACK_FORMAT = 1;

/** Graphs that every decoder evaluates exactly (docs/FORMAT.md section 11). */
export const EXACT_GRAPH_ROLES = ['prior-first', 'prior-second', 'loop-filter'] as const;
/** Graphs that only improve what is shown. */
export const POST_FILTER_ROLES = ['post-filter-psnr', 'post-filter-lpips'] as const;

/** A graph that decides how a stream is decoded. */
export type ExactGraphRole = (typeof EXACT_GRAPH_ROLES)[number];
/** A graph that only improves what is shown. */
export type PostFilterRole = (typeof POST_FILTER_ROLES)[number];
/** What a graph of a pack is for. */
export type GraphRole = ExactGraphRole | PostFilterRole;
/** What a file of a pack is for. */
export type FileRole = GraphRole | 'tables' | 'self-test';

/** Largest file that a pack may hold, bytes. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

const file = z.object({
  path: z
    .string()
    .regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/, 'must be a relative path without ..'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'),
  bytes: z.int().min(1).max(MAX_FILE_BYTES),
});

const schema = z.object({
  format: z.literal(PACK_FORMAT),
  name: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case'),
  version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a semantic version'),
  licence: z.string().min(1),
  files: z.object({
    tables: file,
    'prior-first': file,
    'prior-second': file,
    'loop-filter': file,
    'post-filter-psnr': file.optional(),
    'post-filter-lpips': file.optional(),
    'self-test': file,
  }),
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
  readonly format: typeof PACK_FORMAT;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** Licence of the weights. */
  readonly licence: string;
  readonly files: Readonly<Record<Exclude<FileRole, PostFilterRole>, PackFile>> &
    Readonly<Partial<Record<PostFilterRole, PackFile | undefined>>>;
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
 * @throws ModelError if the text is no manifest, or one of a newer format.
 */
export function parseManifest(text: string, path: string): PackManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${path} is not JSON: get the pack again`, { cause: error });
  }
  const format = z.object({ format: z.int() }).safeParse(json);
  if (format.success && format.data.format > PACK_FORMAT) {
    throw new ModelError(
      `${path}: pack format ${format.data.format} is newer than ${PACK_FORMAT}, which this version reads: update tessera`,
    );
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ModelError(`${path}: ${issue.path.join('.') || 'manifest'}: ${issue.message}`);
  }
  const manifest = result.data;
  if (manifest.defaultPostFilter !== undefined && manifest.defaultPostFilter !== 'none') {
    if (manifest.files[`post-filter-${manifest.defaultPostFilter}`] === undefined) {
      throw new ModelError(`${path}: defaultPostFilter ${manifest.defaultPostFilter} is not among the pack's files`);
    }
  }
  return manifest;
}
