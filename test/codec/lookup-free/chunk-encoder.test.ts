import { describe, expect, test } from '@jest/globals';
import { CellGrid } from '../../../src/codec/lookup-free/cell-grid.js';
import { ChunkEncoder, type ChunkPacket, type TokenizerGraphs } from '../../../src/codec/lookup-free/chunk-encoder.js';
import { gatherPictures } from '../../../src/codec/lookup-free/picture-group.js';
import type { TimedPicture } from '../../../src/codec/planes.js';
import { Kernels } from '../../../src/kernels/kernels.js';
import type { GraphTensor } from '../../../src/model/network.js';
import { picture } from '../clips.js';

const [WIDTH, HEIGHT] = [80, 64];

/** Networks that note what they are given and know nothing; decoded pictures are flat, with a level for each run. */
class Notes implements TokenizerGraphs {
  readonly tables = {
    firstState: Uint8Array.of(128, 7),
    channelWeights: new Int8Array(18 * 18),
    bitTables: new Uint16Array(18 * 64 * 2).fill(16384),
  };
  readonly states: number[] = [];
  readonly #levels: readonly number[];
  #runs = 0;

  constructor(levels: readonly number[] = []) {
    this.#levels = levels;
  }

  readonly encoder = {
    run: ({ state }: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> => {
      this.states.push(state!.data[0]!);
      return Promise.resolve({ evidence: { data: new Uint8Array(18 * 80), dims: [18, 8, 10] } });
    },
  };

  readonly decoder = {
    run: (): Promise<Record<string, GraphTensor>> => {
      const level = this.#levels[this.#runs] ?? 0;
      const plane = { data: new Uint8Array(4 * WIDTH * HEIGHT).fill(level), dims: [4, HEIGHT, WIDTH] };
      const nextState = { data: new Uint8Array(160).fill(++this.#runs), dims: [1, 2, 8, 10] };
      return Promise.resolve({ y: plane, u: plane, v: plane, nextState });
    },
  };

  readonly prior = {
    run: ({ about }: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> => {
      const cells = about!.dims[0]!;
      return Promise.resolve({ logit: { data: new Uint8Array(18 * cells).fill(128), dims: [cells, 18] } });
    },
  };
}

async function encode(
  scenes: readonly number[],
  keyint: number,
): Promise<{ packets: ChunkPacket[]; states: readonly number[] }> {
  const notes = new Notes();
  const encoder = new ChunkEncoder(new Kernels(), new CellGrid(WIDTH, HEIGHT), notes, { channels: 5, keyint });
  const packets: ChunkPacket[] = [];
  for (const [time, scene] of scenes.entries()) {
    encoder.push(picture('pan', WIDTH, HEIGHT, time, 3 * scene));
    if (encoder.isReady(false)) packets.push(await encoder.next(false));
  }
  while (encoder.isReady(true)) packets.push(await encoder.next(true));
  return { packets, states: notes.states };
}

/** Kinds and pictures of token grids as text: K is a key packet, digits are pictures of a token grid. */
function shape(packets: readonly ChunkPacket[]): string {
  return packets.map(({ header }) => (header.kind === 'key' ? 'K' : String(header.variant))).join('');
}

describe('ChunkEncoder', () => {
  test.each([
    ['one picture', [0], 250, 'K'],
    ['a whole chunk', Array<number>(9).fill(0), 250, 'K01230123'],
    ['a chunk cut short', Array<number>(7).fill(0), 250, 'K012301'],
    ['chunks of 1 + 4k pictures at most', Array<number>(13).fill(0), 8, 'K0123K0123K01'],
    ['nothing but key frames', Array<number>(3).fill(0), 1, 'KKK'],
    ['a scene cut inside a token grid', [0, 0, 0, 0, 0, 0, 0, 1, 1, 1], 250, 'K012301K01'],
    ['a scene cut between two', [0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2], 250, 'K0123K01230'],
    ['a scene of one picture', [0, 2, 2, 2], 250, 'KK01'],
  ])('%s', async (_, scenes, keyint, expected) => {
    const { packets } = await encode(scenes, keyint);
    expect(shape(packets)).toBe(expected);
    expect(packets.map(({ display }) => display)).toEqual(scenes.map((_, time) => time));
    expect(packets.map(({ header }) => Number(header.pts))).toEqual(scenes.map((_, time) => time));
    for (const { header, tokens } of packets) {
      const isOwn = header.kind === 'key' || header.variant === 0;
      expect(tokens.ids.length).toBe(isOwn ? 80 * (header.kind === 'key' ? 1 + header.variant : 1) : 0);
      expect(header.refreshSlot).toBe(isOwn ? 0 : null);
      expect(header.q).toBe(5);
    }
  });

  test('each token grid is coded with the state behind the one before, each chunk with the first state', async () => {
    const { states } = await encode(Array<number>(14).fill(0), 9);
    expect(states).toEqual([128, 1, 2, 128, 4]);
  });

  const flat = (time: number): TimedPicture => ({
    y: new Uint8Array(WIDTH * HEIGHT).fill(100),
    u: new Uint8Array((WIDTH * HEIGHT) / 4).fill(128),
    v: new Uint8Array((WIDTH * HEIGHT) / 4).fill(128),
    pts: BigInt(time),
  });

  test.each([
    ['as good as the one before', [150, 110, 111, 90], [0, 0]],
    ['clearly worse than the one before', [150, 110, 112, 90], [0, 1]],
  ])('a key picture within a scene that is %s', async (_, levels, expected) => {
    const notes = new Notes(levels);
    const encoder = new ChunkEncoder(new Kernels(), new CellGrid(WIDTH, HEIGHT), notes, { channels: 18, keyint: 5 });
    for (let time = 0; time < 6; time++) encoder.push(flat(time));
    const packets: ChunkPacket[] = [];
    while (encoder.isReady(true)) packets.push(await encoder.next(true));
    const keys = packets.filter(({ header }) => header.kind === 'key');
    expect(keys.map(({ header }) => header.variant)).toEqual(expected);
    expect(keys.map(({ tokens }) => tokens.ids.length / 80 - 1)).toEqual(expected);
    // The second token grid is coded with the state behind the first.
    expect(notes.states).toEqual(expected[1] === 1 ? [128, 1, 128, 3] : [128, 1, 128]);
  });
});

describe('gatherPictures', () => {
  test('repeats edges and the last picture', () => {
    const grid = new CellGrid(3, 9);
    const pictures = [0, 1].map((time) => picture('noise', 3, 9, time));
    const { y, u } = gatherPictures(grid, pictures);
    expect([y.length, u.length]).toEqual([4 * 8 * 16, 4 * 4 * 8]);
    const at = (index: number, row: number, column: number): number => y[(index * 16 + row) * 8 + column]!;
    for (const [index, source] of [0, 1, 1, 1].entries()) {
      for (const [row, from] of [
        [0, 0],
        [8, 8],
        [15, 8],
      ] as const) {
        for (const [column, fromColumn] of [
          [0, 0],
          [2, 2],
          [7, 2],
        ] as const) {
          expect(at(index, row, column)).toBe(pictures[source]!.y[from * 3 + fromColumn]);
        }
      }
    }
    expect(u[7 * 4 + 3]).toBe(pictures[0]!.u[4 * 2 + 1]);
  });
});
