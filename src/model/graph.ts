import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelError } from '../errors.js';
import type { Device, GraphOptimisation } from './device-name.js';
import { createSession, firstLine, loadRuntime, type Runtime } from './runtime.js';

export type { Device, GraphOptimisation } from './device-name.js';

/** Options of `Graph.create`. */
export interface GraphOptions {
  readonly device: Device;
  /** Threads inside one operator, at least 1. */
  readonly threads: number;
  /** Default: `all`. */
  readonly optimisation?: GraphOptimisation;
}

/** A uint8 array with its shape, row-major; every input and output of tessera's graphs is one. */
export interface GraphTensor {
  readonly data: Uint8Array;
  readonly dims: readonly number[];
}

/**
 * An ONNX graph ready to run. Evaluation blocks the thread it runs in although it is awaited, so long work belongs in a
 * worker thread. Not re-entrant in the sense of parallel: runs of one graph follow each other.
 */
export class Graph implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #afterRun: ((inputs: ArrayBuffer[]) => void) | undefined;
  #released: Promise<void> | undefined;

  private constructor(runtime: Runtime, session: InferenceSession, afterRun?: (inputs: ArrayBuffer[]) => void) {
    this.#runtime = runtime;
    this.#session = session;
    this.#afterRun = afterRun;
  }

  /** Names of the inputs that {@link run} needs. */
  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  /** Names of what {@link run} gives. */
  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /**
   * Loads a graph.
   *
   * @param bytes an ONNX file; not kept.
   * @param afterRun told of the buffers of each run's inputs when nothing needs them any more, for whoever wants to free
   * them without waiting for the garbage collector. Inputs must not be views of anything else then.
   * @throws EnvironmentError if onnxruntime or the device's libraries cannot be loaded.
   * @throws ModelError if the bytes are no graph that onnxruntime takes.
   */
  static async create(
    bytes: Uint8Array,
    options: GraphOptions,
    afterRun?: (inputs: ArrayBuffer[]) => void,
  ): Promise<Graph> {
    const runtime = await loadRuntime();
    return new Graph(runtime, await createSession(runtime, bytes, options), afterRun);
  }

  /**
   * Evaluates the graph once.
   *
   * @param inputs all of {@link inputNames}; the arrays are not changed and not kept.
   * @returns all of {@link outputNames}, in arrays of their own.
   * @throws ModelError if an input is missing, of the wrong size or shape, or evaluation fails.
   */
  async run(inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> {
    if (this.#released !== undefined) throw new ModelError('the graph was disposed of already: create it again');
    const feeds: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(inputs)) {
      const size = dims.reduce((product, length) => product * length, 1);
      if (size !== data.length) {
        throw new ModelError(`graph input ${name}: ${data.length} values for the shape [${dims.join(', ')}]`);
      }
      feeds[name] = new this.#runtime.Tensor('uint8', data, dims);
    }
    let outputs: InferenceSession.ReturnType;
    try {
      outputs = await this.#session.run(feeds);
    } catch (error) {
      throw new ModelError(`a graph of the model pack failed: ${firstLine(error)}`, { cause: error });
    }
    this.#afterRun?.(Object.values(inputs).map(({ data }) => data.buffer as ArrayBuffer));
    const results: Record<string, GraphTensor> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (!(tensor.data instanceof Uint8Array)) {
        throw new ModelError(`graph output ${name} has type ${tensor.type}, expected uint8`);
      }
      results[name] = { data: tensor.data, dims: tensor.dims };
    }
    return results;
  }

  /** Frees the graph. Safe to call twice: onnxruntime itself throws at the second time. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#session.release();
    await this.#released;
  }
}
