import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { PictureEncoder, type EncodedPicture } from '../../../../src/codec/transform/encoder/picture-encoder.js';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';
import { Geometry, INTRA16, NO_REFERENCE } from '../../../../src/codec/transform/frame-tokens.js';
import { PictureDecoder } from '../../../../src/codec/transform/picture-decoder.js';
import { TokenCodec } from '../../../../src/codec/transform/token-codec.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../../entropy/random.js';
import { integer } from '../../../kernels/arena.js';
import { picture, type ClipKind } from '../../clips.js';
import type { Planes } from '../../../../src/codec/planes.js';
import { settingsOf } from '../../../../src/codec/transform/encoder/presets.js';
import type { GraphTensor, Network } from '../../../../src/model/network.js';
import { exactGraphs, richTables, tinyPack, tinyTables, type ExactGraphs } from '../../tiny.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

let graphs: ExactGraphs;
let tables: PackTables;
beforeAll(async () => {
  graphs = await exactGraphs(await tinyPack);
  tables = await tinyTables();
});

interface Result {
  readonly encoded: EncodedPicture;
  readonly source: Planes;
  readonly bytes: number;
}

/** Encodes, writes, reads and decodes `count` frames and compares at every step. */
async function roundTrip(
  geometry: Geometry,
  pack: PackTables,
  kind: ClipKind,
  q: number,
  count: number,
): Promise<Result[]> {
  const encoder = new PictureEncoder(new Kernels(), geometry, pack, graphs.loopFilter, ENCODER_SETTINGS.lpips);
  const decoder = new PictureDecoder(new Kernels(), geometry, pack, graphs.loopFilter);
  const writing = new TokenCodec(geometry, pack, graphs);
  const reading = new TokenCodec(geometry, pack, graphs);
  const random = seededRandom(q + 1);
  const results: Result[] = [];
  for (let time = 0; time < count; time++) {
    const offsets = Int8Array.from({ length: geometry.regionRows * geometry.regionColumns }, () =>
      time === 1 ? integer(random, -8, 8) : 0,
    );
    const encoded = await encoder.encode(
      picture(kind, geometry.width, geometry.height, time),
      {
        kind: time === 0 ? 'key' : 'inter',
        q,
        referenceSlot0: time === 0 ? null : 0,
        referenceSlot1: null,
        refreshSlot: 0,
        variant: time % 2,
        pts: BigInt(time),
      },
      offsets,
    );
    const bytes = await writing.write(encoded.header, encoded.tokens);
    const tokens = await reading.read(encoded.header, bytes);
    expect(tokens.arrays()).toEqual(encoded.tokens.arrays());
    expect(await decoder.decode(encoded.header, tokens)).toEqual(encoded.loop);
    results.push({ encoded, source: encoded.readSource(), bytes: bytes.length });
  }
  return results;
}

function lumaError({ encoded, source }: Result): number {
  const { loop } = encoded;
  return source.y.reduce((sum, value, i) => sum + (value - loop.y[i]!) ** 2, 0) / source.y.length;
}

describe("the encoder's pictures are the decoder's", () => {
  test.each<[number, number, ClipKind, number]>([
    [1, 1, 'pan', 30],
    [16, 16, 'pan', 30],
    [17, 33, 'noise', 20],
    [53, 37, 'pan', 10],
    [101, 67, 'pan', 35],
    [130, 70, 'pan', 45],
    [64, 64, 'noise', 63],
    [64, 64, 'checks', 63],
    [64, 48, 'checks', 0],
    [48, 64, 'black', 63],
    [2, 200, 'pan', 50],
    [200, 2, 'pan', 50],
  ])('%dx%d %s q %d', async (width, height, kind, q) => {
    const geometry = new Geometry(width, height);
    await roundTrip(geometry, tables, kind, q, 4);
    await roundTrip(geometry, richTables(tables), kind, q, 2);
  });
});

test('more q, more bytes and less error', async () => {
  const geometry = new Geometry(96, 80);
  const results = [];
  for (const q of [8, 24, 40]) results.push((await roundTrip(geometry, tables, 'pan', q, 1))[0]!);
  const [low, middle, high] = results;
  expect(low!.bytes).toBeLessThan(middle!.bytes);
  expect(middle!.bytes).toBeLessThan(high!.bytes);
  expect(lumaError(high!)).toBeLessThan(lumaError(middle!));
  expect(lumaError(middle!)).toBeLessThan(lumaError(low!));
});

test('inter frames find the motion and cost less than key frames', async () => {
  const [key, ...inter] = await roundTrip(new Geometry(128, 96), tables, 'pan', 30, 4);
  for (const { bytes, encoded } of inter) {
    expect(bytes).toBeLessThan(0.6 * key!.bytes);
    // The texture moves by 1.5, -0.75 samples per frame: its vectors are 6 and -3 quarters.
    const { referenceIndex: reference, motion } = encoded.tokens;
    const hits = reference.filter((value, at) => value === 0 && motion[4 * at] === 6 && motion[4 * at + 1] === -3);
    expect(hits.length).toBeGreaterThan(0.5 * reference.length);
  }
  expect(key!.encoded.tokens.type.every((type) => type >= INTRA16)).toBe(true);
  expect(key!.encoded.tokens.referenceIndex.every((reference) => reference === NO_REFERENCE)).toBe(true);
});

test('the source is the picture with its edges repeated up to the coded size', async () => {
  const geometry = new Geometry(18, 17);
  const encoder = new PictureEncoder(new Kernels(), geometry, tables, null, ENCODER_SETTINGS.psnr);
  const planes = picture('noise', 18, 17, 0);
  const header = {
    kind: 'key',
    q: 20,
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: null,
    variant: 0,
    pts: 0n,
  } as const;
  const { readSource, header: done, loop, readUnfiltered } = await encoder.encode(planes, header);
  const source = readSource();
  expect(source.y.length).toBe(32 * 32);
  for (let row = 0; row < 32; row++) {
    for (let column = 0; column < 32; column++) {
      expect(source.y[row * 32 + column]).toBe(planes.y[Math.min(row, 16) * 18 + Math.min(column, 17)]);
    }
  }
  expect(source.u[15 * 16 + 15]).toBe(planes.u.at(-1));
  expect(done).toMatchObject({ hasLoopFilter: false, hasQOffsets: false });
  expect(loop).toEqual(readUnfiltered());
});

test.each([
  ['slow', [0, 3, 4, null]],
  ['medium', [0, 3, 4]],
  ['fast', [0, 3]],
  ['realtime', [0]],
] as const)('with the preset %s the loop filter is tried on frames of slots %j', async (preset, expected) => {
  let runs = 0;
  const filter: Network = {
    ...{ inputNames: ['y', 'u', 'v', 'side'], outputNames: ['filteredY', 'filteredU', 'filteredV'] },
    [Symbol.asyncDispose]: () => Promise.resolve(),
    run: (inputs) => {
      runs++;
      const count = inputs.y!.dims[0]!;
      const plane = (size: number): GraphTensor => ({
        data: new Uint8Array(count * size ** 2),
        dims: [count, 1, size, size],
      });
      return Promise.resolve({ filteredY: plane(64), filteredU: plane(32), filteredV: plane(32) });
    },
  };
  const geometry = new Geometry(32, 32);
  const encoder = new PictureEncoder(new Kernels(), geometry, tables, filter, settingsOf('psnr', preset));
  const head = { kind: 'key', q: 20, referenceSlot0: null, referenceSlot1: null, variant: 1, pts: 0n } as const;
  const tried: (number | null)[] = [];
  for (const refreshSlot of [0, 3, 4, null]) {
    runs = 0;
    await encoder.encode(picture('noise', 32, 32, 0), { ...head, refreshSlot });
    if (runs > 0) tried.push(refreshSlot);
  }
  expect(tried).toEqual(expected);
});
