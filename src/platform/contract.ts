/**
 * The platform interface of encoder and decoder: threads, onnxruntime, kernels, files of packs, checksums. The other
 * modules of this folder select the platform. Each module loads only what it exports, so worker threads start fast.
 * Another platform replaces the folder `node/`.
 */

/** The device that evaluates graphs. */
export type Device = 'cpu' | 'cuda';

/** How much onnxruntime may optimise a graph. The exact graphs give the same bits at every level. */
export type GraphOptimisation = 'disabled' | 'basic' | 'extended' | 'all';

/** How a graph is evaluated. */
export interface GraphOptions {
  readonly device: Device;
  /** Threads inside one operator, at least 1. */
  readonly threads: number;
  /** Default: `all`. */
  readonly optimisation?: GraphOptimisation;
}

/** An input of a graph, row-major. */
export interface GraphInput {
  readonly data: Uint8Array | Float32Array;
  readonly dims: readonly number[];
}

/** An output of a graph, row-major. */
export interface GraphOutput {
  /** Element type, as ONNX names it. */
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** An ONNX graph in onnxruntime. */
export interface GraphSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Evaluates the graph once; rejects with onnxruntime's error. */
  run(inputs: Readonly<Record<string, GraphInput>>): Promise<Readonly<Record<string, GraphOutput>>>;
  /** Frees the graph; call it once. */
  release(): Promise<void>;
}

/** Handlers of the events of a thread. */
export interface ThreadListener {
  readonly onMessage: (message: unknown) => void;
  /** The thread failed and ends. */
  readonly onError: (error: Error) => void;
  /** The thread has ended. */
  readonly onExit?: () => void;
}

/** The other side of a thread, as the thread sees it. */
export interface ThreadPort {
  /** Sends a message; the buffers of `transfer` are handed over. */
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Sets the handler of messages, including those that came before. Call it once. */
  onMessage(handler: (message: unknown) => void): void;
  /** Stops taking messages, so that the thread ends. */
  close(): void;
}

/** A linear memory of the kernels. Threads that make their kernels on the same memory share it. */
export interface KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** uint32 [1], shared if the memory is shared: the start of the next region. */
  readonly top: Uint32Array;
}

/** The files of a model pack. */
export interface PackFiles {
  /** Folder that they lie in, absolute. */
  readonly folder: string;
  /**
   * Reads a file.
   *
   * @param path relative to the folder, with forward slashes.
   * @throws ModelError if it cannot be read or has more than `maxBytes` bytes.
   */
  readonly read: (path: string, maxBytes: number) => Promise<Uint8Array>;
}
