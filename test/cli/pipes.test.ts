import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { clip, Folder, jsonLines, PROGRAM, start, tessera, tesseraTiny, textOf, TINY_PACK } from './helpers.js';
import { until } from '../support/until.js';
import { readAll } from '../video/helpers.js';

let folder: Folder;
let stream: string;

beforeAll(async () => {
  folder = await Folder.create();
  stream = folder.join('a.tsr');
  expect((await tesseraTiny(['compress', clip('odd-101x67.webm'), stream])).exitCode).toBe(0);
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('- on both sides', () => {
  test('a media file through stdin gives the stream that the file itself gives', async () => {
    const args = ['compress', '-', '-', '--pack', TINY_PACK];
    const run = await start(args, { inputFile: clip('odd-101x67.webm') });
    expect(run.exitCode).toBe(0);
    expect(Buffer.from(run.stdout)).toEqual(await readFile(stream));
  });

  test('what a pipe gives is kept in the folder for temporary files, and removed', async () => {
    await using temporary = await Folder.create();
    const process = start(['compress', '-', '-', '--pack', TINY_PACK], { env: { TMPDIR: temporary.path } });
    const video = await readFile(clip('odd-101x67.webm'));
    process.stdin.write(video.subarray(0, 1000));
    const ours = async (): Promise<string[]> => (await temporary.list()).filter((name) => name.startsWith('tessera-'));
    await until(async () => (await ours()).length > 0);
    process.stdin.end(video.subarray(1000));
    expect((await process).exitCode).toBe(0);
    // onnxruntime keeps files of its own there.
    expect(await ours()).toEqual([]);
  });

  test('y4m out of one and into another', async () => {
    const y4m = await start(['decompress', '-', '-', '--pack', TINY_PACK], { inputFile: stream });
    expect(y4m.exitCode).toBe(0);
    expect(Buffer.from(y4m.stdout.subarray(0, 24)).toString('latin1')).toBe('YUV4MPEG2 W101 H67 F25:1');
    const again = folder.join('again.tsr');
    const run = await tesseraTiny(['compress', '-', again], { input: y4m.stdout });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(/^tessera: stdin -> .*again\.tsr: 10 frames of 101x67/);
  });

  test('a stream from a pipe becomes a file with its sound', async () => {
    const [everything, back] = [folder.join('e.tsr'), folder.join('e.mkv')];
    await tesseraTiny(['compress', clip('everything.mkv'), everything]);
    const run = await tesseraTiny(['decompress', '-', back], { inputFile: everything });
    expect(run.exitCode).toBe(0);
    expect((await readAll(back)).header?.tracks).toHaveLength(3);
    expect((await tesseraTiny(['verify', '-'], { inputFile: everything })).exitCode).toBe(0);
    const [info] = jsonLines((await tessera(['info', '-', '--json'], { inputFile: everything })).stdout);
    expect(info).toMatchObject({ frames: 20 });
  });

  test('an empty pipe, a pipe of text, --json where stdout carries the payload', async () => {
    const empty = await tesseraTiny(['compress', '-', folder.join('x.tsr')], { input: '' });
    expect(empty).toMatchObject({ exitCode: 3, stderr: 'tessera: the input pipe is empty' });
    const text = await tesseraTiny(['decompress', '-', '-'], { input: 'no stream at all' });
    expect(text).toMatchObject({ exitCode: 4, stdout: '' });
    expect((await tesseraTiny(['compress', clip('one-frame.mp4'), '-', '--json'])).exitCode).toBe(2);
  });
});

describe('a reader that goes away', () => {
  test.each([
    ['decompress', () => ['decompress', stream, '-']],
    ['info', () => ['info', stream, '--frames']],
    ['compress', () => ['compress', clip('everything.mkv'), '-']],
  ])('%s ends quietly', async (_name, args) => {
    const words = [process.execPath, PROGRAM, ...args(), ...(args()[0] === 'info' ? [] : ['--pack', TINY_PACK])];
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const shell = `${quoted} | head -c 100 | wc -c; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execa('bash', ['-c', shell], { reject: false });
    expect(stdout.split('\n').map((line) => line.trim())).toEqual(['100', '0']);
    expect(stderr).not.toMatch(/EPIPE|internal error|at .*\.js/);
  });
});

/** Waits until the header of the only output is written: the workers are at it then. */
async function untilBegun(out: Folder): Promise<void> {
  await until(async () => {
    const [name] = await out.list();
    return name !== undefined && (await stat(out.join(name))).size > 0;
  });
}

describe('Ctrl-C', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s removes what was begun and exits 130', async (signal) => {
    await using out = await Folder.create();
    const process = start(['compress', clip('big-buck-bunny-3s.mp4'), out.join('o.tsr'), '--pack', TINY_PACK]);
    await untilBegun(out);
    process.kill(signal);
    const { exitCode, stderr } = await process;
    expect(exitCode).toBe(130);
    expect(textOf(stderr)).toBe('tessera: cancelled');
    expect(await out.list()).toEqual([]);
  });

  test('while it waits for a pipe', async () => {
    await using out = await Folder.create();
    const process = start(['compress', '-', out.join('o.tsr'), '--pack', TINY_PACK]);
    process.stdin.write(`YUV4MPEG2 W64 H64 F25:1\nFRAME\n${'x'.repeat(64 * 96)}`);
    await untilBegun(out);
    process.kill('SIGINT');
    const { exitCode, stderr } = await process;
    expect(exitCode).toBe(130);
    expect(textOf(stderr)).toBe('tessera: cancelled');
    expect(await out.list()).toEqual([]);
  });

  test('twice: ends at once, and still removes what was begun', async () => {
    await using out = await Folder.create();
    const args = ['compress', clip('big-buck-bunny-3s.mp4'), out.join('o.tsr'), '--pack', TINY_PACK];
    // A shell tells how a program that a signal ended is seen from outside.
    const words = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ');
    const shell = execa('bash', ['-c', `${words} & echo $!; wait $!; echo $?`], { reject: false });
    const pid = Number(
      await new Promise<string>((resolve) => shell.stdout.once('data', (data) => resolve(String(data)))),
    );
    await untilBegun(out);
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    const { stdout, stderr } = await shell;
    expect(stdout.split('\n').at(-1)).toBe('130');
    expect(stderr).toMatch(/^(tessera: cancelled)?$/);
    expect(await out.list()).toEqual([]);
  });

  test('and of decompress', async () => {
    const long = folder.join('long.tsr');
    await writeFile(long, await readFile(stream));
    await using out = await Folder.create();
    const process = start(['decompress', long, out.join('o.mp4'), '--pack', TINY_PACK]);
    await until(async () => (await out.list()).length > 0);
    process.kill('SIGINT');
    expect((await process).exitCode).toBe(130);
    expect(await out.list()).toEqual([]);
  });
});
