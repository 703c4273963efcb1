import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import { MACROBLOCK, SUB_BLOCK, SUB_BLOCK_SAMPLES } from '../../macroblock-grid.js';
import type { VisiblePlanes } from '../../planes.js';
import type { Geometry } from '../frame-tokens.js';
import { CHROMA_TAPS, LUMA_PHASES, LUMA_TAPS, type PackTables } from '../pack-tables.js';
import { Picture } from '../picture.js';
import { NeighbourMotion, type NeighbourJob, type NeighbourField } from './neighbour-motion.js';
import type { EncoderSettings, TemporalFilterSettings } from './settings.js';

/** Weight of a picture's own samples, and the greatest one of a neighbour's. The kernel `takeMean` has it too. */
const OWN_WEIGHT = 64;
/** Bounds of the parameter `falloff` of the kernel `addToMean`, and its unit. */
const LEAST_FALLOFF = 521;
const MOST_FALLOFF = 32767;
const FALLOFF_UNIT = 2 ** 23;
/** Steps of the pack are in 1/8 sample. */
const STEP_UNIT = 8;

/** A source picture before or after the one to filter. */
export interface Neighbour {
  /** Frames that it lies after the picture; below 0 if it lies before. */
  readonly distance: number;
  readonly picture: VisiblePlanes;
}

/** A neighbour that is being added to the mean. */
interface Addition extends NeighbourJob {
  /** Its weight at best, 0..1. */
  readonly weight: number;
  /** Squared error per sample that halves the weight, and how weights fall with a sample's difference. */
  readonly tolerance: number;
  readonly falloff: number;
}

/**
 * Temporal filter of source pictures: the mean over a picture and its neighbours, moved to where they match (Enhorn,
 * Sjöberg, Wennersten 2020, "A temporal pre-filter for video coding based on bilateral filtering"). Noise differs from
 * frame to frame; what later frames take over is what frames have in common.
 */
export class TemporalFilter {
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #settings: TemporalFilterSettings;
  readonly #steps: Int32Array;
  readonly #motion: NeighbourMotion;
  readonly #source: Picture;
  readonly #neighbour: Picture;
  /** For each plane: weighted differences and weights, int16, as far apart as its samples. */
  readonly #sums: readonly Pointer[];
  readonly #weights: readonly Pointer[];
  /** Addresses of int16 [4, 8] and int16 [8, 4]. */
  readonly #lumaTaps: Pointer;
  readonly #chromaTaps: Pointer;
  readonly #prediction: Pointer;

  constructor(
    kernels: Kernels,
    geometry: Geometry,
    pack: PackTables,
    settings: TemporalFilterSettings,
    { interpolation }: EncoderSettings['motion'],
  ) {
    this.#kernels = kernels;
    this.#geometry = geometry;
    this.#settings = settings;
    this.#steps = pack.step;
    this.#motion = new NeighbourMotion(kernels, geometry, pack, settings);
    this.#source = Picture.allocate(kernels, geometry);
    this.#neighbour = Picture.allocate(kernels, geometry);
    const room = (): Pointer[] =>
      this.#source.planes.map(({ stride, height }) => kernels.allocate(2 * stride * height));
    this.#sums = room();
    this.#weights = room();
    const size = LUMA_PHASES * LUMA_TAPS;
    const luma = pack.interpolation.data.subarray(interpolation * size, (interpolation + 1) * size);
    this.#lumaTaps = kernels.store(Int16Array.from(luma));
    this.#chromaTaps = kernels.store(Int16Array.from(pack.interpolationChroma));
    this.#prediction = kernels.allocate(MACROBLOCK * MACROBLOCK);
  }

  /**
   * Filters a picture.
   *
   * @param neighbours those before it, then those after it, each from near to far.
   * @param q the picture's quality index: what it would lose to coarse quantisation may as well be taken from neighbours.
   * @param dependence [macroblocks]: how many times its information is taken over by later frames.
   * @returns a new picture.
   */
  filter(picture: VisiblePlanes, neighbours: readonly Neighbour[], q: number, dependence: Float32Array): VisiblePlanes {
    const { width, height } = this.#geometry;
    this.#source.writeVisible(picture, width, height);
    const { distanceWeights, tolerance, reach } = this.#settings;
    const step = this.#steps[q]! / STEP_UNIT;
    const falloff = Math.round(FALLOFF_UNIT / (reach * step * reach * step));
    let nearer: NeighbourField | null = null;
    for (const { distance, picture: other } of neighbours) {
      const away = Math.abs(distance);
      this.#neighbour.writeVisible(other, width, height);
      this.#neighbour.extend();
      const addition: Addition = {
        source: this.#source.y,
        neighbour: this.#neighbour.y,
        field: new Int16Array(2 * dependence.length),
        nearer: away === 1 ? null : nearer,
        scale: away / (away - 1),
        weight: distanceWeights[away - 1]!,
        tolerance: tolerance * step * step,
        falloff: Math.max(LEAST_FALLOFF, Math.min(MOST_FALLOFF, falloff)),
      };
      this.#add(addition, dependence);
      nearer = addition.field;
    }
    this.#source.planes.forEach((plane, p) => {
      const { at, stride } = plane;
      this.#kernels.call.takeMean(at, stride, this.#sums[p]!, this.#weights[p]!, plane.width, plane.height);
    });
    return this.#source.readVisible(width, height);
  }

  /** Adds a neighbour to the mean, in macroblocks that are taken over often enough. */
  #add(addition: Addition, dependence: Float32Array): void {
    const { rows, columns } = this.#geometry;
    const { leastDependence, fullDependence } = this.#settings;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const times = dependence[row * columns + column]!;
        if (times < leastDependence) {
          this.#motion.pass(row, column, addition);
          continue;
        }
        this.#motion.find(row, column, addition);
        this.#addBlock(row, column, addition, addition.weight * Math.min(1, times / fullDependence));
      }
    }
  }

  /** Adds a moved macroblock to the mean: each 8x8 block of luma by its own error, chroma by the mean of these weights. */
  #addBlock(
    row: number,
    column: number,
    { source, neighbour, field, tolerance, falloff }: Addition,
    best: number,
  ): void {
    const { call } = this.#kernels;
    const at = row * this.#geometry.columns + column;
    const x = field[2 * at]!;
    const y = field[2 * at + 1]!;
    const top = row * MACROBLOCK;
    const left = column * MACROBLOCK;
    const { stride } = source;
    const from = neighbour.at + (top + (y >> 2)) * stride + left + (x >> 2);
    const to = this.#prediction;
    const [sums, weights] = [this.#sums[0]!, this.#weights[0]!];
    call.compensate(from, stride, to, MACROBLOCK, MACROBLOCK, MACROBLOCK, this.#lumaTaps, LUMA_TAPS, x & 3, y & 3);
    let total = 0;
    for (let sub = 0; sub < 4; sub++) {
      const subTop = (sub >> 1) * SUB_BLOCK;
      const subLeft = (sub & 1) * SUB_BLOCK;
      const offset = (top + subTop) * stride + left + subLeft;
      const block = source.at + offset;
      const moved = to + subTop * MACROBLOCK + subLeft;
      const error = call.blockSsd(block, stride, moved, MACROBLOCK, SUB_BLOCK, SUB_BLOCK) / SUB_BLOCK_SAMPLES;
      const weight = Math.round((OWN_WEIGHT * best * tolerance) / (tolerance + error));
      total += weight;
      if (weight === 0) continue;
      call.addToMean(
        ...([block, stride, moved, MACROBLOCK, sums + 2 * offset, weights + 2 * offset] as const),
        ...([SUB_BLOCK, SUB_BLOCK, weight, falloff] as const),
      );
    }
    const weight = Math.round(total / 4);
    if (weight === 0) return;
    for (const plane of [1, 2]) this.#addChroma(plane, row, column, x, y, weight, falloff);
  }

  #addChroma(p: number, row: number, column: number, x: number, y: number, weight: number, falloff: number): void {
    const { call } = this.#kernels;
    const { at, stride } = this.#source.planes[p]!;
    const offset = row * SUB_BLOCK * stride + column * SUB_BLOCK;
    const from = this.#neighbour.planes[p]!.at + offset + (y >> 3) * stride + (x >> 3);
    const to = this.#prediction;
    call.compensate(from, stride, to, SUB_BLOCK, SUB_BLOCK, SUB_BLOCK, this.#chromaTaps, CHROMA_TAPS, x & 7, y & 7);
    call.addToMean(
      ...([at + offset, stride, to, SUB_BLOCK, this.#sums[p]! + 2 * offset, this.#weights[p]! + 2 * offset] as const),
      ...([SUB_BLOCK, SUB_BLOCK, weight, falloff] as const),
    );
  }
}
