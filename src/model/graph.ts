import { firstLine, ModelError } from '../errors.js';
import { createSession } from '../platform/graphs.js';
import type { GraphOptions, GraphOutput, GraphSession } from '../platform/contract.js';

export type { Device, GraphOptimisation, GraphOptions } from '../platform/contract.js';

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
  readonly #session: GraphSession;
  readonly #afterRun: ((inputs: ArrayBuffer[]) => void) | undefined;
  #released: Promise<void> | undefined;

  private constructor(session: GraphSession, afterRun?: (inputs: ArrayBuffer[]) => void) {
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
    return new Graph(await createSession(bytes, options), afterRun);
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
    for (const [name, { data, dims }] of Object.entries(inputs)) {
      const size = dims.reduce((product, length) => product * length, 1);
      if (size !== data.length) {
        throw new ModelError(`graph input ${name}: ${data.length} values for the shape [${dims.join(', ')}]`);
      }
    }
    let outputs: Readonly<Record<string, GraphOutput>>;
    try {
      outputs = await this.#session.run(inputs);
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
