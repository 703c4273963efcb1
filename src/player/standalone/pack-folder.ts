import { ModelError } from '../../errors.js';
import type { PackFiles } from '../../platform/contract.js';
import { embeddedFile } from './files.js';

export { packPlaces } from '../../platform/browser/pack-folder.js';

/** Takes the place of `platform/browser/pack-folder.ts` in the page that is one file: it finds the pack within. */
export function findPack(address: string): PackFiles {
  const name = address.replace(/\/+$/, '').split('/').at(-1)!;
  return {
    folder: name,
    read: async (path) => {
      const bytes = embeddedFile(`packs/${name}/${path}`);
      if (bytes !== null) return await Promise.resolve(bytes);
      throw new ModelError(`this page has no model pack '${name}': play the stream with tessera play`);
    },
  };
}
