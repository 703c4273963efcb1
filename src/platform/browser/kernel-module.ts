import { EnvironmentError } from '../../errors.js';
import type { KernelMemory } from '../contract.js';
import { ownFile } from './own-file.js';

/** The limit of 32-bit addresses. */
const MAX_PAGES = 65536;
const OK = 200;

/**
 * Compiles the WebAssembly module of the kernels, which lies beside this module. It waits for the file, so call it in
 * workers only.
 *
 * @throws EnvironmentError if the file cannot be loaded.
 */
export function compileKernels(): WebAssembly.Module {
  const address = ownFile('kernels.wasm');
  const request = new XMLHttpRequest();
  request.open('GET', address, false);
  request.responseType = 'arraybuffer';
  try {
    request.send();
  } catch (error) {
    throw new EnvironmentError(`${address} cannot be loaded: serve it beside the player`, { cause: error });
  }
  if (request.status !== OK) {
    throw new EnvironmentError(`${address} cannot be loaded (status ${request.status}): serve it beside the player`);
  }
  return new WebAssembly.Module(request.response as ArrayBuffer);
}

/**
 * Makes an empty memory. The module asks for one that can be shared, which browsers make on every page; they only refuse
 * to send it to other threads where the page is not isolated. Decoders have one memory for each thread.
 */
export function newKernelMemory(): KernelMemory {
  return {
    memory: new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true }),
    top: new Uint32Array(1),
  };
}
