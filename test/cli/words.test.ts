import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { Folder, jsonLines, tessera, tesseraTiny, type Run } from './helpers.js';

const SIDE = 'fixtures/streams/side.tsr';

let folder: Folder;
let worded: string;

/** The caches of these tests lie in their folder. */
const run = (...args: string[]): Promise<Run> => tessera(args, { env: { XDG_CACHE_HOME: folder.join('cache') } });

beforeAll(async () => {
  folder = await Folder.create();
  await mkdir(folder.join('archive'));
  worded = folder.join('archive', 'a.tsr');
  await copyFile(SIDE, worded);
  const added = await tesseraTiny(['words', worded]);
  expect(added.exitCode).toBe(0);
  const [note, done] = added.stderr.split('\n');
  expect(note).toMatch(/^tessera: note: the words come from decoded pictures and tell less than those of the original/);
  expect(done).toMatch(/a\.tsr -> .*a\.tsr: words of 1 scene, \d+ bytes$/);
});

afterAll(() => folder[Symbol.asyncDispose]());

/** One clear line on stderr, nothing on stdout, this exit code. */
function expectFailure({ exitCode, stdout, stderr }: Run, code: number, line: RegExp): void {
  expect(stderr.split('\n')).toHaveLength(1);
  expect(stderr).toMatch(line);
  expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
}

describe('tessera find', () => {
  test('lists scenes, and says how many', async () => {
    const found = await run('find', 'entity', folder.join('archive'));
    expect(found).toMatchObject({ exitCode: 0, stderr: 'tessera: 1 scene in 1 video of 1' });
    expect(found.stdout).toMatch(/^confidence +start +end +file +words\n1\.00 +0:00\.0 +0:00\.\d +\S+a\.tsr +\w/);
    const nothing = await run('find', 'not entity', folder.join('archive'));
    expect(nothing).toMatchObject({ exitCode: 0, stdout: '', stderr: 'tessera: 0 scenes in 1 video of 1' });
  });

  test('--json', async () => {
    const { stdout, stderr, exitCode } = await run('find', 'entity', worded, SIDE, '--threshold', '0.9', '--json');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'scene', file: worded, start: 0, confidence: 1, terms: [{ word: 'entity', isWanted: true }] },
      { type: 'note', text: '1 stream without words: add them with tessera words' },
      { type: 'done', command: 'find', query: 'entity', found: 1, files: 2, searched: 1, withoutWords: 1 },
    ]);
  });

  test('--pictures', async () => {
    const env = { XDG_CACHE_HOME: folder.join('cache'), TESSERA_PACK_PATH: folder.join('packs') };
    const pack = folder.join('packs', 'tiny');
    await mkdir(pack, { recursive: true });
    const manifest = JSON.parse(await readFile('fixtures/tiny-pack/manifest.json', 'utf8')) as {
      files: Record<string, { path: string }>;
    };
    for (const path of ['manifest.json', ...Object.values(manifest.files).map((file) => file.path)]) {
      await copyFile(`fixtures/tiny-pack/${path}`, `${pack}/${path}`);
    }
    const args = ['find', 'entity', worded, '--pictures', folder.join('pictures')];
    const found = await tessera(args, { env });
    expect(found.exitCode).toBe(0);
    const picture = folder.join('pictures', '0001-a.tsr-0.000s.jpg');
    expect(found.stdout).toContain(picture);
    expect((await readFile(picture)).subarray(0, 3).toString('hex')).toBe('ffd8ff');
    expectFailure(await tessera(args, { env }), 3, /0001-a\.tsr-0\.000s\.jpg exists already; use -y/);
  });

  test('what it refuses', async () => {
    expectFailure(await run('find', '', worded), 2, /find needs words, such as "dog"/);
    expectFailure(await run('find', ',', worded), 3, /the query is empty/);
    expectFailure(await run('find', 'xyzzy', worded), 3, /the vocabulary has no word 'xyzzy': try a more general/);
    expectFailure(await run('find', 'dog', folder.join('no')), 3, /no does not exist$/);
    expectFailure(await run('find', 'dog', worded, '--threshold', '7'), 2, /--threshold takes a number from 0 to 1/);
    const bytes = await readFile(worded);
    bytes[bytes.length - 30]! ^= 1;
    await writeFile(folder.join('damaged.tsr'), bytes);
    expectFailure(await run('find', 'dog', folder.join('damaged.tsr')), 4, /the words section is damaged/);
    await mkdir(folder.join('bad'));
    await writeFile(folder.join('bad', 'b.tsr'), bytes);
    const partly = await run('find', 'dog', folder.join('bad'));
    expect(partly).toMatchObject({ exitCode: 7, stdout: '' });
    expect(partly.stderr).toMatch(
      /^tessera: note: .*b\.tsr: the words section is damaged.*\ntessera: 0 scenes in 0 videos/,
    );
  });
});

test('info --words shows scenes, as text and as JSON', async () => {
  const shown = await run('info', worded, '--words');
  expect(shown.stdout).toMatch(/\nstart +end +pyramid +words\n0:00\.0 +0:00\.\d +\S/);
  expect(shown.stdout).toMatch(/\nwords +1 +\d+/);
  const lines = jsonLines((await run('info', worded, '--words', '--json')).stdout);
  expect(lines.map(({ type }) => type)).toEqual(['stream', 'scene']);
  expect(lines[1]).toMatchObject({
    start: 0,
    words: expect.any(Array) as unknown,
    pyramid: expect.any(Array) as unknown,
  });
  expect((await run('info', SIDE, '--words')).stdout).toMatch(/\nno words: add them with tessera words$/m);
});

test('what words refuses', async () => {
  expectFailure(
    await tesseraTiny(['words', worded]),
    3,
    /a\.tsr has words already; use -y \(overwrite\) to replace them$/,
  );
  expectFailure(await tesseraTiny(['words', '-']), 2, /words needs a file, not a pipe/);
  expectFailure(await tesseraTiny(['words', folder.join('no.mp4')]), 3, /no\.mp4 does not exist$/);
});

test('a pack of words is not a pack for streams, and doctor checks it', async () => {
  const wrong = await tessera(['compress', 'fixtures/clips/one-frame.mp4', folder.join('x.tsr'), '--pack', 'words']);
  expectFailure(wrong, 5, /this is a pack of words, which makes no tokens: name another pack$/);
  const doctor = jsonLines((await tessera(['doctor', '--json'])).stdout)[0]!;
  const packs = doctor['packs'] as { name: string; version: string; problem: string }[];
  expect(packs.find(({ name }) => name === 'words')).toMatchObject({ version: '0.1.0', problem: '' });
});
