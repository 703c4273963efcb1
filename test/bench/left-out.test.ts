import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { Folder } from '../cli/helpers.js';
import { readResults, startBench, writeClip } from './bench.js';

/** No command-line ffmpeg is found. */
const BARE = { FFMPEG_PATH: '', PATH: '' };
const METRIC = /the metric vmaf-v1 is left out: VMAF v1 needs .*FFMPEG_PATH/;
const CODEC = /the codec ffmpeg-cli:libnonsense is left out: .*(libnonsense|no command-line ffmpeg).*FFMPEG_PATH/;

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
  await writeClip(folder.join('ramp.y4m'), 64, 48, 4);
  const preset =
    'description: x\ncodecs: [x264:ultrafast@30, ffmpeg-cli:libnonsense@30]\nmetrics: [psnr-y, vmaf-v1, flicker]\n';
  await writeFile(folder.join('mine.yaml'), preset);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('what a preset names and the machine cannot have', () => {
  test('is left out, with lines on stderr, in the results and in the report', async () => {
    const run = await startBench(['ramp.y4m', '--preset', './mine.yaml', '--out', 'out'], {
      cwd: folder.path,
      env: BARE,
    });
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.stderr).toMatch(METRIC);
    expect(run.stderr).toMatch(CODEC);
    const { leftOut, codecs, settings, jobs, command, clips } = await readResults(folder.join('out'));
    expect(leftOut).toEqual([expect.stringMatching(METRIC), expect.stringMatching(CODEC)]);
    expect(codecs.map(({ name }) => name)).toEqual(['x264:ultrafast']);
    expect(settings.metrics).toEqual(['psnr-y', 'flicker']);
    expect(jobs).toHaveLength(1);
    expect(command).not.toMatch(/vmaf|libnonsense/);
    // The ramp moves everywhere.
    expect(clips[0]!.notes).toContain('Flicker PSNR needs still regions, this clip has none');
    expect(Object.keys((jobs[0] as { metrics: object }).metrics)).toEqual(['psnr-y']);
    for (const file of ['tables.md', 'report.html']) {
      const text = await readFile(folder.join('out', file), 'utf8');
      expect(text).toMatch(METRIC);
      expect(text).toMatch(CODEC);
    }
  }, 120_000);

  test('is told of by a dry run, too', async () => {
    const run = await startBench(['ramp.y4m', '--preset', './mine.yaml', '--dry-run'], { cwd: folder.path, env: BARE });
    expect(run.stdout).toMatch(/^ramp x264:ultrafast@30: ffmpeg [^\n]*$/);
    expect(run.stderr).toMatch(METRIC);
    expect(run.stderr).toMatch(CODEC);
  });

  test.each([
    [['--metrics', 'vmaf-v1'], /^tessera: VMAF v1 needs .*FFMPEG_PATH$/],
    [['--codecs', 'ffmpeg-cli:libnonsense'], /^tessera: .*FFMPEG_PATH$/m],
  ])('is refused where the command line names it: %j', async (args, message) => {
    const run = await startBench(['ramp.y4m', '--preset', './mine.yaml', ...args, '--out', 'no'], {
      cwd: folder.path,
      env: BARE,
    });
    expect(run).toMatchObject({ exitCode: 6, stdout: '' });
    expect(run.stderr.split('\n').at(-1)).toMatch(message);
  });

  test('is refused if nothing else is left', async () => {
    await writeFile(folder.join('none.yaml'), 'description: x\ncodecs: [x264]\nmetrics: [vmaf-v1]\n');
    const run = await startBench(['ramp.y4m', '--preset', './none.yaml', '--out', 'no'], {
      cwd: folder.path,
      env: BARE,
    });
    expect(run).toMatchObject({ exitCode: 6 });
    expect(run.stderr).toMatch(/no metric can be measured: the metric vmaf-v1 is left out: /);
  });
});
