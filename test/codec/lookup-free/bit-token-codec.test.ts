import { beforeAll, describe, expect, test } from '@jest/globals';
import { BitTokenCodec } from '../../../src/codec/lookup-free/bit-token-codec.js';
import { CellGrid } from '../../../src/codec/lookup-free/cell-grid.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { BitstreamError } from '../../../src/errors.js';
import { readBitTables, type BitTables } from '../../../src/codec/lookup-free/bit-tables.js';
import { Graph } from '../../../src/model/graph.js';
import { seededRandom } from '../../entropy/random.js';
import { tinyLookupFree } from './read-packets.js';

const KEY: FrameHeader = {
  ...{ kind: 'key', q: 18, referenceSlot0: null, referenceSlot1: null, refreshSlot: 0, variant: 0 },
  ...{ hasQOffsets: false, hasLoopFilter: false, pts: 0n },
};
const INTER: FrameHeader = { ...KEY, kind: 'inter', referenceSlot0: 0 };

let tables: BitTables;
let prior: Graph;
beforeAll(async () => {
  tables = readBitTables(await tinyLookupFree);
  prior = await Graph.create((await tinyLookupFree).graphs.get('prior')!, { device: 'cpu', threads: 1 });
});

const grid = new CellGrid(75, 43);
const create = (): BitTokenCodec => new BitTokenCodec(grid, tables, prior);

/** Token grids whose channels keep what they were with a probability. */
function drawFrames(count: number, q: number, keep: number, seed: number): Uint32Array<ArrayBuffer>[] {
  const random = seededRandom(seed);
  const frames: Uint32Array<ArrayBuffer>[] = [];
  for (let t = 0; t < count; t++) {
    const last = frames.at(-1);
    frames.push(
      Uint32Array.from({ length: grid.cells }, (_, cell) => {
        let id = 0;
        for (let channel = 0; channel < q; channel++) {
          const isKept = last !== undefined && random() < keep;
          id |= (isKept ? (last[cell]! >>> channel) & 1 : Number(random() < 0.5)) << channel;
        }
        return id;
      }),
    );
  }
  return frames;
}

describe('BitTokenCodec', () => {
  test.each([1, 6, 17, 18])('reads back what it wrote, with %d channels', async (q) => {
    const [writer, reader] = [create(), create()];
    for (const [t, ids] of drawFrames(4, q, 0.5, q).entries()) {
      const header = { ...(t === 0 ? KEY : INTER), q };
      const bytes = await writer.write(header, { ids });
      expect((await reader.read(header, bytes)).ids).toEqual(ids);
      // Noise cannot be packed, but costs little more than it has bits.
      expect(bytes.length).toBeLessThan((grid.cells * q * 1.4) / 8 + 16);
    }
  });

  test('a key frame forgets all that was before it', async () => {
    const [fresh, used] = [create(), create()];
    const [first, second, third] = drawFrames(3, 18, 0.5, 5);
    await used.write(KEY, { ids: first! });
    await used.write(INTER, { ids: second! });
    const bytes = await used.write(KEY, { ids: third! });
    expect(Buffer.compare(bytes, await fresh.write(KEY, { ids: third! }))).toBe(0);
  });

  test('its tables learn: the same tokens again and again cost less and less', async () => {
    const writer = create();
    const ids = new Uint32Array(grid.cells).fill(0b101);
    const sizes: number[] = [];
    for (let t = 0; t < 16; t++) sizes.push((await writer.write(t === 0 ? KEY : INTER, { ids })).length);
    expect(sizes[15]).toBeLessThan(sizes[0]! / 2);
  });

  test('any byte may be damaged: other tokens come or an error, and nothing else', async () => {
    const [ids] = drawFrames(1, 18, 0, 9);
    const bytes = new Uint8Array(await create().write(KEY, { ids: ids! }));
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 7) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x55;
      try {
        const found = await create().read(KEY, damaged);
        expect(found.ids).not.toEqual(ids);
      } catch (error) {
        expect(error).toBeInstanceOf(BitstreamError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
