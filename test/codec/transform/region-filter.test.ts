import { beforeAll, expect, test } from '@jest/globals';
import { Geometry } from '../../../src/codec/transform/frame-tokens.js';
import { Picture } from '../../../src/codec/transform/picture.js';
import { regionFilterOf } from '../../../src/codec/transform/region-filter.js';
import type { Planes } from '../../../src/codec/planes.js';
import { Kernels } from '../../../src/kernels/kernels.js';
import { Graph } from '../../../src/model/graph.js';
import type { Network } from '../../../src/model/network.js';
import { openNetwork } from '../../../src/model/open-network.js';
import { loadPack } from '../../../src/model/pack.js';
import { seededRandom } from '../../entropy/random.js';

const CPU = { device: 'cpu', threads: 1 } as const;

let engine: Network;
let onnxruntime: Network;
beforeAll(async () => {
  const bytes = (await loadPack('tessera-nano')).graphs.get('loop-filter')!;
  [engine, onnxruntime] = [await openNetwork(bytes, CPU), await Graph.create(bytes, CPU)];
});

function randomBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

/** The picture that a network makes of `planes`. */
async function filtered(
  network: Network,
  geometry: Geometry,
  planes: Planes,
  side: Uint8Array,
  regions: readonly number[],
): Promise<Planes> {
  const kernels = new Kernels();
  const [from, to] = [Picture.allocate(kernels, geometry), Picture.allocate(kernels, geometry)];
  const filter = regionFilterOf(kernels, geometry, network);
  // The second picture finds what the first one left in memory.
  from.write({ y: planes.y.map((value) => 255 - value), u: planes.v, v: planes.u });
  await filter.filter(
    from,
    to,
    side.map((value) => value >> 1),
    [0],
  );
  from.write(planes);
  await filter.filter(from, to, side, regions);
  expect(from.read()).toEqual(planes);
  return to.read();
}

test.each([
  [1, 1],
  [64, 64],
  [80, 48],
  [130, 101],
  [200, 70],
])('%dx%d: regions are filtered where they lie as they are in copies', async (width, height) => {
  const geometry = new Geometry(width, height);
  const { codedWidth, codedHeight } = geometry;
  const size = codedWidth * codedHeight;
  const planes = { y: randomBytes(size, 1), u: randomBytes(size / 4, 2), v: randomBytes(size / 4, 3) };
  const side = randomBytes((6 * size) / 64, 4).map((value) => value >> 2);
  const all = Array.from({ length: geometry.regionRows * geometry.regionColumns }, (_, region) => region);
  for (const regions of [[], all, all.filter((region) => region % 2 === 1).reverse()]) {
    const own = await filtered(engine, geometry, planes, side, regions);
    expect(own).toEqual(await filtered(onnxruntime, geometry, planes, side, regions));
    expect(Buffer.compare(own.y, planes.y) === 0).toBe(regions.length === 0);
  }
});
