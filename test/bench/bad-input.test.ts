import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { lockFolder } from '../../bench/folder-lock.js';
import { clip, Folder } from '../cli/helpers.js';
import { bench, readResults, writeClip } from './bench.js';

let folder: Folder;
let ramp: string;

beforeAll(async () => {
  folder = await Folder.create();
  ramp = await writeClip(folder.join('ramp.y4m'), 64, 48, 3);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('what cannot be run is refused in one line', () => {
  test.each([
    [['no.mkv'], 3, /no\.mkv does not exist/],
    [[], 3, /there is no clip: name video files/],
    [['RAMP', '--codecs', 'mpeg9'], 3, /there is no codec 'mpeg9'/],
    [['RAMP', '--preset', 'huge'], 3, /there is no preset 'huge'/],
    [['RAMP', '--metrics', 'psnr'], 2, /there is no metric 'psnr': name some of psnr-y/],
    [['RAMP', '--size', '63x48'], 3, /the size is '63x48': write even numbers/],
    [['RAMP', '--frames', '0'], 2, /--frames takes a whole number from 1/],
    [['RAMP', '--codecs', 'ffmpeg-cli:libnonsense'], 6, /the encoder libnonsense|no command-line ffmpeg/],
    [['RAMP', '--codecs', 'x264', '--out', 'RAMP'], 3, /ramp\.y4m is a file: name a folder/],
    [['RAMP', '--codecs', 'x264', '--out', '/sys/bench'], 6, /no permission to write in/],
  ])('%j', async (args, exitCode, message) => {
    const run = await bench(
      args.map((word) => (word === 'RAMP' ? ramp : word)),
      folder.path,
    );
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr.split('\n')).toHaveLength(1);
    expect(run.stderr).toMatch(message);
    expect(await readdir(folder.path)).toEqual(['ramp.y4m']);
  });
});

test('a dry run lists jobs and commands and writes nothing', async () => {
  const out = folder.join('dry');
  const args = [ramp, clip('odd-101x67.webm'), '--codecs', 'x264:fast@30,20', '--out', out, '--dry-run'];
  const { stdout, exitCode } = await bench(args);
  expect(exitCode).toBe(0);
  expect(stdout.split('\n')).toHaveLength(4);
  expect(stdout).toMatch(/^odd-101x67 x264:fast@20: ffmpeg -i \S+ -vf crop=100:66:0:0 -an -c:v libx264 -preset fast/m);
  const lines = (await bench([...args, '--json'])).stdout.split('\n').map((line) => JSON.parse(line) as object);
  expect(lines[0]).toMatchObject({ type: 'job', clip: 'ramp', codec: 'x264:fast', setting: 30 });
  expect(await readdir(folder.path)).toEqual(['ramp.y4m']);
});

test('a job that fails is a row with its reason and spoils nothing else', async () => {
  const out = folder.join('failed');
  // The damage is found out when the clip is read so far.
  const damaged = await writeClip(folder.join('damaged.y4m'), 64, 48, 3);
  const bytes = await readFile(damaged);
  await writeFile(damaged, bytes.fill(0, bytes.lastIndexOf('FRAME'), bytes.lastIndexOf('FRAME') + 5));
  const codecs = 'x264:fast@30,x264:fast,nonsense=1@30';
  const run = await bench([ramp, damaged, '--codecs', codecs, '--metrics', 'ms-ssim,psnr-y', '--out', out]);
  expect(run).toMatchObject({ exitCode: 7 });
  expect(run.stderr).toMatch(/ramp x264:fast,nonsense=1@30 failed: cannot encode: .* has no option 'nonsense'/);
  const { jobs, clips } = await readResults(out);
  expect(jobs.map(({ clip, status }) => [clip, status])).toEqual([
    ['ramp', 'done'],
    ['ramp', 'failed'],
    ['damaged', 'failed'],
    ['damaged', 'failed'],
  ]);
  expect(jobs[3]).toMatchObject({ reason: expect.stringMatching(/the clip cannot be read: .*damaged/) as unknown });
  // MS-SSIM needs larger pictures.
  expect(jobs[0]).toMatchObject({ metrics: { 'psnr-y': { mean: expect.any(Number) as unknown } } });
  expect(Object.keys((jobs[0] as { metrics: object }).metrics)).toEqual(['psnr-y']);
  expect(clips[0]?.notes).toEqual([expect.stringMatching(/MS-SSIM needs pictures of at least/)]);
  expect(clips[1]).toMatchObject({ frames: 0 });
}, 120_000);

test('a full disk ends the run; what was done is kept and the same command goes on', async () => {
  await using full = await Folder.create();
  const codec = `export default async () => ({
    settingName: 'try', defaultSettings: [1, 2], describe: async () => ({ title: 'x', version: '1', details: {} }),
    command: () => 'x', countPayloadBits: async () => 8, decode: async function* (_, clip) { yield* clip.frames(); },
    encode: async (_, { setting }, file) => {
      const { existsSync, writeFileSync } = await import('node:fs');
      if (setting === 2 && !existsSync('space')) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      writeFileSync(file, 'x');
    },
  });`;
  await writeFile(full.join('full.mjs'), codec);
  const args = [ramp, '--codecs', './full.mjs', '--metrics', 'psnr-y', '--pictures', '0', '--out', 'out'];
  const run = await bench(args, full.path);
  expect(run).toMatchObject({
    exitCode: 6,
    stderr: 'tessera: the disk is full: free some space, then continue with the same command',
  });
  expect(await readdir(full.join('out'))).toEqual(['journal.jsonl']);
  expect(await readFile(full.join('out', 'journal.jsonl'), 'utf8')).toMatch(/"status":"done".*"setting":1/);
  await writeFile(full.join('space'), '');
  expect(await bench(args, full.path)).toMatchObject({ exitCode: 0 });
  expect((await readResults(full.join('out'))).jobs.map(({ status }) => status)).toEqual(['done', 'done']);
}, 120_000);

test('with several jobs at once no times are taken', async () => {
  const out = folder.join('parallel');
  const args = [ramp, '--codecs', 'x264:fast@30,25,20', '--metrics', 'psnr-y', '--jobs', '2', '--pictures', '0'];
  expect(await bench([...args, '--out', out])).toMatchObject({ exitCode: 0 });
  const { jobs, settings } = await readResults(out);
  expect(settings.jobs).toBe(2);
  expect(jobs).toHaveLength(3);
  for (const job of jobs) expect(job).toMatchObject({ status: 'done', encode: null, decode: null, pictures: [] });
}, 120_000);

describe('the lock of a folder', () => {
  test('keeps others out, and not after its holder is gone', async () => {
    await using lock = await lockFolder(folder.join('locked'));
    await expect(lockFolder(folder.join('locked'))).rejects.toThrow(/another run works in/);
    await lock[Symbol.asyncDispose]();
    await (await lockFolder(folder.join('locked')))[Symbol.asyncDispose]();
  });

  test.each([
    ['of a process that is gone', (self: object) => ({ ...self, pid: 2 ** 30 })],
    ['of a process whose number another one has', (self: object) => ({ ...self, began: '1' })],
    ['that was never written', () => ''],
  ])('%s is taken over', async (_, edit) => {
    const { hostname } = await import('node:os');
    const self = { pid: process.pid, host: hostname(), began: '' };
    await writeFile(folder.join('locked', '.lock'), JSON.stringify(edit(self)));
    if (process.platform !== 'linux') return;
    await (await lockFolder(folder.join('locked')))[Symbol.asyncDispose]();
  });

  test('of another machine stands', async () => {
    const other = { pid: 1, host: 'elsewhere', began: '' };
    await writeFile(folder.join('locked', '.lock'), JSON.stringify(other));
    await expect(lockFolder(folder.join('locked'))).rejects.toThrow(/process 1 on elsewhere/);
  });
});
