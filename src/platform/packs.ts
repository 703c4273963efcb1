/** Where the platform finds model packs, and the digest of their files. */
export { findPack, packPlaces } from './node/pack-folder.js';
export { sha256 } from './node/sha256.js';
