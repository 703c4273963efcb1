import type { PackFamily } from '../model/manifest.js';
import type { CodecFamily } from './family.js';
import { lookupFreeFamily } from './lookup-free/family.js';
import { transformFamily } from './transform/family.js';

const families: Readonly<Record<PackFamily, CodecFamily>> = {
  transform: transformFamily,
  'lookup-free': lookupFreeFamily,
};

/** Returns the family of a pack. */
export function findFamily({ family }: { readonly family: PackFamily }): CodecFamily {
  return families[family];
}
