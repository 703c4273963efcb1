import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { copyFile, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { PackCopy } from '../support/packs.js';
import { clip, Folder, PROGRAM, tessera, tesseraTiny, TINY_PACK, type Run } from './helpers.js';

let folder: Folder;
let stream: string;

beforeAll(async () => {
  folder = await Folder.create();
  stream = folder.join('good.tsr');
  const run = await tesseraTiny(['compress', clip('odd-101x67.webm'), stream, '--keyint', '5']);
  expect(run.exitCode).toBe(0);
});

afterAll(() => folder[Symbol.asyncDispose]());

/** One clear line on stderr, nothing on stdout, this exit code. */
function expectFailure(run: Run, exitCode: number, line: RegExp): void {
  expect(run.stderr.split('\n')).toHaveLength(1);
  expect(run.stderr).toMatch(line);
  expect(run).toMatchObject({ exitCode, stdout: '' });
}

/** Runs in a folder of its own, which must be empty afterwards. */
async function leavesNothing(args: (out: string) => string[], exitCode: number, line: RegExp): Promise<void> {
  await using out = await Folder.create();
  const name = args('')[0] === 'compress' ? 'out.tsr' : 'out.mp4';
  expectFailure(await tesseraTiny(args(out.join(name))), exitCode, line);
  expect(await out.list()).toEqual([]);
}

describe('what compress refuses', () => {
  test('a missing file, an empty file, a text file', async () => {
    const [empty, text] = [folder.join('empty.mp4'), folder.join('text.mp4')];
    await writeFile(empty, '');
    await writeFile(text, 'These are words, not pictures.\n'.repeat(50));
    await leavesNothing((out) => ['compress', folder.join('no.mp4'), out], 3, /^tessera: .*no\.mp4 does not exist$/);
    await leavesNothing((out) => ['compress', empty, out], 3, /empty\.mp4 is empty$/);
    await leavesNothing((out) => ['compress', text, out], 3, /text\.mp4 is not a video/);
  });

  test('a file without a video track, a truncated file, a .tsr file', async () => {
    const [sound, cut] = [folder.join('sound.wav'), folder.join('cut.mp4')];
    await writeFile(sound, makeWav());
    await copyFile(clip('one-frame.mp4'), cut);
    await truncate(cut, 1200);
    await leavesNothing((out) => ['compress', sound, out], 3, /sound\.wav has no video track$/);
    await leavesNothing((out) => ['compress', cut, out], 3, /cut\.mp4.* cut or damaged/);
    await leavesNothing((out) => ['compress', stream, out], 3, /good\.tsr is already a tessera stream/);
  });

  test('sizes beyond the limit', async () => {
    const big = folder.join('big.y4m');
    await writeFile(big, `YUV4MPEG2 W20000 H2 F25:1\nFRAME\n${'x'.repeat(60_000)}`);
    await leavesNothing((out) => ['compress', big, out], 3, /the pictures are 20000x2: a \.tsr stream holds at most/);
  });
});

describe('what decompress refuses', () => {
  test('a missing file, an empty file, a foreign magic, damage by a text transfer, a newer version', async () => {
    const good = await readFile(stream);
    const write = async (name: string, edit: (bytes: Buffer) => Buffer): Promise<string> => {
      await writeFile(folder.join(name), edit(Buffer.from(good)));
      return folder.join(name);
    };
    const empty = await write('empty.tsr', () => Buffer.alloc(0));
    const newer = await write('newer.tsr', (bytes) => bytes.fill(2, 8, 9));
    const textual = await write('text.tsr', (bytes) => Buffer.concat([bytes.subarray(0, 4), bytes.subarray(5)]));
    await leavesNothing((out) => ['decompress', folder.join('no.tsr'), out], 3, /no\.tsr does not exist$/);
    await leavesNothing((out) => ['decompress', empty, out], 3, /empty\.tsr is empty$/);
    await leavesNothing((out) => ['decompress', clip('one-frame.mp4'), out], 4, /not a tessera stream/);
    await leavesNothing((out) => ['decompress', textual, out], 4, /damaged by a transfer as text/);
    await leavesNothing((out) => ['decompress', newer, out], 4, /version 2, this tessera reads version 1; a newer/);
  });

  test('packs that are missing, changed or others', async () => {
    await using out = await Folder.create();
    await using changed = await PackCopy.create();
    await using other = await PackCopy.create();
    await writeFile(`${changed.folder}/loop-filter.onnx`, Buffer.alloc(7180));
    await other.replace('loop-filter', await readFile(`${other.folder}/prior-first.onnx`));
    const back = ['decompress', stream, out.join('o.mkv')];
    expectFailure(await tessera(back), 5, /there is no model pack 'tiny' in .*TESSERA_PACK_PATH/);
    expectFailure(await tessera([...back, '--pack', out.path]), 5, /is not a model pack/);
    expectFailure(await tessera([...back, '--pack', changed.folder]), 5, /loop-filter\.onnx .*SHA-256 differs/);
    expectFailure(await tessera([...back, '--pack', other.folder]), 5, /is not the one the stream was made with/);
    expect(await out.list()).toEqual([]);
  });

  test('a start behind the end, names that say nothing, codecs that do not fit', async () => {
    await leavesNothing((out) => ['decompress', stream, out, '--start', '99'], 3, /start is 99 s, but the last frame/);
    await leavesNothing((out) => ['decompress', stream, `${out}.xyz`], 3, /cannot tell from .*\.xyz what to write/);
    await leavesNothing((out) => ['decompress', stream, out, '--video-codec', 'ffv1'], 3, /mp4 files cannot hold ffv1/);
  });
});

describe('where the output may not be', () => {
  test('the input itself, under any name', async () => {
    const [copy, link] = [folder.join('copy.mp4'), folder.join('link.tsr')];
    await copyFile(clip('one-frame.mp4'), copy);
    await symlink(copy, link);
    expectFailure(await tesseraTiny(['compress', copy, copy, '-y']), 3, /copy\.mp4 is the input itself/);
    expectFailure(await tesseraTiny(['compress', copy, link, '-y']), 3, /link\.tsr is the input itself/);
    expect(await readFile(copy)).toEqual(await readFile(clip('one-frame.mp4')));
  });

  test('an existing file, without -y', async () => {
    const there = folder.join('there.tsr');
    await writeFile(there, 'mine');
    const args = ['compress', clip('one-frame.mp4'), there];
    expectFailure(await tesseraTiny(args), 3, /there\.tsr exists already; use -y/);
    expect(await readFile(there, 'utf8')).toBe('mine');
    expect((await tesseraTiny([...args, '-y'])).exitCode).toBe(0);
    expect((await readFile(there)).length).toBeGreaterThan(100);
  });

  test('a folder that is not there, is a file, or cannot be written; a full disk', async () => {
    const args = ['compress', clip('one-frame.mp4')];
    await mkdir(folder.join('folder'));
    expectFailure(await tesseraTiny([...args, folder.join('no', 'a.tsr')]), 3, /the folder .*no does not exist/);
    expectFailure(await tesseraTiny([...args, `${stream}/a.tsr`]), 3, /good\.tsr is not a folder/);
    expectFailure(await tesseraTiny([...args, folder.join('folder')]), 3, /is a folder; name a file/);
    if (process.platform === 'linux') {
      // Even root may write neither.
      expectFailure(await tesseraTiny([...args, '/sys/a.tsr']), 6, /no permission to write in \/sys/);
      expectFailure(await tesseraTiny([...args, '/dev/full']), 6, /the disk is full/);
    }
  });

  test('stdout on a full disk', async () => {
    if (process.platform !== 'linux') return;
    const full = `'${process.execPath}' '${PROGRAM}' info '${stream}' --json > /dev/full`;
    const lines = `'${process.execPath}' '${PROGRAM}' verify '${stream}' --pack '${TINY_PACK}' --json > /dev/full`;
    for (const command of [full, lines]) {
      const { exitCode, stderr } = await execa('bash', ['-c', command], { reject: false });
      expect(stderr).toBe('tessera: cannot write to stdout: the disk is full');
      expect(exitCode).toBe(6);
    }
  });

  test('a temporary folder that is not there', async () => {
    const args = ['compress', '-', folder.join('pipe.tsr')];
    const run = await tesseraTiny(args, { inputFile: clip('one-frame.mp4'), env: { TMPDIR: folder.join('no') } });
    expectFailure(run, 6, /cannot keep temporary data in .*no: .*set TMPDIR to another folder$/);
  });
});

describe('wrong arguments', () => {
  test.each([
    [[], /name a command/],
    [['compress', 'a.mp4'], /Not enough non-option arguments/],
    [['compress', 'a.mp4', 'b.tsr', '--qality', '3'], /Unknown argument: qality/],
    [['compress', 'a.mp4', 'b.tsr', '-q', '64'], /--quality takes a whole number from 0 to 63/],
    [['decompress', 'a.tsr', 'b.mp4', '--post-filter', 'best'], /post-filter/],
    [['decompress', 'a.tsr', 'b.mp4', '--start', 'noon'], /--start takes seconds/],
    [['decompress', 'a.tsr', 'b.mp4', '--duration', '0'], /--duration takes a time above 0/],
    [['compress', 'a.mp4', 'b.tsr', '--keyint', '0'], /--keyint takes frames/],
    [['compress', 'a.mp4', 'b.mp4'], /b\.mp4 has another file extension: end its name with \.tsr/],
    [['transcode', 'a.tsr', 'b.mp4'], /Unknown (argument|command)/],
  ])('%j', async (args, line) => {
    const run = await tessera(args);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(line);
    expect(run.stderr).toMatch(/^tessera: /);
  });
});

/** A tenth of a second of silence: 8 kHz, mono, 16 bit. */
function makeWav(): Buffer {
  const bytes = Buffer.alloc(44 + 1600);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  [16, 0x00010001, 8000, 16000, 0x00100002].forEach((value, index) => bytes.writeUInt32LE(value, 16 + 4 * index));
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(1600, 40);
  return bytes;
}
