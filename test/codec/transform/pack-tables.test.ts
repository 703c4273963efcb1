import { beforeAll, describe, expect, test } from '@jest/globals';
import { ModelError } from '../../../src/errors.js';
import { loadPack, type ModelPack } from '../../../src/model/pack.js';
import { readPackTables } from '../../../src/codec/transform/pack-tables.js';
import type { Tensor } from '../../../src/model/safetensors.js';
import { TINY_PACK } from '../../support/packs.js';

describe('readPackTables', () => {
  let pack: ModelPack;
  beforeAll(async () => {
    pack = await loadPack(TINY_PACK);
  });

  test('reads the tiny pack and the product pack', async () => {
    const tables = readPackTables(pack);
    expect(tables).toMatchObject({
      intraModes: 4,
      basis16: { count: 1, atoms: 48 },
      basisChroma: { count: 2, atoms: 16 },
      interpolation: { count: 2 },
      intraClass: Uint8Array.of(2, 0, 3, 1),
      modeTables: {
        split: { contexts: 556, symbols: 2 },
        typeLarge: { contexts: 522, symbols: 3 },
        intraMode16: { contexts: 10, symbols: 4 },
        motionClass: { contexts: 75, symbols: 16 },
      },
    });
    expect(tables.basis16.data).toBeInstanceOf(Int16Array);
    expect(readPackTables(await loadPack('tessera-nano')).intraModes).toBeLessThanOrEqual(32);
  });

  /** The tiny pack with one table replaced; undefined takes it away. */
  function withTable(
    name: string,
    edit: (tensor: Tensor) => Tensor | undefined,
  ): Pick<ModelPack, 'name' | 'family' | 'tables'> {
    const tables = new Map(pack.tables);
    const edited = edit(tables.get(name)!);
    if (edited === undefined) tables.delete(name);
    else tables.set(name, edited);
    return { name: 'tiny', family: 'transform', tables };
  }

  /** The same tensor with some values changed. */
  const set =
    (changes: Record<number, number>) =>
    (tensor: Tensor): Tensor => {
      const data = tensor.data.slice();
      for (const [at, value] of Object.entries(changes)) data[Number(at)] = value;
      return { ...tensor, data };
    };
  const reshape =
    (...shape: number[]) =>
    (tensor: Tensor): Tensor => ({ ...tensor, shape });

  test.each<[string, string, (tensor: Tensor) => Tensor | undefined, RegExp]>([
    ['a missing table', 'step', () => undefined, /table step: missing/],
    ['another type', 'step', (t) => ({ ...t, dtype: 'F32' }), /type F32, expected I32/],
    ['another shape', 'contextOfSum', reshape(1, 19), /shape \[1, 19\], expected \[19\]/],
    ['a step of zero', 'step', set({ 3: 0 }), /value 0 at 3 is outside 1\.\.16384/],
    ['a step that would overflow', 'step', set({ 0: 16385 }), /16385/],
    ['too many atoms', 'basis8', reshape(1, 65, 64), /65 atoms, allowed are 1\.\.64/],
    ['a number of atoms between two limits', 'basis16', reshape(1, 47, 256), /47 atoms are none of the luma limits/],
    ['weights for other atoms', 'weight16', reshape(48, 1), /weight16: shape/],
    ['no intra modes', 'intra16', reshape(0, 256, 49), /0 modes/],
    ['a class beyond the last', 'intraClass', set({ 2: 16 }), /value 16 at 2 is outside 0\.\.15/],
    ['a missing separable transform', 'separable64', () => undefined, /table separable64: missing/],
    ['a separable transform that keeps another number', 'separable32', reshape(32, 16), /expected \[16, 32\]/],
    ['contexts of 16x16 blocks only', 'modeTables.lumaGroups', reshape(96, 34), /expected \[192, 17\]/],
    ['a basis that is not there', 'intraBasis8', set({ 1: 1 }), /value 1 at 1 is outside 0\.\.0/],
    ['five bases to choose from', 'interBasis16', (t) => ({ ...t, shape: [5], data: new Uint8Array(5) }), /5 choices/],
    ['taps that do not sum to 64', 'interpolation', set({ 8: 60 }), /interpolation: row 1 sums to/],
    ['taps whose sums would overflow', 'interpolation', set({ 8: 70, 9: -70 }), /row 1 sum to 204/],
    ['a phase 0 that moves the picture', 'interpolation', set({ 3: 0, 4: 64 }), /row 0 \(phase 0\)/],
    ['chroma taps that do not sum to 64', 'interpolationChroma', set({ 1: 63 }), /row 0 sums to 63/],
    ['a neighbour that comes later', 'contextNeighbours', set({ [256 * 6 + 30]: 5 }), /neighbour 5 of token 5/],
    ['a ninth context', 'contextOfSum', set({ 18: 8 }), /value 8 at 18/],
    ['a frequency of zero', 'coefficientTables', set({ 17: 0 }), /value 0 at 17/],
    ['frequencies with a wrong sum', 'modeTables.motion', (t) => set({ 0: t.data[0]! + 1 })(t), /row 0 sums to 32769/],
    ['mode tables of another size', 'modeTables.intraMode8', reshape(4, 30), /expected \[30, 4\]/],
  ])('refuses %s', (_, name, edit, message) => {
    const damaged = withTable(name, edit);
    expect(() => readPackTables(damaged)).toThrow(ModelError);
    expect(() => readPackTables(damaged)).toThrow(message);
  });
});
