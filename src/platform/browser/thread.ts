import type { ThreadListener, ThreadPort } from '../contract.js';
import { ownFile } from './own-file.js';

/** The last message of a thread: browsers do not tell when a worker has closed itself. */
const ENDED = 'tessera-thread-ended';

/** A thread that runs a module. The build puts all modules of threads into one folder with this one. */
export class Worker {
  readonly #thread: globalThis.Worker;
  readonly #address: string;

  constructor(script: URL) {
    const name = script.pathname.slice(script.pathname.lastIndexOf('/') + 1);
    this.#address = ownFile(name);
    this.#thread = startThread(this.#address);
  }

  /** Sets the handlers of the thread's events. Call it once. */
  listen({ onMessage, onError, onExit }: ThreadListener): void {
    this.#thread.onmessage = ({ data }) => {
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
      scope.onmessage = ({ data }) => handler(data);
    },
    close: () => {
      scope.postMessage(ENDED, []);
      scope.close();
    },
  };
}
