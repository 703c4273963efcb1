import { beforeAll, describe, expect, test } from '@jest/globals';
import { FrameTokens, Geometry, INTER16, INTRA8, SKIP } from '../../../src/codec/transform/frame-tokens.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import { TokenCodec } from '../../../src/codec/transform/token-codec.js';
import { BitstreamError } from '../../../src/errors.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { randomTokens } from './random-tokens.js';
import { exactGraphs, geometries, randomHeads, richTables, tinyPack, tinyTables, type ExactGraphs } from '../tiny.js';

let graphs: ExactGraphs;
let tables: PackTables;
beforeAll(async () => {
  graphs = await exactGraphs(await tinyPack);
  tables = await tinyTables();
});

describe('any valid tokens come back', () => {
  test.each(geometries.map((geometry) => [geometry.width, geometry.height, geometry] as const))(
    '%dx%d',
    async (_width, _height, geometry) => {
      for (const rich of [false, true]) {
        const pack = rich ? richTables(tables) : tables;
        const random = seededRandom(geometry.width + (rich ? 1000 : 0));
        const writing = new TokenCodec(geometry, pack, graphs);
        const reading = new TokenCodec(geometry, pack, graphs);
        const temporal = new TemporalMotion();
        let spare: FrameTokens | undefined;
        for (const header of randomHeads(12, random, [0, 7])) {
          const tokens = randomTokens(geometry, pack, header, random, temporal);
          // What the encoder fills in is not given to the writer: it must find it out itself.
          const given = FrameTokens.adopt(geometry, structuredClone(tokens.arrays()));
          given.hasNewMotion.fill(0);
          const read = await reading.read(header, await writing.write(header, given), spare);
          expect(read.arrays()).toEqual(tokens.arrays());
          expect(given.arrays()).toEqual(tokens.arrays());
          // The next frame is read into the same memory.
          spare = read;
        }
      }
    },
  );
});

describe('refused', () => {
  const geometry = new Geometry(40, 24);
  const key: FrameHeader = {
    kind: 'key',
    q: 30,
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: 1,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts: 0n,
  };

  test('a frame that refers to a slot that no frame has filled since the last key frame', async () => {
    const codec = new TokenCodec(geometry, tables, graphs);
    const random = seededRandom(5);
    const write = (header: FrameHeader): Promise<Uint8Array> =>
      new TokenCodec(geometry, tables, graphs).write(header, randomTokens(geometry, tables, header, random));
    const first = await write(key);
    await codec.read(key, first);
    const inter: FrameHeader = { ...key, kind: 'inter', referenceSlot0: 0 };
    await expect(codec.read(inter, Uint8Array.of(0, 0, 128, 0))).rejects.toThrow(BitstreamError);
    await codec.read({ ...key, refreshSlot: 0 }, first);
    await expect(codec.read({ ...inter, referenceSlot0: 1 }, first)).rejects.toThrow(BitstreamError);
  });

  test('bytes that are cut or followed by others', async () => {
    const random = seededRandom(6);
    const tokens = randomTokens(geometry, tables, key, random);
    const bytes = await new TokenCodec(geometry, tables, graphs).write(key, tokens);
    const read = (cut: Uint8Array): Promise<FrameTokens> => new TokenCodec(geometry, tables, graphs).read(key, cut);
    await read(bytes);
    for (const length of [0, 3, 4, bytes.length >> 1, bytes.length - 1]) {
      await expect(read(bytes.subarray(0, length))).rejects.toThrow(BitstreamError);
    }
    await expect(read(Uint8Array.of(...bytes, 0))).rejects.toThrow(BitstreamError);
  });

  test('a vector beyond the limit', async () => {
    const pack: PackTables = { ...tables };
    const writing = new TokenCodec(geometry, pack, graphs);
    await writing.write(key, randomTokens(geometry, pack, key, seededRandom(7)));
    const inter: FrameHeader = { ...key, kind: 'inter', referenceSlot0: 1 };
    const tokens = new FrameTokens(geometry);
    tokens.type.fill(INTER16);
    tokens.referenceIndex.fill(0);
    for (let i = 0; i < tokens.motion.length; i += 4) tokens.motion[i] = 8192;
    await expect(writing.write(inter, tokens)).rejects.toThrow(/motion vector out of range/);
  });

  test('but not the lowest and the highest vector', async () => {
    const inter: FrameHeader = { ...key, kind: 'inter', referenceSlot0: 1 };
    const tokens = new FrameTokens(geometry);
    tokens.type.fill(INTER16);
    tokens.referenceIndex.fill(0);
    // Whole macroblocks, four sub-blocks each: rows of the grid of sub-blocks alternate in pairs.
    const stride = geometry.columns * 2;
    for (let at = 0; at < tokens.referenceIndex.length; at++) {
      const isOdd = ((at % stride) >> 1) & 1;
      tokens.motion.set(isOdd === 1 ? [8191, -8192] : [-8192, 8191], at * 4);
    }
    const writing = new TokenCodec(geometry, tables, graphs);
    const reading = new TokenCodec(geometry, tables, graphs);
    const first = randomTokens(geometry, tables, key, seededRandom(9));
    await reading.read(key, await writing.write(key, first));
    const read = await reading.read(inter, await writing.write(inter, tokens));
    expect(read.motion).toEqual(tokens.motion);
  });

  test('a basis that the pack does not have', async () => {
    const pack = richTables(tables);
    const writing = new TokenCodec(geometry, pack, graphs);
    const keyTokens = randomTokens(geometry, pack, key, seededRandom(8));
    await writing.write(key, keyTokens);
    const inter: FrameHeader = { ...key, kind: 'inter', referenceSlot0: 1 };
    const tokens = new FrameTokens(geometry);
    tokens.type.fill(SKIP);
    tokens.referenceIndex.fill(0);
    tokens.type[3] = INTER16;
    tokens.lumaGroups[3] = 2;
    tokens.basis[3] = 3;
    await expect(writing.write(inter, tokens)).rejects.toThrow(/no such basis/);
  });
});

test('tables adapt over inter frames and start anew at key frames', async () => {
  const geometry = new Geometry(64, 64);
  const codec = new TokenCodec(geometry, tables, graphs);
  const header: FrameHeader = {
    kind: 'key',
    q: 20,
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: 0,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts: 0n,
  };
  const tokens = new FrameTokens(geometry);
  tokens.type.fill(INTRA8);
  tokens.transform.fill(1);
  const inter: FrameHeader = { ...header, kind: 'inter', referenceSlot0: 0 };
  const sizes: number[] = [];
  for (const next of [header, inter, inter, inter, header, inter]) sizes.push((await codec.write(next, tokens)).length);
  expect(sizes[2]).toBeLessThan(sizes[1]!);
  expect(sizes[3]).toBeLessThan(sizes[2]!);
  expect(sizes.slice(4)).toEqual(sizes.slice(0, 2));
});
