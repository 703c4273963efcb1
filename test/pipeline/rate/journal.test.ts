import { truncate, readFile, writeFile, stat } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { Journal, type ChunkRecord } from '../../../src/pipeline/rate/journal.js';
import { makeFolder } from '../../video/helpers.js';

const fresh = { resume: false, overwrite: false };
const again = { resume: true, overwrite: false };

function chunk(index: number, bytes = 100): ChunkRecord {
  return {
    ...{ kind: 'chunk', index, from: 10 * index, packets: [], qualities: [1.5, 2] },
    report: { frames: 2, start: 0, bytes, quality: 1.75, probes: [] },
    ...{ values: [0.5, 0.25], cuts: 0 },
  };
}

test('a later call goes on with what was written, but for a cut record', async () => {
  await using folder = await makeFolder();
  const path = folder.join('out.tsr.part');
  {
    await using journal = await Journal.open(path, 'command', fresh);
    await journal.add({ kind: 'scout', frames: [{ pts: 3n, duration: 1n, isKey: true, bits: 8, quality: 20 }] });
    await journal.add(chunk(0));
    await journal.add(chunk(1));
    await journal.add(chunk(0, 90));
    journal.keep();
  }
  const { size } = await stat(path);
  await truncate(path, size - 1);
  await using journal = await Journal.open(path, 'command', again);
  expect(journal.scout).toEqual([{ pts: 3n, duration: 1n, isKey: true, bits: 8, quality: 20 }]);
  expect(journal.chunkCount).toBe(2);
  expect(await journal.allChunks()).toEqual([chunk(0), chunk(1)]);
  await journal.add(chunk(0, 80));
  expect((await journal.chunk(0)).report.bytes).toBe(80);
});

test('the file is removed when it is not kept', async () => {
  await using folder = await makeFolder();
  const path = folder.join('out.tsr.part');
  await (await Journal.open(path, 'command', fresh))[Symbol.asyncDispose]();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('a journal of another command, or one that nobody asked for, is refused and kept', async () => {
  await using folder = await makeFolder();
  const path = folder.join('out.tsr.part');
  const first = await Journal.open(path, 'command', fresh);
  first.keep();
  await first[Symbol.asyncDispose]();
  await expect(Journal.open(path, 'other', again)).rejects.toThrow('is of another command or another input');
  await expect(Journal.open(path, 'command', fresh)).rejects.toThrow('go on with it with --resume');
  await stat(path);
  const journal = await Journal.open(path, 'other', { resume: false, overwrite: true });
  await journal[Symbol.asyncDispose]();
});

test('a file that is no journal is replaced', async () => {
  await using folder = await makeFolder();
  const path = folder.join('out.tsr.part');
  await writeFile(path, 'something else');
  await using journal = await Journal.open(path, 'command', again);
  expect(journal.chunkCount).toBe(0);
  expect((await readFile(path)).includes('something else')).toBe(false);
});
