import { z } from 'zod';
import { ModelError } from '../errors.js';
import type { PackFiles } from '../platform/contract.js';
import { findPack } from '../platform/packs.js';
import type { PackFile } from './manifest.js';
import { packFile, packManifestBase, parsePackJson } from './manifest-fields.js';
import { MANIFEST, MAX_MANIFEST_BYTES, readPackFile } from './pack.js';

/** The name of the pack of words that the package has. */
export const WORDS_PACK = 'words';

/** The family of packs of words. They make no tokens. */
export const WORDS_FAMILY = 'words';

const schema = z.object({
  ...packManifestBase,
  family: z.literal(WORDS_FAMILY),
  files: z.object({ classifier: packFile, vocabulary: packFile }),
});

/** A pack of words: a picture classifier and the words of its classes. Its files are read when they are needed. */
export interface WordsPack {
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** Absolute path of its folder. */
  readonly folder: string;
  /**
   * Reads a file of the pack and checks its SHA-256.
   *
   * @throws ModelError if it is missing or changed.
   */
  readonly read: (role: 'classifier' | 'vocabulary') => Promise<Uint8Array>;
  /** The path of a file, for messages. */
  readonly pathOf: (role: 'classifier' | 'vocabulary') => string;
}

/**
 * Finds a pack of words by its name or folder, as `loadPack` finds others, and reads its manifest.
 *
 * @throws ModelError if there is none, or it is of another kind.
 */
export async function openWordsPack(nameOrPath: string = WORDS_PACK): Promise<WordsPack> {
  const found = findPack(nameOrPath);
  const path = `${found.folder}/${MANIFEST}`;
  const json = parsePackJson(await readManifestText(found), path);
  const result = schema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ModelError(`${path}: ${issue.path.join('.') || 'manifest'}: ${issue.message}: name a pack of words`);
  }
  const { name, version, files } = result.data;
  const fileOf = (role: 'classifier' | 'vocabulary'): PackFile => files[role];
  return {
    name,
    version,
    folder: found.folder,
    read: (role) => readPackFile(found, fileOf(role)),
    pathOf: (role) => `${found.folder}/${fileOf(role).path}`,
  };
}

/** Returns true if a folder holds a pack of words. */
export async function isWordsPack(folder: string): Promise<boolean> {
  const text = await readManifestText(findPack(folder)).catch(() => '');
  try {
    return (JSON.parse(text) as { readonly family?: unknown }).family === WORDS_FAMILY;
  } catch {
    return false;
  }
}

async function readManifestText({ read }: PackFiles): Promise<string> {
  return new TextDecoder().decode(await read(MANIFEST, MAX_MANIFEST_BYTES));
}
