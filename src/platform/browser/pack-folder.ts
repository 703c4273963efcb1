import { ModelError } from '../../errors.js';
import type { PackFiles } from '../contract.js';

/** Returns the files of the pack whose folder has this address. Nothing is loaded yet. */
export function findPack(address: string): PackFiles {
  const folder = address.replace(/\/+$/, '');
  return { folder, read: (path, maxBytes) => fetchFile(`${folder}/${path}`, maxBytes) };
}

/** Browsers search no folders: a pack has an address. */
export function packPlaces(): string[] {
  return [];
}

async function fetchFile(address: string, maxBytes: number): Promise<Uint8Array> {
  let reason: string;
  try {
    const response = await fetch(address);
    if (response.ok) {
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (bytes.length <= maxBytes) return bytes;
      reason = `it is larger than the ${maxBytes} bytes it may have`;
    } else reason = `status ${response.status}`;
  } catch (error) {
    throw new ModelError(`${address} of the model pack cannot be loaded (${String(error)})`, { cause: error });
  }
  throw new ModelError(`${address} of the model pack cannot be loaded (${reason})`);
}
