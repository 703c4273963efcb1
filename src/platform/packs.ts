/** Where the platform finds model packs. */
export { findPack, packPlaces } from './node/pack-folder.js';
