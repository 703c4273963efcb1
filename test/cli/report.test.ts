import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { syntheticResults, type SyntheticOptions } from '../bench/support/synthetic.js';
import { Folder, jsonLines, tessera } from './helpers.js';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});

afterAll(() => folder[Symbol.asyncDispose]());

async function results(name: string, options: SyntheticOptions = {}): Promise<string> {
  const path = folder.join(name);
  await writeFile(
    path,
    JSON.stringify(syntheticResults({ clips: 2, codecs: 3, metrics: ['psnr-y', 'lpips'], ...options })),
  );
  return path;
}

describe('report RESULTS.json', () => {
  test('makes everything again', async () => {
    const file = await results('one.json');
    const run = await tessera(['report', file, '--out', folder.join('made')]);
    expect(run).toMatchObject({ exitCode: 0, stdout: '' });
    expect(run.stderr).toBe(`tessera: 15 files written; open ${folder.join('made', 'report.html')}`);
    expect(await readFile(folder.join('made', 'tables.md'), 'utf8')).toContain(
      '| against x264 medium | PSNR Y | LPIPS |',
    );
    const again = await tessera(['report', file, '--out', folder.join('made'), '--json']);
    expect(jsonLines(again.stdout)).toEqual([
      {
        type: 'done',
        command: 'report',
        results: file,
        files: expect.arrayContaining([folder.join('made', 'results.csv')]) as unknown,
      },
    ]);
  }, 300_000);

  test.each([
    [
      'another version',
      (text: string) => text.replace('"version":1', '"version":9'),
      /has version 9 of the results format/,
    ],
    ['half a file', (text: string) => text.slice(0, 1000), /is not JSON: /],
    ['another file', () => '{"scripts": {}}', /is not a results file of tessera bench$/],
  ])('%s: one line, exit code 3, nothing written', async (name, change, message) => {
    const path = folder.join(`${name.replaceAll(' ', '-')}.json`);
    await writeFile(path, change(JSON.stringify(syntheticResults({ clips: 1, codecs: 1 }))));
    const run = await tessera(['report', path, '--out', folder.join('never')]);
    expect(run).toMatchObject({ exitCode: 3, stdout: '' });
    expect(run.stderr).toMatch(message);
    expect(run.stderr.split('\n')).toHaveLength(1);
    expect(await folder.list()).not.toContain('never');
  });

  test('missing pictures: one line, exit code 3, and a way out', async () => {
    const path = await results('pictures.json', { pictures: 1 });
    const run = await tessera(['report', path, '--out', folder.join('never')]);
    expect(run).toMatchObject({ exitCode: 3 });
    expect(run.stderr).toMatch(/^tessera: picture .* is missing; --no-pictures makes a report without them$/);
    expect(await folder.list()).not.toContain('never');
    expect((await tessera(['report', path, '--out', folder.join('without'), '--no-pictures'])).exitCode).toBe(0);
  }, 300_000);

  test('a file that is not there, options that do not belong', async () => {
    expect(await tessera(['report', folder.join('none.json')])).toMatchObject({
      exitCode: 3,
      stderr: `tessera: ${folder.join('none.json')} does not exist`,
    });
    const path = await results('options.json');
    expect((await tessera(['report', path, '--rate-limit', '2'])).exitCode).toBe(2);
    expect((await tessera(['report', path, path, '--out', 'x'])).exitCode).toBe(2);
    expect((await tessera(['report', path, path, '--cost-limit', 'much'])).exitCode).toBe(2);
  });
});

describe('report A.json B.json', () => {
  test('the same run: no regression, exit code 0', async () => {
    const before = await results('before.json');
    const run = await tessera(['report', before, before]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^x265:medium +lpips +0\.00 +/m);
    expect(run.stdout.split('\n').at(-1)).toBe('no regression');
  });

  test('a worse one: marked, exit code 8', async () => {
    const [before, after] = [await results('before.json'), await results('after.json', { lastCodecRate: 1.2 })];
    const run = await tessera(['report', before, after]);
    expect(run.exitCode).toBe(8);
    expect(run.stdout).toMatch(/^x265:medium +psnr-y +\+20\.00 .*REGRESSION$/m);
    expect(run.stdout).not.toMatch(/^x264.*REGRESSION$/m);
    expect((await tessera(['report', before, after, '--rate-limit', '25'])).exitCode).toBe(0);
    const json = await tessera(['report', before, after, '--json']);
    expect(jsonLines(json.stdout)).toMatchObject([{ type: 'run-comparison', before, after, hasRegression: true }]);
    expect(json.exitCode).toBe(8);
  });
});
