import { ModelError } from '../errors.js';
import { FloatGraph } from '../model/float-graph.js';

/** Width and height of the pictures that a classifier takes. */
export const CLASSIFIER_SIZE = 224;

/** Bytes of such a picture. */
export const CLASSIFIER_BYTES = 3 * CLASSIFIER_SIZE ** 2;

/** The picture classifier of a pack of words. Evaluation blocks its thread for some milliseconds. */
export class Classifier implements AsyncDisposable {
  readonly #graph: FloatGraph;
  readonly #classes: number;

  private constructor(graph: FloatGraph, classes: number) {
    this.#graph = graph;
    this.#classes = classes;
  }

  /**
   * @param bytes an ONNX file: input `picture` float32 [n, 3, 224, 224], RGB 0..255; output `probabilities` float32 [n,
   * classes], each row with the sum 1.
   * @throws EnvironmentError if onnxruntime cannot be loaded; ModelError if the bytes are no such graph.
   */
  static async create(bytes: Uint8Array, classes: number): Promise<Classifier> {
    return new Classifier(await FloatGraph.create(bytes, { device: 'cpu', threads: 1 }), classes);
  }

  /**
   * Returns the mean of the probabilities of the classes over pictures.
   *
   * @param pictures at least one, each RGB of 224x224 samples, interleaved, rows top down.
   * @throws ModelError if evaluation fails.
   */
  async classify(pictures: readonly Uint8Array[]): Promise<Float64Array> {
    const sum = new Float64Array(this.#classes);
    for (const picture of pictures) {
      const { probabilities } = await this.#graph.run({
        picture: { data: toPlanes(picture), dims: [1, 3, CLASSIFIER_SIZE, CLASSIFIER_SIZE] },
      });
      if (probabilities?.data.length !== this.#classes) {
        throw new ModelError(`the classifier must give ${this.#classes} probabilities: get the pack of words again`);
      }
      for (let at = 0; at < sum.length; at++) sum[at]! += probabilities.data[at]! / pictures.length;
    }
    return sum;
  }

  /** Frees the graph; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graph[Symbol.asyncDispose]();
  }
}

function toPlanes(rgb: Uint8Array): Float32Array {
  const size = CLASSIFIER_SIZE ** 2;
  const planes = new Float32Array(3 * size);
  for (let at = 0; at < size; at++) {
    for (let channel = 0; channel < 3; channel++) planes[channel * size + at] = rgb[3 * at + channel]!;
  }
  return planes;
}
