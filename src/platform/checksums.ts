/** Checksums of the platform. */
export { crc32c, sha256 } from './node/checksums.js';
