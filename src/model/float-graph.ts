import { firstLine, ModelError } from '../errors.js';
import { createSession } from '../platform/graphs.js';
import type { GraphOptions, GraphOutput, GraphSession } from '../platform/contract.js';

/** A float32 array with its shape, row-major. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/**
 * An ONNX graph with float32 inputs and outputs, for measuring only; decoding never uses one. Evaluation blocks its
 * thread.
 */
export class FloatGraph implements AsyncDisposable {
  readonly #session: GraphSession;
  #released: Promise<void> | undefined;

  private constructor(session: GraphSession) {
    this.#session = session;
  }

  /** Names of the inputs that {@link run} needs. */
  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  /** Names of the outputs of {@link run}. */
  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /**
   * Loads a graph.
   *
   * @param bytes an ONNX file; not kept.
   * @throws EnvironmentError if onnxruntime or the device's libraries cannot be loaded.
   * @throws ModelError if onnxruntime does not accept the bytes as a graph.
   */
  static async create(bytes: Uint8Array, options: GraphOptions): Promise<FloatGraph> {
    return new FloatGraph(await createSession(bytes, options));
  }

  /**
   * Evaluates the graph once.
   *
   * @param inputs all of {@link inputNames}; not changed and not kept.
   * @returns all of {@link outputNames}, in new arrays.
   * @throws ModelError if an input does not fit or evaluation fails.
   */
  async run(inputs: Readonly<Record<string, FloatTensor>>): Promise<Record<string, FloatTensor>> {
    if (this.#released !== undefined) throw new ModelError('the graph was disposed of already: create it again');
    let outputs: Readonly<Record<string, GraphOutput>>;
    try {
      outputs = await this.#session.run(inputs);
    } catch (error) {
      throw new ModelError(`a graph failed: ${firstLine(error)}`, { cause: error });
    }
    const results: Record<string, FloatTensor> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (!(tensor.data instanceof Float32Array)) {
        throw new ModelError(`graph output ${name} has type ${tensor.type}, expected float32`);
      }
      results[name] = { data: tensor.data, dims: tensor.dims };
    }
    return results;
  }

  /** Frees the graph; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#session.release();
    await this.#released;
  }
}
