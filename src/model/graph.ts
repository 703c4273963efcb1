import { firstLine, ModelError } from '../errors.js';
import { createSession } from '../platform/graphs.js';
import type { GraphOptions, GraphOutput, GraphSession } from '../platform/contract.js';
import type { AfterRun, GraphTensor, Network } from './network.js';

export type { Device, GraphOptimisation, GraphOptions } from '../platform/contract.js';

/** An ONNX graph in onnxruntime. */
export class Graph implements Network {
  readonly #session: GraphSession;
  readonly #afterRun: AfterRun | undefined;
  #released: Promise<void> | undefined;

  private constructor(session: GraphSession, afterRun?: AfterRun) {
    this.#session = session;
    this.#afterRun = afterRun;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /**
   * Loads a graph.
   *
   * @param bytes an ONNX file; not kept.
   * @param afterRun for inputs that are not views of other buffers.
   * @throws EnvironmentError if onnxruntime or the device's libraries cannot be loaded.
   * @throws ModelError if onnxruntime does not accept the bytes as a graph.
   */
  static async create(bytes: Uint8Array, options: GraphOptions, afterRun?: AfterRun): Promise<Graph> {
    return new Graph(await createSession(bytes, options), afterRun);
  }

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

  /** Frees the graph. It is safe to call twice, although onnxruntime itself throws at the second call. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#session.release();
    await this.#released;
  }
}
