import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { IntegerNetwork } from '../../model/integer/integer-network.js';
import type { PlanesInMemory } from '../../model/integer/plan.js';
import type { Network } from '../../model/network.js';
import { SUB_BLOCK } from '../macroblock-grid.js';
import { REGION, type Geometry } from './frame-tokens.js';
import { filterRegions, HALO, SIDE_PLANES } from './loop-filter.js';
import type { Plane } from '../planes.js';
import type { Picture } from './picture.js';

/** Runs the loop filter on pictures in kernel memory. */
export interface RegionFilter {
  /**
   * Copies a picture and filters some of its regions. Each region is evaluated independently, with `HALO` luma samples
   * around it. So the result does not depend on the choice of other regions.
   *
   * @param side side input of the whole picture.
   * @param regions numbers of the regions, in any order.
   */
  filter(from: Picture, to: Picture, side: Uint8Array, regions: readonly number[]): Promise<void>;
}

/** Copies one region between pictures. */
export function copyRegion(kernels: Kernels, geometry: Geometry, region: number, from: Picture, to: Picture): void {
  for (let plane = 0; plane < 3; plane++) {
    const [a, b] = [from.planes[plane]!, to.planes[plane]!];
    const { top, left, width, height } = placeOf(geometry, region, plane, a);
    const [start, end] = [a.at + top * a.stride + left, b.at + top * b.stride + left];
    kernels.call.copyBlock(start, a.stride, end, b.stride, width, height);
  }
}

/** Squared error of one region, luma and chroma together. */
export function regionError(kernels: Kernels, geometry: Geometry, region: number, a: Picture, b: Picture): number {
  let sum = 0;
  for (let plane = 0; plane < 3; plane++) {
    const [x, y] = [a.planes[plane]!, b.planes[plane]!];
    const { top, left, width, height } = placeOf(geometry, region, plane, x);
    const [from, to] = [x.at + top * x.stride + left, y.at + top * y.stride + left];
    sum += kernels.call.blockSsd(from, x.stride, to, y.stride, width, height);
  }
  return sum;
}

/**
 * Leaves a region of `after` as it is if it is closer to the source than that of `before`, else copies the latter there.
 * Returns whether it was closer.
 */
export function keepIfCloser(
  kernels: Kernels,
  geometry: Geometry,
  region: number,
  source: Picture,
  before: Picture,
  after: Picture,
): boolean {
  const error = regionError(kernels, geometry, region, source, before);
  if (regionError(kernels, geometry, region, source, after) < error) return true;
  copyRegion(kernels, geometry, region, before, after);
  return false;
}

/** The part of a region that lies in a plane; the plane's sides are multiples of 8, and so are the part's. */
function placeOf(
  { regionColumns }: Geometry,
  region: number,
  plane: number,
  { width, height }: Plane,
): { readonly top: number; readonly left: number; readonly width: number; readonly height: number } {
  const size = plane === 0 ? REGION : REGION / 2;
  const top = Math.floor(region / regionColumns) * size;
  const left = (region % regionColumns) * size;
  return { top, left, width: Math.min(size, width - left), height: Math.min(size, height - top) };
}

/** The filter of a network: where the pictures lie if the network can do that, else on copies. */
export function regionFilterOf(kernels: Kernels, geometry: Geometry, network: Network): RegionFilter {
  return network instanceof IntegerNetwork
    ? new MemoryFilter(kernels, geometry, network.on(kernels))
    : new CopyFilter(geometry, network);
}

/** Copies regions to the network and back. */
class CopyFilter implements RegionFilter {
  readonly #geometry: Geometry;
  readonly #network: Network;

  constructor(geometry: Geometry, network: Network) {
    this.#geometry = geometry;
    this.#network = network;
  }

  async filter(from: Picture, to: Picture, side: Uint8Array, regions: readonly number[]): Promise<void> {
    const planes = from.read();
    await filterRegions(this.#network, this.#geometry, planes, side, regions);
    to.write(planes);
  }
}

/** Planes of a region, which the filter moves from region to region: new ones for each would be garbage. */
type Place = { -readonly [Field in keyof PlanesInMemory]: PlanesInMemory[Field] };

/** Evaluates regions where they lie. */
export class MemoryFilter implements RegionFilter {
  /** Address of the side planes. */
  readonly side: Pointer;
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #network: IntegerNetwork;
  readonly #sideRow: number;
  readonly #sidePlane: number;
  /** Inputs and outputs of the network, by plane. */
  readonly #inputs: readonly Place[];
  readonly #outputs: readonly Place[];
  readonly #sideInput: Place;
  /** Evaluates the network on them. Null: it was not needed yet. */
  #run: (() => void) | null = null;

  /**
   * @param network in the memory of `kernels`.
   * @param side where the side planes lie if another filter writes them, one after another, each with a border of one.
   */
  constructor(kernels: Kernels, geometry: Geometry, network: IntegerNetwork, side?: Pointer) {
    this.#kernels = kernels;
    this.#geometry = geometry;
    this.#network = network;
    // Regions at the right and lower edge reach beyond the picture.
    this.#sideRow = (geometry.regionColumns * REGION + 2 * HALO) / SUB_BLOCK;
    this.#sidePlane = (this.#sideRow * (geometry.regionRows * REGION + 2 * HALO)) / SUB_BLOCK;
    this.side = side ?? kernels.allocate(SIDE_PLANES * this.#sidePlane);
    const place = (size: number): Place => ({ at: 0, row: 0, plane: 0, count: 1, width: size, height: size });
    this.#inputs = [0, 1, 1].map((shift) => place((REGION + 2 * HALO) >> shift));
    this.#outputs = [0, 1, 1].map((shift) => place(REGION >> shift));
    this.#sideInput = {
      ...place((REGION + 2 * HALO) / SUB_BLOCK),
      ...{ row: this.#sideRow, plane: this.#sidePlane, count: SIDE_PLANES },
    };
  }

  filter(from: Picture, to: Picture, side: Uint8Array, regions: readonly number[]): Promise<void> {
    this.begin(from, to, side);
    for (const region of regions) this.filterRegion(from, to, region);
    return Promise.resolve();
  }

  /** Copies a picture and prepares to filter its regions. */
  begin(from: Picture, to: Picture, side: Uint8Array): void {
    from.extend();
    to.copy(from);
    this.#writeSide(side);
  }

  /** Filters a region of the picture that was given to {@link begin}, here or in the filter that writes the side planes. */
  filterRegion(from: Picture, to: Picture, region: number): void {
    const { regionColumns } = this.#geometry;
    const [row, column] = [Math.floor(region / regionColumns), region % regionColumns];
    for (let plane = 0; plane < 3; plane++) {
      const size = plane === 0 ? REGION : REGION / 2;
      const halo = plane === 0 ? HALO : HALO / 2;
      const [top, left] = [row * size, column * size];
      const source = from.planes[plane]!;
      const input = this.#inputs[plane]!;
      input.at = source.at + (top - halo) * source.stride + left - halo;
      input.row = source.stride;
      const target = to.planes[plane]!;
      const output = this.#outputs[plane]!;
      output.at = target.at + top * target.stride + left;
      output.row = target.stride;
      output.width = Math.min(size, target.width - left);
      output.height = Math.min(size, target.height - top);
    }
    this.#sideInput.at = this.side + (row * this.#sideRow + column) * (REGION / SUB_BLOCK);
    this.#run ??= this.#bind();
    this.#run();
  }

  #bind(): () => void {
    const [y, u, v] = this.#inputs;
    const [filteredY, filteredU, filteredV] = this.#outputs;
    return this.#network.bind(
      { y: y!, u: u!, v: v!, side: this.#sideInput },
      { filteredY: filteredY!, filteredU: filteredU!, filteredV: filteredV! },
    );
  }

  /** Writes the side planes and repeats their edges. */
  #writeSide(side: Uint8Array): void {
    const { codedWidth, codedHeight } = this.#geometry;
    const [width, height] = [codedWidth / SUB_BLOCK, codedHeight / SUB_BLOCK];
    const row = this.#sideRow;
    const rows = this.#sidePlane / row;
    const memory = this.#kernels.u8;
    for (let plane = 0; plane < SIDE_PLANES; plane++) {
      const start = this.side + plane * this.#sidePlane;
      for (let y = 0; y < rows; y++) {
        const from = plane * width * height + Math.max(0, Math.min(height - 1, y - 1)) * width;
        const to = start + y * row;
        for (let x = 0; x < width; x++) memory[to + 1 + x] = side[from + x]!;
        memory[to] = side[from]!;
        memory.fill(side[from + width - 1]!, to + 1 + width, to + row);
      }
    }
  }
}
