import type { ThreadListener, ThreadPort } from '../contract.js';
import { countMessage } from './collect-garbage.js';
import { adoptKernels, loadKernels } from './kernel-module.js';
import { ownFile } from './own-file.js';

/** The last message of a thread: browsers do not tell when a worker has closed itself. */
const ENDED = 'tessera-thread-ended';

/** Threads that are started but not taken, by the name of their script. */
const idle = new Map<string, globalThis.Worker>();
let kernels: WebAssembly.Module | null = null;

/**
 * Starts threads that are soon needed, unless such threads are there already, and compiles the kernels for all. No thread
 * can be made before that.
 *
 * @param names the threads' modules, without folder and ending.
 * @throws EnvironmentError if the kernels cannot be loaded.
 */
export async function prepareThreads(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (idle.has(name)) continue;
    const thread = startThread(ownFile(`${name}.js`));
    idle.set(name, thread);
    // Who takes one then starts another, and hears why that cannot be loaded.
    thread.onerror = () => idle.delete(name);
  }
  kernels = await loadKernels();
}

/** Returns a thread that was started before, else a new one. */
function takeThread(name: string, address: string): globalThis.Worker {
  const thread = idle.get(name) ?? startThread(address);
  idle.delete(name);
  return thread;
}

/** A thread that runs a module. The build puts all modules of threads into one folder with this one. */
export class Worker {
  readonly #thread: globalThis.Worker;
  readonly #address: string;

  constructor(script: URL) {
    if (kernels === null) throw new Error('prepareThreads was not called');
    const name = script.pathname.slice(script.pathname.lastIndexOf('/') + 1).replace(/\.js$/, '');
    this.#address = ownFile(`${name}.js`);
    this.#thread = takeThread(name, this.#address);
    this.#thread.postMessage(kernels);
  }

  /** Sets the handlers of the thread's events. Call it once. */
  listen({ onMessage, onError, onExit }: ThreadListener): void {
    this.#thread.onmessage = ({ data }) => {
      countMessage();
      if (data === ENDED) onExit?.();
      else onMessage(data);
    };
    this.#thread.onerror = (event) => {
      // A script that cannot be loaded gives an event without a message.
      const message = (event as Partial<ErrorEvent>).message ?? `${this.#address} cannot be loaded`;
      onError(new Error(message));
      this.#thread.terminate();
      onExit?.();
    };
  }

  /** Sends a message; the buffers of `transfer` are handed over. */
  postMessage(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, [...transfer]);
  }

  /** Browsers end the threads of a page with the page. */
  unref(): void {}
}

/** Browsers start only workers of the page's own origin; such a one can import modules from elsewhere. */
function startThread(address: string): globalThis.Worker {
  const { protocol, origin } = new URL(address);
  if (protocol === 'data:' || origin === globalThis.location.origin) {
    return new globalThis.Worker(address, { type: 'module' });
  }
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
  const inner = URL.createObjectURL(script);
  try {
    return new globalThis.Worker(inner, { type: 'module' });
  } finally {
    // The worker may fetch the address after this call.
    setTimeout(() => URL.revokeObjectURL(inner), 60_000);
  }
}

/** The part of a worker's global object that {@link threadPort} uses. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

/** The port to the thread that started this one. */
export function threadPort(): ThreadPort {
  const scope = globalThis as unknown as WorkerScope;
  return {
    postMessage: (message, transfer = []) => scope.postMessage(message, [...transfer]),
    onMessage: (handler) => {
      // The first message is not for the module.
      scope.onmessage = ({ data }) => {
        adoptKernels(data as WebAssembly.Module);
        scope.onmessage = (event) => {
          countMessage();
          handler(event.data);
        };
      };
    },
    close: () => {
      scope.postMessage(ENDED, []);
      scope.close();
    },
  };
}
