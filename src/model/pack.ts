import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ModelError } from '../errors.js';
import {
  FAMILY_FILES,
  parseManifest,
  type FileRole,
  type GraphRole,
  type PackFamily,
  type PackManifest,
} from './manifest.js';
import { packageFolder } from './package-folder.js';
import { parseSafetensors, type Tensor } from './safetensors.js';

/** A model pack in memory, every file checked against its SHA-256. */
export interface ModelPack {
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** What its tokens are. */
  readonly family: PackFamily;
  /** Absolute path of the folder it was read from. */
  readonly folder: string;
  /** 16 bytes that streams carry: they change with whatever changes decoding, and only with that. */
  readonly id: Uint8Array;
  /** Contents of `tables.safetensors`, not yet validated; see `readPackTables`. */
  readonly tables: ReadonlyMap<string, Tensor>;
  /** ONNX files. */
  readonly graphs: ReadonlyMap<GraphRole, Uint8Array>;
  /** Inputs and outputs `<role>.input.<name>`, `<role>.output.<name>` of the exact graphs. */
  readonly selfTest: ReadonlyMap<string, Tensor>;
  readonly manifest: PackManifest;
}

const MAX_MANIFEST_BYTES = 1 << 20;

/**
 * Finds and reads a pack. A path (with a separator, or an existing folder) is taken as it is; a name is looked for in
 * the folders of the environment variable `TESSERA_PACK_PATH`, then among the package's own `codecs/`, then in the
 * user's cache (`$XDG_CACHE_HOME/tessera/packs`, by default `~/.cache/tessera/packs`).
 *
 * @throws ModelError if there is no such pack, or a file of it is missing, changed or of a newer format.
 */
export async function loadPack(nameOrPath: string): Promise<ModelPack> {
  const folder = findPack(nameOrPath);
  const manifestPath = join(folder, 'manifest.json');
  const manifest = parseManifest(
    new TextDecoder().decode(await readLimited(manifestPath, MAX_MANIFEST_BYTES)),
    manifestPath,
  );

  const files = new Map<FileRole, Uint8Array>();
  for (const [role, { path, sha256, bytes }] of entries(manifest)) {
    const full = join(folder, path);
    const contents = await readLimited(full, bytes);
    if (createHash('sha256').update(contents).digest('hex') !== sha256) {
      throw new ModelError(`${full} is not the file that ${manifestPath} names (SHA-256 differs): get the pack again`);
    }
    files.set(role, contents);
  }

  const graphs = new Map<GraphRole, Uint8Array>();
  for (const [role, contents] of files) {
    if (role !== 'tables' && role !== 'self-test') graphs.set(role, contents);
  }
  return {
    name: manifest.name,
    version: manifest.version,
    family: manifest.family,
    folder,
    id: packId(manifest),
    tables: parseSafetensors(files.get('tables')!, join(folder, manifest.files.tables.path)),
    graphs,
    selfTest: parseSafetensors(files.get('self-test')!, join(folder, manifest.files['self-test'].path)),
    manifest,
  };
}

/**
 * Reads the pack that something was made with, and makes sure that it is that one.
 *
 * @param nameOrPath as for {@link loadPack}. Default: the name that the maker left.
 * @param maker the name and identity that were left.
 * @param subject what was made and its verb, for the message: "the stream was".
 * @throws ModelError as {@link loadPack} does, or if it is another pack.
 */
export async function loadMatchingPack(
  nameOrPath: string | undefined,
  maker: { readonly packName: string; readonly packId: Uint8Array },
  subject: string,
): Promise<ModelPack> {
  const pack = await loadPack(nameOrPath ?? maker.packName);
  if (Buffer.compare(pack.id, maker.packId) === 0) return pack;
  throw new ModelError(
    `pack ${pack.name} ${pack.version} is not the one ${subject} made with ` +
      `(${Buffer.from(maker.packId).toString('hex')}): install that version and name its folder with --pack`,
  );
}

/** First half of the SHA-256 over the (binary) SHA-256s of what decides decoding. */
function packId(manifest: PackManifest): Uint8Array {
  const hash = createHash('sha256');
  for (const role of FAMILY_FILES[manifest.family].normative) {
    hash.update(Buffer.from(manifest.files[role]!.sha256, 'hex'));
  }
  return new Uint8Array(hash.digest().subarray(0, 16));
}

function entries(manifest: PackManifest): [FileRole, NonNullable<PackManifest['files'][FileRole]>][] {
  return (Object.keys(manifest.files) as FileRole[]).flatMap((role) => {
    const file = manifest.files[role];
    return file === undefined ? [] : [[role, file]];
  });
}

function findPack(nameOrPath: string): string {
  const isPack = (folder: string): boolean => existsSync(join(folder, 'manifest.json'));
  if (/[/\\]/.test(nameOrPath) || isPack(nameOrPath)) {
    const folder = resolve(nameOrPath);
    if (isPack(folder)) return folder;
    throw new ModelError(`${folder} is no model pack (it has no manifest.json): name the folder of a pack`);
  }
  const places = packPlaces();
  const found = places.map((place) => join(place, nameOrPath)).find(isPack);
  if (found !== undefined) return found;
  throw new ModelError(
    `there is no model pack '${nameOrPath}' in ${places.join(', ')}: ` +
      'give the path of its folder, or name the folder above it in TESSERA_PACK_PATH',
  );
}

/** Folders in which packs are looked for by name, first one first. */
export function packPlaces(): string[] {
  const own = packageFolder();
  const cache = process.env['XDG_CACHE_HOME'] ?? '';
  return [
    ...(process.env['TESSERA_PACK_PATH'] ?? '').split(delimiter).filter((place) => place !== ''),
    ...(own === undefined ? [] : [join(own, 'codecs')]),
    join(cache === '' ? join(homedir(), '.cache') : cache, 'tessera', 'packs'),
  ];
}

async function readLimited(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= maxBytes) return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError(`cannot read ${path} of the model pack (${reason}): get the pack again`, { cause: error });
  }
  throw new ModelError(`${path} is larger than the ${maxBytes} bytes it may have: get the pack again`);
}
