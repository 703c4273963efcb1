import type { PlayerPostFilter } from './api.js';
import { equalBytes, toHex } from '../bitstream/bytes.js';
import { ModelError } from '../errors.js';
import { requireFamily } from '../model/families.js';
import type { GraphRole } from '../model/manifest.js';
import { MANIFEST, MAX_MANIFEST_BYTES, packId, readPackFile, type ModelPack } from '../model/pack.js';
import { parseManifest } from '../model/manifest.js';
import { parseSafetensors } from '../model/safetensors.js';
import { findPack } from '../platform/packs.js';

/** What a player needs of a pack. */
export interface PlayerPack {
  readonly pack: ModelPack;
  /** Loads the graph of the post-filter `lpips`; null if the pack has none. */
  readonly loadPostFilter: (() => Promise<Uint8Array>) | null;
}

const FAMILY = 'transform';
const FILTER = 'post-filter-lpips';
const GRAPHS: readonly GraphRole[] = ['prior-first', 'prior-second', 'loop-filter'];

/**
 * Loads the pack that a stream was made with. It needs the files for decoding only; the post-filter is loaded at first
 * use, or together with them if it is wanted.
 *
 * @param packs address of the folder of packs.
 * @param postFilter the filter that is wanted; null: what the pack recommends.
 * @throws ModelError if the pack is not there, or is not the one of the stream.
 */
export async function loadPlayerPack(
  packs: string,
  { packName, packId: wanted }: { readonly packName: string; readonly packId: Uint8Array },
  postFilter: PlayerPostFilter | null,
): Promise<PlayerPack> {
  const files = findPack(`${packs.replace(/\/+$/, '')}/${encodeURIComponent(packName)}`);
  const { folder } = files;
  const text = new TextDecoder().decode(await files.read(MANIFEST, MAX_MANIFEST_BYTES));
  const manifest = parseManifest(text, `${folder}/${MANIFEST}`);
  requireFamily(manifest, FAMILY);
  const id = await packId(manifest);
  if (!equalBytes(id, wanted)) {
    throw new ModelError(
      `the pack at ${folder} (${manifest.version}) is not the one that the stream was made with (${toHex(wanted)}): ` +
        'put that version there',
    );
  }
  const filter = manifest.files[FILTER];
  let loading: Promise<Uint8Array> | undefined;
  const loadFilter =
    filter === undefined
      ? null
      : () => {
          loading ??= readPackFile(files, filter).catch((error: unknown) => {
            // The next call tries again.
            loading = undefined;
            throw error;
          });
          return loading;
        };
  if ((postFilter ?? manifest.defaultPostFilter) === 'lpips') void loadFilter?.().catch(() => undefined);
  const [tables, ...graphs] = await Promise.all(
    (['tables', ...GRAPHS] as const).map((role) => readPackFile(files, manifest.files[role]!)),
  );
  return {
    pack: {
      ...{ name: manifest.name, version: manifest.version, family: manifest.family, folder, id, manifest },
      tables: parseSafetensors(tables!, `${folder}/${manifest.files.tables.path}`),
      graphs: new Map(GRAPHS.map((role, at) => [role, graphs[at]!])),
      selfTest: new Map(),
    },
    loadPostFilter: loadFilter,
  };
}
