import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { parseSeconds } from '../../src/cli/arguments.js';
import { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError } from '../../src/errors.js';
import { clip, Folder, jsonLines, tessera, tesseraAlone, tesseraTiny } from './helpers.js';

describe('the surface', () => {
  test('--version is that of package.json', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await tesseraAlone(['--version'])).toMatchObject({ exitCode: 0, stdout: version });
  });

  test('--help names every command, with examples', async () => {
    const help = await tesseraAlone(['--help']);
    expect(help.exitCode).toBe(0);
    for (const command of [
      'compress',
      'decompress',
      'info',
      'verify',
      'thin',
      'play',
      'tokens',
      'doctor',
      'completion',
    ]) {
      expect(help.stdout).toMatch(new RegExp(`^  tessera ${command}`, 'm'));
      if (command === 'completion') continue;
      expect((await tesseraAlone([command, '--help'])).stdout).toContain(`tessera ${command}`);
    }
    expect(help.stdout).toContain('Examples:');
  });

  test('completion prints a script', async () => {
    const run = await tessera(['completion'], { env: { SHELL: '/bin/bash' } });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain('complete -o bashdefault');
  });

  test('exit codes are those of the errors, and docs/CLI.md lists them', async () => {
    expect(EXIT_CODES.damagedStream).toBe(new BitstreamError('').exitCode);
    expect(EXIT_CODES.unusableMachine).toBe(new EnvironmentError('').exitCode);
    expect(EXIT_CODES.cancelled).toBe(new CancelledError().exitCode);
    const text = await readFile('docs/CLI.md', 'utf8');
    const errors = [InputError, BitstreamError, ModelError, EnvironmentError].map((Class) => new Class(''));
    for (const { code, exitCode } of [...errors, new CancelledError()]) {
      expect(text).toMatch(new RegExp(`^\\| ${exitCode} \\| \`${code}\``, 'm'));
    }
  });

  test('doctor finds packs on the path and runs their self-tests', async () => {
    const run = await tessera(['doctor', '--json'], { env: { TESSERA_PACK_PATH: 'fixtures' } });
    const [report] = jsonLines(run.stdout);
    const packs = report!['packs'] as { name: string; selfTests: unknown; problem: string }[];
    expect(packs.find(({ name }) => name === 'tiny')).toMatchObject({
      problem: '',
      selfTests: expect.arrayContaining([{ device: 'cpu', ok: true }]) as unknown,
    });
    expect(report).toMatchObject({ type: 'machine', node: process.version });
    const text = await tessera(['doctor']);
    expect(text.stdout).toMatch(/^ffmpeg +\d+\./m);
  });

  test('every line of --json parses, errors too', async () => {
    await using folder = await Folder.create();
    const good = await tesseraTiny(['compress', clip('rgb.mkv'), folder.join('a.tsr'), '--json']);
    const types = jsonLines(good.stdout).map(({ type }) => type);
    expect(types).toEqual(['progress', 'note', ...types.slice(2, -1).map(() => 'progress'), 'done']);
    expect(good.stderr).toBe('');
    const bad = await tessera(['compress', folder.join('none.mp4'), folder.join('b.tsr'), '--json']);
    expect(jsonLines(bad.stdout)).toMatchObject([
      { type: 'progress', frames: 0, totalFrames: null, secondsLeft: null },
      {
        type: 'error',
        code: 'ERR_TESSERA_INPUT',
        message: `${folder.join('none.mp4')} does not exist`,
        exitCode: 3,
      },
    ]);
    expect(bad.stderr).toBe(`tessera: ${folder.join('none.mp4')} does not exist`);
  });
});

describe('parseSeconds', () => {
  test.each([
    ['12.5', 12.5],
    ['12s', 12],
    ['1:02.5', 62.5],
    ['1:00:02', 3602],
  ])('%s', (text, seconds) => {
    expect(parseSeconds('start', text)).toBe(seconds);
  });

  test.each(['', '-1', '1:2:3:4', '10m', '1e3'])('refuses %j', (text) => {
    expect(() => parseSeconds('start', text)).toThrow(/--start takes seconds/);
  });
});
