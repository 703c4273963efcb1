import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { NpyWriter } from '../../src/dev/npy.js';
import { readNpy } from './read-npy.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-npy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['|u1', Uint8Array.from([0, 255, 7, 8, 9, 10])],
  ['|i1', Int8Array.from([-128, 127, -1, 0, 1, 2])],
  ['<i4', Int32Array.from([-(2 ** 31), 2 ** 31 - 1, 3, 4, 5, 6])],
] as const)('rows of %s', async (type, values) => {
  const path = join(folder, 'a.npy');
  const writer = await NpyWriter.create(path, type, [3]);
  await writer.append(values.subarray(0, 3));
  await writer.append(values.subarray(3), 1);
  await writer.finish();
  expect(await readNpy(path)).toEqual({ type, shape: [2, 3], data: values });
});

test('no rows, several at once, rows of one value', async () => {
  const path = join(folder, 'b.npy');
  await (await NpyWriter.create(path, '|u1', [4, 5])).finish();
  expect(await readNpy(path)).toMatchObject({ shape: [0, 4, 5] });
  const writer = await NpyWriter.create(path, '|u1', []);
  await writer.append(Uint8Array.of(1, 2, 3), 3);
  await writer.finish();
  expect(await readNpy(path)).toEqual({ type: '|u1', shape: [3], data: Uint8Array.of(1, 2, 3) });
});
