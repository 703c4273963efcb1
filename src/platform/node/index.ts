export { availableParallelism } from './cores.js';
export { crc32c, sha256 } from './checksums.js';
export { createSession, requireCudaProvider } from './graph-session.js';
export { compileKernels, newKernelMemory } from './kernel-module.js';
export { findPack, packPlaces } from './pack-folder.js';
export { release } from './release.js';
export { threadPort, Worker } from './thread.js';
