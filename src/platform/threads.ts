/** Threads of the platform. */
export { availableParallelism } from './node/cores.js';
export { release } from './node/release.js';
export { threadPort, Worker } from './node/thread.js';
