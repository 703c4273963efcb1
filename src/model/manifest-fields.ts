// What manifests of all kinds of packs have in common.
import * as z from 'zod';
import { ModelError } from '../errors.js';

/** The pack format that this version reads. */
export const PACK_FORMAT = 1;

/** Largest file that a pack may hold, bytes. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** A file of a pack, as manifests describe it. */
export const packFile = z.object({
  path: z
    .string()
    .regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/, 'must be a relative path without ..'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'),
  bytes: z.int().min(1).max(MAX_FILE_BYTES),
});

/** The fields that manifests of all kinds of packs have. */
export const packManifestBase = {
  format: z.literal(PACK_FORMAT),
  name: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case'),
  version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a semantic version'),
  licence: z.string().min(1),
};

/**
 * Reads the JSON of a manifest of any kind of pack.
 *
 * @throws ModelError if it is not JSON, or has a newer format.
 */
export function parsePackJson(text: string, path: string): unknown {
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
  return json;
}
