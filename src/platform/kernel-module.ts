/** The WebAssembly module of the kernels and its memory. */
export { compileKernels, newKernelMemory } from './node/kernel-module.js';
