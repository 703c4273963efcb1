import { readFileSync } from 'node:fs';
import type { KernelMemory } from '../contract.js';

/** The limit of 32-bit addresses. */
const MAX_PAGES = 65536;

/** Compiles the WebAssembly module of the kernels. It needs a memory from {@link newKernelMemory}. */
export function compileKernels(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('../../kernels/kernels.wasm', import.meta.url)));
}

/** Makes an empty memory, which threads can share. */
export function newKernelMemory(): KernelMemory {
  return {
    memory: new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true }),
    top: new Uint32Array(new SharedArrayBuffer(4)),
  };
}
