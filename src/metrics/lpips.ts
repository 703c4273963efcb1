import { InputError, ModelError } from '../errors.js';
import { FloatGraph, type FloatTensor } from '../model/float-graph.js';
import type { GraphOptions } from '../model/graph.js';
import { rgbToTensor } from '../model/rgb-tensor.js';
import { lpipsGraphPath, readLpipsGraph } from '../platform/lpips.js';
import { frameToRgb } from '../video/convert/colour.js';
import type { ColourDescription, Frame } from '../video/frame.js';
import { requireSameSize } from './same-size.js';

/** Smallest side of a picture that has an LPIPS: AlexNet's last layer needs at least one sample. */
export const MIN_LPIPS_SIDE = 31;

/**
 * LPIPS (R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", 2018; AlexNet,
 * version 0.1) through the package's own graph or an ONNX file of the caller: inputs `a`, `b` float32 [N, 3, height,
 * width], RGB in -1..1; output `d` float32 [N]. Frames become 8-bit RGB as `frameToRgb` does it (matrix and range of the
 * colour description, bilinear chroma).
 */
export class Lpips implements AsyncDisposable {
  readonly #graph: FloatGraph;
  readonly #minSide: number;

  private constructor(graph: FloatGraph, minSide: number) {
    this.#graph = graph;
    this.#minSide = minSide;
  }

  /**
   * @param path an ONNX file; default: the package's `models/lpips-alex/lpips-alex.onnx`.
   * @param options default: one thread of the CPU.
   * @throws EnvironmentError if the file cannot be read.
   * @throws ModelError if it is no graph with inputs a, b and output d.
   */
  static async create(
    path: string = lpipsGraphPath(),
    options: GraphOptions = { device: 'cpu', threads: 1 },
  ): Promise<Lpips> {
    const graph = await FloatGraph.create(await readLpipsGraph(path), options);
    const fits = ['a', 'b'].every((name) => graph.inputNames.includes(name)) && graph.outputNames.includes('d');
    if (!fits) {
      await graph[Symbol.asyncDispose]();
      throw new ModelError(`${path} is not an LPIPS graph: it needs the inputs a and b and the output d`);
    }
    return new Lpips(graph, path === lpipsGraphPath() ? MIN_LPIPS_SIDE : 1);
  }

  /**
   * Distance of two frames, 0 for identical ones; symmetric up to rounding.
   *
   * @throws InputError if the sizes differ or a side is below 31 samples (with the package's own graph).
   */
  async compare(reference: Frame, shown: Frame, colour: ColourDescription): Promise<number> {
    requireSameSize(reference, shown);
    const { width, height } = reference;
    if (Math.min(width, height) < this.#minSide) {
      throw new InputError(
        `LPIPS needs pictures of at least ${this.#minSide}x${this.#minSide}, these are ${width}x${height}`,
      );
    }
    return this.compareRgb(frameToTensor(reference, colour), frameToTensor(shown, colour));
  }

  /** Distance of two pictures [1, 3, height, width] of one size, RGB in -1..1. */
  async compareRgb(a: FloatTensor, b: FloatTensor): Promise<number> {
    const { d } = await this.#graph.run({ a, b });
    return d!.data[0]!;
  }

  /** Frees the graph; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graph[Symbol.asyncDispose]();
  }
}

/** Returns a frame in the form for LPIPS: RGB [1, 3, height, width], -1..1. */
export function frameToTensor(frame: Frame, colour: ColourDescription): FloatTensor {
  return rgbToTensor([frameToRgb(frame, colour)], frame.width, frame.height);
}
