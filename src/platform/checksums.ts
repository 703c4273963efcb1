/** Checksums of the platform. */
export { crc32c } from './node/crc32c.js';
