import { FloatGraph, type FloatTensor } from '../../../model/float-graph.js';
import { Graph, type GraphOptions } from '../../../model/graph.js';
import type { Network } from '../../../model/network.js';
import { rgbToTensor } from '../../../model/rgb-tensor.js';
import { readLpipsGraph } from '../../../platform/lpips.js';
import { frameToRgb } from '../../../video/convert/colour.js';
import { ATTENUATION, attenuatePicture, type Attenuation } from '../attenuation.js';
import type { FrameHeader } from '../../frame-header.js';
import { MACROBLOCK, SUB_BLOCK } from '../../macroblock-grid.js';
import type { FrameTokens, Geometry } from '../frame-tokens.js';
import { runPostFilter, sidePlanes, SIDE_PLANES } from '../loop-filter.js';
import type { Planes, VisiblePlanes } from '../../planes.js';

/**
 * The largest side of a tile that is measured, luma samples. On 87 key frames of training clips the choice gains 13.4 %
 * of LPIPS, 14.1 with 192 at four times the cost, 11.8 with 64, 14.5 if one knew the best (training/LOG.md, "Attenuation").
 */
const LARGEST_TILE = 96;
/** The smallest: AlexNet's last layer needs 31 samples. */
const SMALLEST_TILE = 2 * MACROBLOCK;
/** The number of luma samples around a tile that its filter sees. */
const HALO = 2 * MACROBLOCK;
/**
 * What decoders may be told; the first of equals is taken. `all` was best on none of 87 pictures (training/LOG.md,
 * "Attenuation").
 */
const CANDIDATES: readonly Attenuation[] = [ATTENUATION.none, ATTENUATION.small, ATTENUATION.half];
/**
 * An attenuation must have at most this part of the distance that the whole change has. Key frames have a higher q than
 * the frames that follow, and these want more of the filter (training/LOG.md, "Attenuation").
 */
const LARGEST_PART = 0.97;
/** BT.601, limited range: for a comparison of pictures of one video any matrix will do. */
const COLOUR = { primaries: 2, transfer: 2, matrix: 6, fullRange: false, chromaLocation: 0 };

/**
 * Tiles along each side. More are measured only if the first ones want an attenuation: four are wrong on pictures of
 * several textures (training/LOG.md, "Attenuation").
 */
const GRIDS = [2, 3];

/** A part of a picture in luma samples; all are even. */
interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Chooses how much of the post-filter's change decoders take away (FORMAT.md section 12). It filters parts of a key
 * frame as a decoder will, and takes what comes closest to the source by LPIPS.
 */
export class AttenuationChoice implements AsyncDisposable {
  readonly #geometry: Geometry;
  readonly #filter: Network;
  readonly #lpips: FloatGraph;
  readonly #grids: readonly (readonly Rectangle[])[];

  private constructor(geometry: Geometry, filter: Network, lpips: FloatGraph) {
    this.#geometry = geometry;
    this.#filter = filter;
    this.#lpips = lpips;
    this.#grids = GRIDS.map((count) => tilesOf(geometry, count));
  }

  /**
   * Loads the graphs.
   *
   * @param postFilter the pack's graph.
   * @throws EnvironmentError if onnxruntime or the LPIPS graph cannot be loaded.
   */
  static async open(geometry: Geometry, postFilter: Uint8Array, options: GraphOptions): Promise<AttenuationChoice> {
    const lpips = await FloatGraph.create(await readLpipsGraph(), { device: 'cpu', threads: 1 });
    return new AttenuationChoice(geometry, await Graph.create(postFilter, options), lpips);
  }

  /**
   * Returns the best attenuation for the post-filter `lpips` on a picture; none if it is too small to be measured.
   *
   * @param loop its loop picture, at coded size.
   * @param source the visible picture that was encoded.
   */
  async choose(header: FrameHeader, tokens: FrameTokens, loop: Planes, source: VisiblePlanes): Promise<Attenuation> {
    const side = sidePlanes(header, tokens);
    let best: Attenuation = ATTENUATION.none;
    for (const tiles of this.#grids) {
      best = await this.#bestOf(tiles, side, loop, source);
      if (best === ATTENUATION.none) break;
    }
    return best;
  }

  /** Returns the best attenuation for some tiles; none if there are no tiles. */
  async #bestOf(
    tiles: readonly Rectangle[],
    side: Uint8Array,
    loop: Planes,
    source: VisiblePlanes,
  ): Promise<Attenuation> {
    if (tiles.length === 0) return ATTENUATION.none;
    const { width, codedWidth } = this.#geometry;
    const wanted = tensorOf(tiles.map((tile) => cutPicture(source, width, tile)));
    const before = tiles.map((tile) => cutPicture(loop, codedWidth, tile));
    const after: Part[] = [];
    for (const tile of tiles) after.push(await this.#filterTile(loop, side, tile));
    let best: Attenuation = ATTENUATION.none;
    let least = Infinity;
    for (const attenuation of CANDIDATES) {
      const shown = after.map((tile, at) => attenuated(before[at]!, tile, attenuation));
      const { d } = await this.#lpips.run({ a: wanted, b: tensorOf(shown) });
      const sum = d!.data.reduce((total, value) => total + value, 0);
      const distance = attenuation === ATTENUATION.none ? LARGEST_PART * sum : sum;
      if (distance < least) [best, least] = [attenuation, distance];
    }
    return best;
  }

  /** Frees the graphs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#filter[Symbol.asyncDispose](), this.#lpips[Symbol.asyncDispose]()]);
  }

  /** Returns a tile as the post-filter shows it. */
  async #filterTile(loop: Planes, side: Uint8Array, tile: Rectangle): Promise<Part> {
    const { codedWidth, codedHeight } = this.#geometry;
    const left = Math.max(0, tile.left - HALO);
    const top = Math.max(0, tile.top - HALO);
    const width = Math.min(codedWidth, tile.left + tile.width + HALO) - left;
    const height = Math.min(codedHeight, tile.top + tile.height + HALO) - top;
    const around = cutPicture(loop, codedWidth, { left, top, width, height });
    const [sideWidth, sideHeight] = [width / SUB_BLOCK, height / SUB_BLOCK];
    const sidePart = new Uint8Array(SIDE_PLANES * sideWidth * sideHeight);
    const size = side.length / SIDE_PLANES;
    for (let plane = 0; plane < SIDE_PLANES; plane++) {
      const part = { left: left / SUB_BLOCK, top: top / SUB_BLOCK, width: sideWidth, height: sideHeight };
      const samples = cut(side.subarray(plane * size, (plane + 1) * size), codedWidth / SUB_BLOCK, part);
      sidePart.set(samples, plane * samples.length);
    }
    const shown = await runPostFilter(this.#filter, { codedWidth: width, codedHeight: height }, around, sidePart);
    return cutPicture(shown, width, { ...tile, left: tile.left - left, top: tile.top - top });
  }
}

/** A part of a picture: y [height, width], u, v at half size. */
interface Part extends Planes {
  readonly width: number;
  readonly height: number;
}

/**
 * Returns tiles of one size, each in the middle of its part of the picture.
 *
 * @param count tiles along each side, fewer if the picture is small.
 */
function tilesOf({ width, height }: Geometry, count: number): readonly Rectangle[] {
  const columns = rangesOf(width, count);
  return rangesOf(height, count).flatMap(({ start: top, size }) =>
    columns.map((column) => ({ left: column.start, top, width: column.size, height: size })),
  );
}

/** The places of tiles along one side; none if even one would be too small. */
function rangesOf(length: number, most: number): readonly { readonly start: number; readonly size: number }[] {
  const wholeBlocks = (samples: number): number => samples - (samples % MACROBLOCK);
  const count = Math.min(most, Math.floor(length / SMALLEST_TILE));
  const size = Math.min(LARGEST_TILE, wholeBlocks(length / count));
  return Array.from({ length: count }, (_, at) => {
    const middle = ((at + 0.5) * length) / count;
    return { start: wholeBlocks(middle - size / 2), size };
  });
}

/** Copies a part of a plane. */
function cut(plane: Uint8Array, stride: number, { left, top, width, height }: Rectangle): Uint8Array<ArrayBuffer> {
  const part = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (top + row) * stride + left;
    part.set(plane.subarray(from, from + width), row * width);
  }
  return part;
}

/** Copies a part of a picture; `stride` samples lead to the row of luma below. */
function cutPicture({ y, u, v }: VisiblePlanes, stride: number, part: Rectangle): Part {
  const half = { left: part.left / 2, top: part.top / 2, width: part.width / 2, height: part.height / 2 };
  const halfStride = (stride + 1) >> 1;
  const { width, height } = part;
  return { width, height, y: cut(y, stride, part), u: cut(u, halfStride, half), v: cut(v, halfStride, half) };
}

function attenuated(before: Part, after: Part, attenuation: Attenuation): Part {
  const shown = { ...after, y: after.y.slice(), u: after.u.slice(), v: after.v.slice() };
  attenuatePicture(before, shown, attenuation);
  return shown;
}

/** Parts of one size as the input of LPIPS. */
function tensorOf(parts: readonly Part[]): FloatTensor {
  const { width, height } = parts[0]!;
  const toRgb = (part: Part): Uint8Array => frameToRgb({ ...part, pts: 0n, duration: 0n }, COLOUR);
  return rgbToTensor(parts.map(toRgb), width, height);
}
