import { equalBytes, fromHex, toHex } from '../bitstream/bytes.js';
import { ModelError } from '../errors.js';
import { normativeFiles } from './families.js';
import {
  parseManifest,
  type FileRole,
  type GraphRole,
  type PackFamily,
  type PackFile,
  type PackManifest,
} from './manifest.js';
import { findPack, sha256 } from '../platform/packs.js';
import type { PackFiles } from '../platform/contract.js';
import { parseSafetensors, type Tensor } from './safetensors.js';

export { packPlaces } from '../platform/packs.js';

/** A model pack in memory, every file checked against its SHA-256. */
export interface ModelPack {
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** The family, which defines the tokens. */
  readonly family: PackFamily;
  /** Absolute path of the folder it was read from. */
  readonly folder: string;
  /** 16 bytes that streams carry. They change if and only if decoding changes. */
  readonly id: Uint8Array;
  /** Contents of `tables.safetensors`, not yet validated; see `readPackTables`. */
  readonly tables: ReadonlyMap<string, Tensor>;
  /** ONNX files. */
  readonly graphs: ReadonlyMap<GraphRole, Uint8Array>;
  /** Inputs and outputs `<role>.input.<name>`, `<role>.output.<name>` of the exact graphs. */
  readonly selfTest: ReadonlyMap<string, Tensor>;
  readonly manifest: PackManifest;
}

/** The manifest's path in a pack. */
export const MANIFEST = 'manifest.json';
/** The largest manifest, bytes. */
export const MAX_MANIFEST_BYTES = 1 << 20;

/**
 * Finds and reads a pack. A path (with a separator, or an existing folder) is used directly; a name is searched in
 * {@link packPlaces}.
 *
 * @throws ModelError if there is no such pack, or a file of it is missing, changed or of a newer format.
 */
export async function loadPack(nameOrPath: string): Promise<ModelPack> {
  return await readPack(findPack(nameOrPath));
}

/**
 * Reads a pack from its files.
 *
 * @throws ModelError if a file is missing, changed or of a newer format.
 */
export async function readPack({ folder, read }: PackFiles): Promise<ModelPack> {
  const manifestPath = `${folder}/${MANIFEST}`;
  const manifest = parseManifest(new TextDecoder().decode(await read(MANIFEST, MAX_MANIFEST_BYTES)), manifestPath);

  const files = new Map<FileRole, Uint8Array>();
  for (const [role, file] of entries(manifest)) {
    files.set(role, await readPackFile({ folder, read }, file));
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
    id: await packId(manifest),
    tables: parseSafetensors(files.get('tables')!, `${folder}/${manifest.files.tables.path}`),
    graphs,
    selfTest: parseSafetensors(files.get('self-test')!, `${folder}/${manifest.files['self-test'].path}`),
    manifest,
  };
}

/**
 * Reads a file of a pack and checks its SHA-256.
 *
 * @throws ModelError if it is missing or changed.
 */
export async function readPackFile({ folder, read }: PackFiles, file: PackFile): Promise<Uint8Array> {
  const contents = await read(file.path, file.bytes);
  if (toHex(await sha256(contents)) === file.sha256) return contents;
  throw new ModelError(
    `${folder}/${file.path} is not the file that ${folder}/${MANIFEST} names (SHA-256 differs): get the pack again`,
  );
}

/**
 * Reads the pack that a stream or file was made with, and checks its identity.
 *
 * @param nameOrPath as for {@link loadPack}. Default: the recorded name.
 * @param maker the recorded name and identity.
 * @param subject the subject and verb of the message, such as "the stream was".
 * @throws ModelError as {@link loadPack} does, or if the pack has another identity.
 */
export async function loadMatchingPack(
  nameOrPath: string | undefined,
  maker: { readonly packName: string; readonly packId: Uint8Array },
  subject: string,
): Promise<ModelPack> {
  const pack = await loadPack(nameOrPath ?? maker.packName);
  if (equalBytes(pack.id, maker.packId)) return pack;
  throw new ModelError(
    `pack ${pack.name} ${pack.version} is not the one ${subject} made with ` +
      `(${toHex(maker.packId)}): install that version and name its folder with --pack`,
  );
}

/** Returns the first half of the SHA-256 over the (binary) SHA-256s of the files that change decoding. */
export async function packId(manifest: PackManifest): Promise<Uint8Array> {
  const hashes = normativeFiles(manifest.family).map((role) => manifest.files[role]!.sha256);
  return (await sha256(fromHex(hashes.join('')))).slice(0, 16);
}

function entries(manifest: PackManifest): [FileRole, NonNullable<PackManifest['files'][FileRole]>][] {
  return (Object.keys(manifest.files) as FileRole[]).flatMap((role) => {
    const file = manifest.files[role];
    return file === undefined ? [] : [[role, file]];
  });
}
