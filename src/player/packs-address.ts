import { resolveAddress } from './address.js';

/** Returns the address of the folder of packs: as given, relative to the page, or beside this module. */
export function packsAddress(given: string | URL | undefined): string {
  if (given === undefined || given === '') return new URL('./packs/', import.meta.url).href;
  return resolveAddress(given);
}
