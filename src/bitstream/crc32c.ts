export { crc32c } from '../platform/index.js';
