import { readFile } from 'node:fs/promises';
import { EnvironmentError, ModelError } from '../errors.js';
import { FloatGraph, type FloatTensor } from '../model/float-graph.js';
import type { GraphOptions } from '../model/graph.js';
import { frameToRgb } from '../video/colour.js';
import type { ColourDescription, Frame } from '../video/frame.js';
import { requireSameSize } from './same-size.js';

/**
 * LPIPS (R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", 2018) through an
 * ONNX file of the caller: inputs `a`, `b` float32 [N, 3, height, width], RGB in -1..1; output `d` float32 [N]. Frames
 * become 8-bit RGB as `frameToRgb` does it (matrix and range of the colour description, bilinear chroma).
 */
export class Lpips implements AsyncDisposable {
  readonly #graph: FloatGraph;

  private constructor(graph: FloatGraph) {
    this.#graph = graph;
  }

  /**
   * @param path an ONNX file.
   * @throws EnvironmentError if the file cannot be read.
   * @throws ModelError if it is no graph with inputs a, b and output d.
   */
  static async create(path: string, options: GraphOptions): Promise<Lpips> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EnvironmentError(`cannot read the LPIPS graph ${path} (${reason})`, { cause: error });
    }
    const graph = await FloatGraph.create(bytes, options);
    const fits = ['a', 'b'].every((name) => graph.inputNames.includes(name)) && graph.outputNames.includes('d');
    if (!fits) {
      await graph[Symbol.asyncDispose]();
      throw new ModelError(`${path} is no LPIPS graph: it needs the inputs a and b and the output d`);
    }
    return new Lpips(graph);
  }

  /**
   * Distance of two frames, 0 for identical ones; symmetric up to rounding.
   *
   * @throws InputError if the sizes differ.
   */
  async compare(reference: Frame, shown: Frame, colour: ColourDescription): Promise<number> {
    requireSameSize(reference, shown);
    const { width, height } = reference;
    const [a, b] = [reference, shown].map((frame) => rgbToTensor(frameToRgb(frame, colour), width, height));
    const { d } = await this.#graph.run({ a: a!, b: b! });
    return d!.data[0]!;
  }

  /** Frees the graph; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graph[Symbol.asyncDispose]();
  }
}

/** Interleaved 8-bit RGB as float32 planes [1, 3, height, width], -1..1. */
export function rgbToTensor(rgb: Uint8Array, width: number, height: number): FloatTensor {
  const size = width * height;
  const data = new Float32Array(3 * size);
  for (let at = 0; at < size; at++) {
    for (let channel = 0; channel < 3; channel++) data[channel * size + at] = rgb[3 * at + channel]! / 127.5 - 1;
  }
  return { data, dims: [1, 3, height, width] };
}
