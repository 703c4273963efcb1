import { beforeAll, describe, expect, test } from '@jest/globals';
import { CellGrid } from '../../../src/codec/lookup-free/cell-grid.js';
import { SignChooser } from '../../../src/codec/lookup-free/sign-chooser.js';
import { TokenGridCoder } from '../../../src/codec/lookup-free/token-grid-coder.js';
import { CostCounter } from '../../../src/entropy/symbol-coder.js';
import { readBitTables, type BitTables } from '../../../src/codec/lookup-free/bit-tables.js';
import { Graph } from '../../../src/model/graph.js';
import { seededRandom } from '../../entropy/random.js';
import { tinyLookupFree } from './read-packets.js';

const CHANNELS = 18;
const grid = new CellGrid(96, 72);
let tables: BitTables;
let prior: Graph;
beforeAll(async () => {
  tables = readBitTables(await tinyLookupFree);
  prior = await Graph.create((await tinyLookupFree).graphs.get('prior')!, { device: 'cpu', threads: 1 });
});

/** Evidence of token grids: up to `steps` eighths of a nat for either sign. */
function drawEvidence(count: number, steps: number): Uint8Array[] {
  const random = seededRandom(steps);
  const draw = (): number => Math.round(127.5 + (2 * random() - 1) * steps);
  return Array.from({ length: count }, () => Uint8Array.from({ length: CHANNELS * grid.cells }, draw));
}

/** Ids of what evidence alone says. */
function signsOf(evidence: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: grid.cells }, (_, cell) => {
    let id = 0;
    for (let channel = 0; channel < CHANNELS; channel++) {
      id |= Number(evidence[channel * grid.cells + cell]! >= 128) << channel;
    }
    return id;
  });
}

async function choose(frames: readonly Uint8Array[]): Promise<Uint32Array[]> {
  const chooser = new SignChooser(grid, tables, prior);
  const chosen: Uint32Array[] = [];
  for (const evidence of frames) chosen.push(await chooser.choose(evidence, CHANNELS));
  return chosen;
}

async function bitsOf(frames: readonly Uint32Array[]): Promise<number> {
  const counter = new CostCounter();
  const coder = new TokenGridCoder(grid, tables, prior);
  for (const ids of frames) await coder.code(counter, CHANNELS, (cell, channel) => (ids[cell]! >>> channel) & 1);
  return counter.bitCount;
}

/** Nats of evidence that ids go against. */
function overruled(frames: readonly Uint8Array[], chosen: readonly Uint32Array[]): number {
  let nats = 0;
  for (const [index, evidence] of frames.entries()) {
    evidence.forEach((value, at) => {
      const bit = (chosen[index]![at % grid.cells]! >>> Math.floor(at / grid.cells)) & 1;
      const worth = (value - 127.5) / 8;
      if (worth > 0 !== (bit === 1)) nats += Math.abs(worth);
    });
  }
  return nats;
}

describe('SignChooser', () => {
  test('what is worth more than any bit costs stays as it is', async () => {
    const frames = drawEvidence(2, 8).map((evidence) => evidence.map((value) => (value >= 128 ? 255 : 0)));
    expect(await choose(frames)).toEqual(frames.map(signsOf));
  });

  test.each([2, 8, 24])('of evidence up to %d eighths of a nat it gives up less than it saves', async (steps) => {
    const frames = drawEvidence(3, steps);
    const chosen = await choose(frames);
    const saved = ((await bitsOf(frames.map(signsOf))) - (await bitsOf(chosen))) * Math.LN2;
    expect(saved).toBeGreaterThan(0);
    expect(overruled(frames, chosen)).toBeLessThan(saved);
  });

  test('a new chunk begins as the first one did', async () => {
    const [first, second] = drawEvidence(2, 8);
    const chooser = new SignChooser(grid, tables, prior);
    const before = await chooser.choose(first!, CHANNELS);
    await chooser.choose(second!, CHANNELS);
    chooser.restart();
    expect(await chooser.choose(first!, CHANNELS)).toEqual(before);
  });
});
