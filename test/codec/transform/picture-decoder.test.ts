import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { FrameTokens, Geometry } from '../../../src/codec/transform/frame-tokens.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { PictureDecoder } from '../../../src/codec/transform/picture-decoder.js';
import type { Planes } from '../../../src/codec/planes.js';
import { BitstreamError } from '../../../src/errors.js';
import { Kernels } from '../../../src/kernels/kernels.js';
import type { Network } from '../../../src/model/network.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { clip } from '../../kernels/twins/block.js';
import { randomTokens } from './random-tokens.js';
import { SlowPicture } from './slow-picture.js';
import { slowSide } from './slow-prior.js';
import { exactGraphs, geometries, randomHeads, richTables, tinyPack, tinyTables } from '../tiny.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

let loopFilter: Network;
let tables: PackTables;
beforeAll(async () => {
  ({ loopFilter } = await exactGraphs(await tinyPack));
  tables = await tinyTables();
});

/** A square of a plane whose edges repeat without end. */
function cut(plane: Uint8Array, width: number, top: number, left: number, size: number): Uint8Array {
  const height = plane.length / width;
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const row = clip(top + Math.floor(i / size), 0, height - 1);
    return plane[row * width + clip(left + (i % size), 0, width - 1)]!;
  });
}

/** FORMAT.md section 10, "Loop filter": every region alone, with 8 luma samples around it. */
async function slowLoop(header: FrameHeader, tokens: FrameTokens, planes: Planes): Promise<Planes> {
  if (!header.hasLoopFilter) return planes;
  const { codedWidth, codedHeight, regionColumns } = tokens.geometry;
  const side = slowSide(header, tokens);
  const result = { y: planes.y.slice(), u: planes.u.slice(), v: planes.v.slice() };
  for (const [region, flag] of tokens.filtered.entries()) {
    if (flag === 0) continue;
    const [row, column] = [Math.floor(region / regionColumns), region % regionColumns];
    const square = (plane: Uint8Array, unit: number): Uint8Array =>
      cut(plane, codedWidth / unit, (64 * row - 8) / unit, (64 * column - 8) / unit, 80 / unit);
    const sidePlane = (codedWidth / 8) * (codedHeight / 8);
    const sides = [0, 1, 2, 3, 4, 5, 6].flatMap((p) => [
      ...square(side.subarray(p * sidePlane, (p + 1) * sidePlane), 8),
    ]);
    const output = await loopFilter.run({
      y: { data: square(planes.y, 1), dims: [1, 1, 80, 80] },
      u: { data: square(planes.u, 2), dims: [1, 1, 40, 40] },
      v: { data: square(planes.v, 2), dims: [1, 1, 40, 40] },
      side: { data: Uint8Array.from(sides), dims: [1, 7, 10, 10] },
    });
    for (const [name, from, unit] of [
      ['y', 'filteredY', 1],
      ['u', 'filteredU', 2],
      ['v', 'filteredV', 2],
    ] as const) {
      const [size, width, height] = [64 / unit, codedWidth / unit, codedHeight / unit];
      for (let y = size * row; y < Math.min(height, size * (row + 1)); y++) {
        for (let x = size * column; x < Math.min(width, size * (column + 1)); x++) {
          result[name][y * width + x] = output[from]!.data[(y - size * row) * size + x - size * column]!;
        }
      }
    }
  }
  return result;
}

describe('random frames become the pictures of FORMAT.md section 10', () => {
  test.each([
    ...geometries.flatMap(({ width, height }) => [false, true].map((rich) => [width, height, rich, 8] as const)),
    // Four whole regions and edges: a 64x64 block with everything around it.
    [132, 130, true, 4] as const,
  ])('%dx%d, pack with several bases: %s, %d frames', async (width, height, rich, count) => {
    const geometry = new Geometry(width, height);
    const pack = rich ? richTables(tables) : tables;
    const random = seededRandom(width + (rich ? 1 : 0));
    const decoder = new PictureDecoder(new Kernels(), geometry, pack, loopFilter);
    let slots = new Map<number, Planes>();
    for (const header of randomHeads(count, random, [0, 6])) {
      if (header.kind === 'key') slots = new Map();
      const tokens = randomTokens(geometry, pack, header, random);
      const references = [header.referenceSlot0, header.referenceSlot1].map((slot) =>
        slot === null ? null : slots.get(slot)!,
      );
      const expected = await slowLoop(header, tokens, new SlowPicture(pack, header, tokens, references).planes);
      expect(await decoder.decode(header, tokens)).toEqual(expected);
      if (header.refreshSlot !== null) slots.set(header.refreshSlot, expected);
    }
  });
});

describe('slots', () => {
  const geometry = new Geometry(20, 20);
  const key: FrameHeader = {
    kind: 'key',
    q: 40,
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: 2,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts: 0n,
  };
  const inter: FrameHeader = { ...key, kind: 'inter', referenceSlot0: 2, refreshSlot: null };

  /** A frame that repeats what is in `referenceSlot0`. */
  function repeat(): FrameTokens {
    const tokens = new FrameTokens(geometry);
    tokens.referenceIndex.fill(0);
    return tokens;
  }

  test('a slot keeps its picture until it is filled again or a key frame comes', async () => {
    const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
    const first = await decoder.decode(key, randomTokens(geometry, tables, key, seededRandom(1)));
    expect(await decoder.decode(inter, repeat())).toEqual(first);
    // Copies slot 2 to slot 5, then fills 2 with something else.
    await decoder.decode({ ...inter, refreshSlot: 5 }, repeat());
    const change = { ...inter, refreshSlot: 2 };
    const second = await decoder.decode(change, randomTokens(geometry, tables, change, seededRandom(2)));
    expect(await decoder.decode(inter, repeat())).toEqual(second);
    expect(await decoder.decode({ ...inter, referenceSlot0: 5 }, repeat())).toEqual(first);
    const other = { ...key, refreshSlot: 0 };
    await decoder.decode(other, randomTokens(geometry, tables, other, seededRandom(3)));
    await expect(decoder.decode({ ...inter, referenceSlot0: 5 }, repeat())).rejects.toThrow(BitstreamError);
    await expect(decoder.decode(inter, repeat())).rejects.toThrow(/slot 2, which is empty/);
  });

  test('a key frame that fills nothing leaves all slots empty', async () => {
    const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
    const shown = { ...key, refreshSlot: null };
    await decoder.decode(key, randomTokens(geometry, tables, key, seededRandom(1)));
    await decoder.decode(shown, randomTokens(geometry, tables, shown, seededRandom(1)));
    await expect(decoder.decode(inter, repeat())).rejects.toThrow(BitstreamError);
  });

  test('a filter that the pack does not have is refused', async () => {
    const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
    await decoder.decode({ ...key, variant: 2 }, randomTokens(geometry, tables, key, seededRandom(1)));
    await expect(decoder.decode({ ...inter, variant: 2 }, repeat())).rejects.toThrow(/no such interpolation filter/);
  });
});
