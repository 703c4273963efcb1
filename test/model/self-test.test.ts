import { beforeAll, describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { loadPack, type ModelPack } from '../../src/model/pack.js';
import { selfTestPack } from '../../src/model/self-test.js';
import { TINY_PACK } from '../support/packs.js';

const CPU = { device: 'cpu', threads: 1 } as const;

describe('selfTestPack', () => {
  let pack: ModelPack;
  beforeAll(async () => {
    pack = await loadPack(TINY_PACK);
  });

  test.each(['disabled', 'basic', 'all'] as const)(
    'the tiny pack passes at optimisation level %s',
    async (optimisation) => {
      expect(await selfTestPack(pack, { ...CPU, optimisation })).toEqual([
        { role: 'prior-first', ok: true },
        { role: 'prior-second', ok: true },
        { role: 'loop-filter', ok: true },
      ]);
    },
  );

  test('the product pack passes', async () => {
    const results = await selfTestPack(await loadPack('tessera-nano'), { device: 'cpu', threads: 2 });
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  test('finds one wrong value', async () => {
    const selfTest = new Map(pack.selfTest);
    const tensor = selfTest.get('prior-second.output.scale')!;
    const data = tensor.data.slice();
    data[5]! ^= 1;
    selfTest.set('prior-second.output.scale', { ...tensor, data });
    const results = await selfTestPack({ ...pack, selfTest }, CPU);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
  });

  test('says which vectors are missing', async () => {
    const selfTest = new Map([...pack.selfTest].filter(([name]) => !name.startsWith('loop-filter')));
    await expect(selfTestPack({ ...pack, selfTest }, CPU)).rejects.toThrow(ModelError);
    await expect(selfTestPack({ ...pack, selfTest }, CPU)).rejects.toThrow(/self-test vectors loop-filter\.input/);
  });
});
