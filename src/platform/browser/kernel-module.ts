import { EnvironmentError } from '../../errors.js';
import type { KernelMemory } from '../contract.js';
import { ownFile } from './own-file.js';

/** The limit of 32-bit addresses. */
const MAX_PAGES = 65536;

let loading: Promise<WebAssembly.Module> | null = null;
let loaded: WebAssembly.Module | null = null;

/**
 * Loads and compiles the WebAssembly module of the kernels, which lies beside this module, once.
 *
 * @throws EnvironmentError if the file cannot be loaded.
 */
export async function loadKernels(): Promise<WebAssembly.Module> {
  loading ??= fetchKernels();
  try {
    return await loading;
  } catch (error) {
    // The next source tries again.
    loading = null;
    throw error;
  }
}

async function fetchKernels(): Promise<WebAssembly.Module> {
  const address = ownFile('kernels.wasm');
  let reason: string;
  try {
    const response = await fetch(address);
    // Not compiled while it loads: that needs a server that sends the right type.
    if (response.ok) return await WebAssembly.compile(await response.arrayBuffer());
    reason = `status ${response.status}`;
  } catch (error) {
    throw new EnvironmentError(`${address} cannot be loaded (${String(error)}): serve it beside the player`, {
      cause: error,
    });
  }
  throw new EnvironmentError(`${address} cannot be loaded (${reason}): serve it beside the player`);
}

/** Gives a thread the module that the page has compiled. */
export function adoptKernels(module: WebAssembly.Module): void {
  loaded = module;
}

/** Returns the module, in threads only: the page gives it to them before anything else. */
export function compileKernels(): WebAssembly.Module {
  if (loaded === null) throw new Error('a thread got no kernels');
  return loaded;
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
