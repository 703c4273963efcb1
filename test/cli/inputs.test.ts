import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import {
  constants,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CancelledError } from '../../src/errors.js';
import { resolveInput } from '../../src/io/input.js';
import { clip, Folder, PROGRAM, start, tessera, tesseraTiny, textOf, TINY_PACK } from './helpers.js';
import { until } from '../support/until.js';
import { collect, failureOf } from '../video/helpers.js';

let folder: Folder;
let stream: Buffer;
const video = clip('one-frame.mp4');

beforeAll(async () => {
  folder = await Folder.create();
  expect((await tesseraTiny(['compress', video, folder.join('a.tsr')])).exitCode).toBe(0);
  stream = await readFile(folder.join('a.tsr'));
});

afterAll(() => folder[Symbol.asyncDispose]());

async function makeFifo(name: string): Promise<string> {
  await execa('mkfifo', [folder.join(name)]);
  return folder.join(name);
}

describe('-- ends the options', () => {
  test('before both names, after one, and before a name that begins with a dash', async () => {
    const out = folder.join('dashes.tsr');
    expect(await tessera(['compress', '-y', '--pack', TINY_PACK, '--', video, out])).toMatchObject({ exitCode: 0 });
    expect(await readFile(out)).toEqual(stream);
    expect(await tessera(['compress', '-y', '--pack', TINY_PACK, video, '--', out])).toMatchObject({ exitCode: 0 });
    await copyFile(video, folder.join('-q.mp4'));
    const args = ['compress', '--pack', TINY_PACK, '--', '-q.mp4', '-out.tsr'];
    expect(await execa(process.execPath, [PROGRAM, ...args], { cwd: folder.path, reject: false })).toMatchObject({
      exitCode: 0,
    });
    expect(await readFile(folder.join('-out.tsr'))).toEqual(stream);
  });

  test('- behind it is a pipe still', async () => {
    const run = await start(['compress', '--pack', TINY_PACK, '--', '-', '-'], { inputFile: video });
    expect(run.exitCode).toBe(0);
    expect(Buffer.from(run.stdout)).toEqual(stream);
  });
});

// Windows has no pipes with names in its file system.
(process.platform === 'win32' ? describe.skip : describe)('pipes with names', () => {
  test('compress reads a video from a FIFO and from <(command)', async () => {
    const fifo = await makeFifo('video');
    const writer = execa('bash', ['-c', `cat '${video}' > '${fifo}'`]);
    expect(await tesseraTiny(['compress', fifo, folder.join('fifo.tsr')])).toMatchObject({ exitCode: 0 });
    await writer;
    expect(await readFile(folder.join('fifo.tsr'))).toEqual(stream);

    const out = folder.join('fd.tsr');
    const shell = `'${process.execPath}' '${PROGRAM}' compress <(cat '${video}') '${out}' --pack '${TINY_PACK}'`;
    expect(await execa('bash', ['-c', shell], { reject: false })).toMatchObject({ exitCode: 0 });
    expect(await readFile(out)).toEqual(stream);
  });

  test('decompress, info and tokens read a stream from <(command)', async () => {
    const file = folder.join('a.tsr');
    for (const args of [
      `decompress <(cat '${file}') - --pack '${TINY_PACK}' | wc -c`,
      `decompress <(cat '${file}') '${folder.join('fd.mkv')}' --pack '${TINY_PACK}'`,
      `info <(cat '${file}')`,
      `tokens export <(cat '${file}') '${folder.join('fd.jsonl')}' --pack '${TINY_PACK}'`,
      `tokens import <(cat '${folder.join('fd.jsonl')}') '${folder.join('again.tsr')}' --pack '${TINY_PACK}'`,
    ]) {
      const shell = `set -o pipefail; '${process.execPath}' '${PROGRAM}' ${args}`;
      const { exitCode, stderr } = await execa('bash', ['-c', shell], { reject: false });
      expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
    }
    expect(await readFile(folder.join('again.tsr'))).toEqual(stream);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('one %s ends the wait for what a FIFO gives', async (signal) => {
    const fifo = await makeFifo(`silent-${signal}`);
    await using out = await Folder.create();
    const process = start(['compress', fifo, out.join('o.tsr'), '--pack', TINY_PACK]);
    // The system lets a writer in only if there is a reader.
    const writer = await until(() => open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => null));
    process.kill(signal);
    const { exitCode, stderr } = await process;
    await writer.close();
    expect({ exitCode, stderr: textOf(stderr) }).toEqual({ exitCode: 130, stderr: 'tessera: cancelled' });
    expect(await out.list()).toEqual([]);
  });

  test('and a FIFO that nobody writes to', async () => {
    const fifo = await makeFifo('nobody');
    const controller = new AbortController();
    const bytes = await resolveInput(fifo, controller.signal);
    const reading = failureOf(collect(bytes as AsyncIterable<Uint8Array>));
    controller.abort();
    expect(await reading).toBeInstanceOf(CancelledError);
  });
});

describe('addresses', () => {
  test('file:// names a local file, also where the output must not be the input', async () => {
    const [copy, out] = [folder.join('a b.mp4'), folder.join('url.tsr')];
    await copyFile(video, copy);
    expect(await tesseraTiny(['compress', pathToFileURL(copy).href, out])).toMatchObject({ exitCode: 0 });
    expect(await readFile(out)).toEqual(stream);
    expect(await tessera(['info', pathToFileURL(out).href])).toMatchObject({ exitCode: 0 });
    const same = folder.join('same.tsr');
    await copyFile(video, same);
    const run = await tesseraTiny(['compress', '-y', pathToFileURL(same).href, same]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/same\.tsr is the input itself/);
    expect(await tesseraTiny(['compress', 'file://elsewhere/a.mp4', out])).toMatchObject({ exitCode: 3 });
  });

  test('others are refused, with what to do', async () => {
    const out = folder.join('none.tsr');
    for (const args of [
      ['compress', 'https://example.org/a.mp4', out],
      ['decompress', 'https://example.org/a.mp4', `${out}.mp4`],
      ['info', 'https://example.org/a.mp4'],
    ]) {
      const run = await tessera(args);
      expect(run.exitCode).toBe(3);
      expect(run.stderr).toMatch(/reads local files, not https:\/\/ addresses; .*curl -L 'https:.*a\.mp4' \| tessera/);
    }
    expect((await tessera(['compress', 'rtsp://camera/1', out])).stderr).toMatch(/not rtsp:\/\/ addresses; save it/);
  });
});

test('an output that is a symbolic link is written through', async () => {
  await using out = await Folder.create();
  await mkdir(out.join('there'));
  const names: [string, string[]][] = [
    ['a.tsr', ['compress', video]],
    ['a.mkv', ['decompress', folder.join('a.tsr')]],
    ['a.y4m', ['decompress', folder.join('a.tsr')]],
  ];
  for (const [name, args] of names) {
    await writeFile(out.join('there', name), 'old');
    await symlink(join('there', name), out.join(name));
    expect(await tesseraTiny([...args, out.join(name)])).toMatchObject({ exitCode: 3 });
    expect(await tesseraTiny([...args, out.join(name), '-y'])).toMatchObject({ exitCode: 0 });
    expect(await readlink(out.join(name))).toBe(join('there', name));
    expect((await stat(out.join('there', name))).size).toBeGreaterThan(100);
  }
  expect(await readdir(out.join('there'))).toHaveLength(names.length);
});
