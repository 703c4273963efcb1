import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelError } from '../errors.js';
import type { GraphOptions } from './graph.js';
import { createSession, firstLine, loadRuntime, type Runtime } from './runtime.js';

/** A float32 array with its shape, row-major. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/**
 * An ONNX graph with float32 inputs and outputs, for measuring; nothing that decides decoding is one. Evaluation blocks
 * the thread it runs in.
 */
export class FloatGraph implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  #released: Promise<void> | undefined;

  private constructor(runtime: Runtime, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
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
   * @throws EnvironmentError if onnxruntime or the device's libraries cannot be loaded.
   * @throws ModelError if the bytes are no graph that onnxruntime takes.
   */
  static async create(bytes: Uint8Array, options: GraphOptions): Promise<FloatGraph> {
    const runtime = await loadRuntime();
    return new FloatGraph(runtime, await createSession(runtime, bytes, options));
  }

  /**
   * Evaluates the graph once.
   *
   * @param inputs all of {@link inputNames}; not changed and not kept.
   * @returns all of {@link outputNames}, in arrays of their own.
   * @throws ModelError if an input does not fit or evaluation fails.
   */
  async run(inputs: Readonly<Record<string, FloatTensor>>): Promise<Record<string, FloatTensor>> {
    if (this.#released !== undefined) throw new ModelError('the graph was disposed of already: create it again');
    const feeds: Record<string, Tensor> = {};
    let outputs: InferenceSession.ReturnType;
    try {
      for (const [name, { data, dims }] of Object.entries(inputs)) {
        feeds[name] = new this.#runtime.Tensor('float32', data, dims);
      }
      outputs = await this.#session.run(feeds);
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
