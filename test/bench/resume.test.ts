import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { resultsSchema } from '../../bench/results.js';
import { Folder } from '../cli/helpers.js';
import { TINY_PACK } from '../support/packs.js';
import { bench, readResults, startBench, timeless, writeClip } from './bench.js';

/** What stands in the folder of a complete run. */
const WRITTEN = ['journal.jsonl', 'pictures', 'plots', 'report.html', 'results.csv', 'results.json', 'tables.md'];

let folder: Folder;
let args: string[];

beforeAll(async () => {
  folder = await Folder.create();
  const clip = await writeClip(folder.join('ramp.y4m'), 64, 48, 4);
  const codecs = `${TINY_PACK}:none@20,x264:ultrafast@40,25`;
  args = [clip, '--codecs', codecs, '--metrics', 'psnr-y', '--pictures', '2'];
  expect(await bench([...args, '--out', folder.join('whole')])).toMatchObject({ exitCode: 0 });
}, 180_000);
afterAll(() => folder[Symbol.asyncDispose]());

test('a run gives results that hold to the schema, with pictures beside them', async () => {
  const results = resultsSchema.parse(await readResults(folder.join('whole')));
  expect(results.jobs.map(({ codec, setting, status }) => [codec, setting, status])).toEqual([
    [`${TINY_PACK}:none`, 20, 'done'],
    ['x264:ultrafast', 40, 'done'],
    ['x264:ultrafast', 25, 'done'],
  ]);
  for (const job of results.jobs) {
    if (job.status !== 'done') continue;
    expect(job.frames).toBe(4);
    expect(job.bitsPerPixel).toBeCloseTo(job.payloadBits / (64 * 48 * 4), 12);
    // Four frames of a 25th of a second.
    expect(job.kilobitsPerSecond).toBeCloseTo(job.payloadBits / 0.16 / 1000, 9);
    expect(job.metrics['psnr-y']?.perFrame).toHaveLength(4);
    expect(job.encode!.peakBytes).toBeGreaterThan(10 << 20);
    expect(job.pictures.map(({ frame }) => frame)).toEqual([0, 3]);
    for (const { file } of job.pictures) {
      expect((await readFile(folder.join('whole', file))).subarray(8, 12).toString()).toBe('WEBP');
    }
  }
  expect(results.clips[0]?.pictures).toHaveLength(2);
  expect((await readdir(folder.join('whole'))).sort()).toEqual(WRITTEN);
});

describe('a run that is killed goes on and finds the same', () => {
  test.each([0, 1])(
    'after %i jobs of 3',
    async (jobs) => {
      const out = folder.join(`killed-${jobs}`);
      const run = startBench([...args, '--out', out, '--json']);
      await new Promise<void>((resolve) => {
        let text = '';
        run.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          // The next job has begun.
          const begun = text.split('\n').filter((line) => line.includes(`"jobs":${jobs},`)).length;
          if (begun >= (jobs === 0 ? 1 : 2)) resolve();
        });
        run.stdout.on('end', () => resolve());
      });
      run.kill('SIGKILL');
      expect((await run).signal).toBe('SIGKILL');
      expect(await readdir(out)).toContain('.lock');
      const again = await bench([...args, '--out', out]);
      expect(again).toMatchObject({ exitCode: 0 });
      expect(timeless(await readResults(out))).toEqual(timeless(await readResults(folder.join('whole'))));
      expect((await readdir(out)).sort()).toEqual(WRITTEN);
    },
    180_000,
  );

  test('half a line of the journal is dropped', async () => {
    const out = folder.join('whole');
    const journal = await readFile(`${out}/journal.jsonl`, 'utf8');
    await appendFile(`${out}/journal.jsonl`, '{"job":{"clip":"ra');
    expect(await bench([...args, '--out', out])).toMatchObject({ exitCode: 0 });
    expect(await readFile(`${out}/journal.jsonl`, 'utf8')).toBe(journal);
  });
});

describe('a folder that another run has', () => {
  test.each([
    ['other settings', ['--keyint', '9'], /holds a run with other keyint: name another folder with --out, or use -y/],
    ['other codecs', ['--codecs', 'x264:slow@30'], /holds a run with other codecs/],
  ])('%s', async (_, more, message) => {
    const before = await readFile(folder.join('whole', 'results.json'), 'utf8');
    const run = await bench([...args, ...more, '--out', folder.join('whole')]);
    expect(run).toMatchObject({ exitCode: 3 });
    expect(run.stderr).toMatch(message);
    expect(await readFile(folder.join('whole', 'results.json'), 'utf8')).toBe(before);
  });

  test('a journal of another version, a foreign one, results without a journal', async () => {
    await using other = await Folder.create();
    const run = async (): Promise<string> => {
      const { exitCode, stderr } = await bench([...args, '--out', other.path]);
      expect(exitCode).toBe(3);
      return stderr;
    };
    await writeFile(other.join('journal.jsonl'), '{"format":"tessera-bench-journal","version":99}\n');
    expect(await run()).toMatch(/written by another version of tessera bench \(journal 99, this is 1\)/);
    await writeFile(other.join('journal.jsonl'), '{"mine":true}\n');
    expect(await run()).toMatch(/is no journal of tessera bench/);
    await using results = await Folder.create();
    await writeFile(results.join('results.json'), 'mine');
    expect((await bench([...args, '--out', results.path])).stderr).toMatch(/results\.json exists already; use -y/);
    expect(await readFile(results.join('results.json'), 'utf8')).toBe('mine');
  }, 120_000);

  test('one that is at work', async () => {
    await using other = await Folder.create();
    const first = startBench([...args, '--out', other.path, '--json']);
    await new Promise((resolve) => first.stdout.once('data', resolve));
    const second = await bench([...args, '--out', other.path]);
    expect(second).toMatchObject({ exitCode: 3 });
    expect(second.stderr).toMatch(/another run works in .* \(process \d+\): wait for it, or name another folder/);
    first.kill('SIGKILL');
    await first;
  }, 120_000);
});
