import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { makePage, writeReport } from '../../../bench/report/write-report.js';
import type { Results } from '../../../bench/results.js';
import { CancelledError, InputError } from '../../../src/errors.js';
import { drawPictures } from '../support/draw-pictures.js';
import { syntheticResults } from '../support/synthetic.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-report-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** What the page was given. */
function dataOf(html: string): { pictures: { pictures: { source: string }[]; note: string } } {
  const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)!;
  return JSON.parse(json!) as ReturnType<typeof dataOf>;
}

function report(results: Results, options: object = {}): Promise<string[]> {
  return writeReport(results, join(folder, 'out'), { resultsFolder: folder, ...options });
}

const small = { clips: 2, codecs: 2, frames: 4, metrics: ['psnr-y'] } as const;

describe('writeReport', () => {
  test('writes page, tables and plots, and nothing beside them', async () => {
    const files = await report(syntheticResults(small));
    const plots = ['rd-psnr-y', 'clips-psnr-y', 'speed-psnr-y'].flatMap((name) => [
      `plots/${name}.svg`,
      `plots/${name}.png`,
    ]);
    const names = ['report.html', 'results.csv', 'tables.md', ...plots];
    expect(files).toEqual(names.map((name) => join(folder, 'out', name)));
    expect((await readdir(join(folder, 'out'))).sort()).toEqual(['plots', 'report.html', 'results.csv', 'tables.md']);
    expect(await readFile(files[3]!, 'utf8')).toMatch(/^<svg .*x264 veryslow.*PSNR Y/s);
    expect((await sharp(files[4]).metadata()).width).toBeGreaterThan(800);
    // What has been made is made again.
    expect(await report(syntheticResults(small))).toEqual(files);
  }, 300_000);

  test('the page needs nothing but itself', async () => {
    const html = await makePage(syntheticResults(small), { resultsFolder: folder });
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/url\((?!"?\$|data:)/);
    expect(html).not.toMatch(/\/\*(?:STYLE|SCRIPT|DATA)\*\//);
  });

  test('text of the results cannot end the script that holds it', async () => {
    const results = syntheticResults(small);
    const clips = results.clips.map((clip) => ({ ...clip, notes: ['</script><script>alert(1)</script>'] }));
    const page = await makePage({ ...results, clips }, { resultsFolder: folder });
    expect(page).not.toContain('alert(1)</script>');
    expect(dataOf(page)).toMatchObject({ clips: [{ notes: ['</script><script>alert(1)</script>'] }, {}] });
  });

  test('pictures are lossless where they fit, lossy where not, fewer where even that is too much', async () => {
    const results = syntheticResults({ ...small, clips: 1, pictures: 1 });
    await drawPictures(results, folder);
    const shown = async (pictureBudget?: number): Promise<ReturnType<typeof dataOf>> =>
      dataOf(
        await makePage(results, { resultsFolder: folder, ...(pictureBudget === undefined ? {} : { pictureBudget }) }),
      );
    const whole = await shown();
    expect(whole.pictures.note).toBe('Pictures are lossless.');
    expect(whole.pictures.pictures).toHaveLength(11);
    const size = whole.pictures.pictures.reduce((sum, { source }) => sum + source.length, 0);
    const lossy = await shown(size - 1);
    expect(lossy.pictures.note).toMatch(/^Pictures are WebP of quality 92/);
    const few = await shown(90_000);
    expect(few.pictures.note).toMatch(/\d of 5 frames and rates fit into 0 MB\.$/);
    expect(few.pictures.pictures.reduce((sum, { source }) => sum + source.length, 0)).toBeLessThanOrEqual(90_000);
  });

  test('a missing picture is one line, and leaves nothing behind', async () => {
    const results = syntheticResults({ ...small, pictures: 1 });
    await expect(report(results)).rejects.toThrow(
      /^picture pictures\/foreman\/original-2\.webp of the results is missing; --no-pictures makes a report without them$/,
    );
    expect(await readdir(folder)).toEqual([]);
    expect(dataOf(await makePage(results, { resultsFolder: folder, pictureBudget: 0 }))).toMatchObject({
      pictures: { pictures: [], note: 'The report was made without pictures.' },
    });
  });

  test('a picture that is none, or lies elsewhere, is refused', async () => {
    const results = syntheticResults({ ...small, clips: 1, codecs: 1, pictures: 1 });
    await drawPictures(results, folder);
    const file = join(folder, results.clips[0]!.pictures[0]!.file);
    await writeFile(file, 'no picture '.repeat(1000));
    await expect(report(results, { pictureBudget: 9000 })).rejects.toThrow(InputError);
    const clips = results.clips.map((clip) => ({ ...clip, pictures: [{ frame: 2, file: '../secret.webp' }] }));
    await expect(report({ ...results, clips })).rejects.toThrow(/\.\.\/secret\.webp of the results lies outside/);
  });

  test('what fails leaves an earlier report as it was', async () => {
    const results = syntheticResults(small);
    await report(results);
    const before = await readFile(join(folder, 'out/report.html'));
    const signal = AbortSignal.abort();
    await expect(report({ ...results, command: 'other' }, { signal })).rejects.toThrow(CancelledError);
    expect(await readFile(join(folder, 'out/report.html'))).toEqual(before);
    await rm(join(folder, 'out/plots'), { recursive: true });
    await rm(join(folder, 'out/tables.md'));
    await mkdir(join(folder, 'out/tables.md'));
    await expect(report(results)).rejects.toThrow(/tables\.md/);
    expect((await readdir(join(folder, 'out'))).filter((name) => name.startsWith('.'))).toEqual([]);
  }, 300_000);

  test('a folder that cannot be made is an input error', async () => {
    await writeFile(join(folder, 'out'), '');
    await expect(report(syntheticResults(small))).rejects.toThrow(/cannot write .*out/);
  });

  test('a run of one clip, one codec, one frame, and nothing that went well', async () => {
    const results = syntheticResults({ clips: 1, codecs: 1, frames: 1, failures: 1 });
    const jobs = [results.jobs[0]!];
    const files = await report({ ...results, jobs });
    expect(await readFile(files[0]!, 'utf8')).toContain('out of memory');
  }, 300_000);
});
