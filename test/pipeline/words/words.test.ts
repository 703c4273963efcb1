import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StreamReader } from '../../../src/bitstream/stream-reader.js';
import { StreamWriter } from '../../../src/bitstream/stream-writer.js';
import { memorySource } from '../../../src/bitstream/byte-source.js';
import type { StreamWords } from '../../../src/bitstream/words.js';
import type * as errorsModule from '../../../src/errors.js';
import type * as compressModule from '../../../src/pipeline/compress.js';
import type * as decompressModule from '../../../src/pipeline/decompress.js';
import type * as inspectModule from '../../../src/pipeline/inspect.js';
import type * as exportingModule from '../../../src/pipeline/tokens/export-tokens.js';
import type * as importingModule from '../../../src/pipeline/tokens/import-tokens.js';
import type * as addingModule from '../../../src/pipeline/words/add-words.js';
import type * as findingModule from '../../../src/pipeline/words/find-scenes.js';
import { loadVocabulary } from '../../../src/pipeline/words/installed-vocabulary.js';
import type * as picturesModule from '../../../src/pipeline/words/scene-pictures.js';
import { encodeWordsFile } from '../../../src/pipeline/words/words-file.js';
import { loadSharp } from '../../../src/video/sharp.js';
import { load } from '../../codec/built.js';
import { MemorySink, readAll } from '../../bitstream/samples.js';
import { TINY_PACK } from '../../support/packs.js';
import { clip, makeFolder } from '../../video/helpers.js';

const { compressVideo } = await load<typeof compressModule>('pipeline/compress.js');
const { decompressVideo } = await load<typeof decompressModule>('pipeline/decompress.js');
const { inspectStream } = await load<typeof inspectModule>('pipeline/inspect.js');
const { exportTokens } = await load<typeof exportingModule>('pipeline/tokens/export-tokens.js');
const { importTokens } = await load<typeof importingModule>('pipeline/tokens/import-tokens.js');
const { addWords } = await load<typeof addingModule>('pipeline/words/add-words.js');
const { findScenes } = await load<typeof findingModule>('pipeline/words/find-scenes.js');
const { writeScenePictures } = await load<typeof picturesModule>('pipeline/words/scene-pictures.js');
const { BitstreamError, InputError, ModelError } = await load<typeof errorsModule>('errors.js');

const SIDE = 'fixtures/streams/side.tsr';
const BUNNY = clip('big-buck-bunny-end.mp4');

let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  folder = await makeFolder();
  process.env['XDG_CACHE_HOME'] = folder.join('cache');
});

afterEach(async () => {
  delete process.env['XDG_CACHE_HOME'];
  await folder[Symbol.asyncDispose]();
});

async function wordsOf(path: string): Promise<StreamWords | null> {
  return (await StreamReader.open(memorySource(await readFile(path)))).readWords();
}

/** Words of one scene of five seconds with one word. */
async function wordsOfOne(word: string, confidence = 255): Promise<StreamWords> {
  const vocabulary = await loadVocabulary();
  return {
    vocabularyEdition: vocabulary.edition,
    vocabularyId: vocabulary.id,
    isFromDecoded: false,
    scenes: [{ durationMs: 5000, words: [{ node: vocabulary.find(word)[0]!, confidence }] }],
  };
}

/** A stream with words, from the packets of a golden stream. */
async function writeStreamWith(path: string, words: StreamWords | null): Promise<void> {
  const sections = await readAll(await readFile(SIDE), true);
  const sink = new MemorySink();
  const writer = new StreamWriter(sink);
  await writer.writeHeader((await StreamReader.open(memorySource(await readFile(SIDE)))).header);
  for (const section of sections) {
    if (section.kind === 'side') await writer.writeSide([section.bytes]);
    if (section.kind === 'packet') await writer.writePacket(section.packet);
  }
  await writer.finish(words);
  await writeFile(path, sink.bytes());
}

describe('compressVideo with words', () => {
  test('writes scenes that begin at key frames and cover the video, and changes nothing else', async () => {
    const [plain, worded] = [folder.join('plain.tsr'), folder.join('worded.tsr')];
    const options = { pack: TINY_PACK, keyint: 5, duration: 0.4 };
    await compressVideo(clip('big-buck-bunny-3s.mp4'), plain, options);
    const { bytesBySection } = await compressVideo(clip('big-buck-bunny-3s.mp4'), worded, { ...options, words: true });
    const words = (await wordsOf(worded))!;
    expect(await wordsOf(plain)).toBeNull();
    const vocabulary = await loadVocabulary();
    expect(words).toMatchObject({ vocabularyEdition: 1, isFromDecoded: false, vocabularyId: vocabulary.id });
    // Ten frames of 1/25 s, a key frame every five.
    expect(words.scenes.map(({ durationMs }) => durationMs)).toEqual([200, 200]);
    for (const { words: list } of words.scenes) expect(list.length).toBeGreaterThan(3);
    const [before, after] = [await readFile(plain), await readFile(worded)];
    expect(bytesBySection.words).toBe(after.length - before.length);
    expect(Buffer.concat([after.subarray(0, -26 - bytesBySection.words), after.subarray(-26)])).toEqual(before);
    const info = await inspectStream(worded, { words: true });
    expect(info.scenes).toHaveLength(2);
    expect(info.scenes![1]).toMatchObject({ start: 0.2, end: 0.4 });
    expect(info.scenes![0]!.pyramid.length).toBeGreaterThan(0);
    expect((await inspectStream(plain, { words: true })).scenes).toEqual([]);
  });
});

test('decompressing says that words are left out', async () => {
  const path = folder.join('a.tsr');
  await copyFile(SIDE, path);
  await addWords(path, { pack: TINY_PACK });
  const options = { pack: TINY_PACK, postFilter: 'none', overwrite: true } as const;
  const note = 'the words of the stream are left out: the output has no place for them';
  expect((await decompressVideo(path, folder.join('a.y4m'), options)).notes).toContain(note);
  expect((await decompressVideo(SIDE, folder.join('a.y4m'), options)).notes).not.toContain(note);
});

describe('addWords', () => {
  test('adds words to a stream from its pictures, and changes nothing else', async () => {
    const path = folder.join('a.tsr');
    await copyFile(SIDE, path);
    const notes: string[] = [];
    const result = await addWords(path, { pack: TINY_PACK, onNote: (note) => notes.push(note) });
    expect(result).toMatchObject({ output: path, frames: 2, scenes: 1 });
    expect(notes).toEqual([expect.stringMatching(/^the words come from decoded pictures and tell less/)]);
    const [before, after] = [await readFile(SIDE), await readFile(path)];
    expect(Buffer.concat([after.subarray(0, -26 - result.wordsBytes), after.subarray(-26)])).toEqual(before);
    expect((await wordsOf(path))!.isFromDecoded).toBe(true);
    await expect(addWords(path, { pack: TINY_PACK })).rejects.toThrow(/has words already; use -y/);
    expect(await readFile(path)).toEqual(after);
    await addWords(path, { pack: TINY_PACK, overwrite: true });
    expect(await readFile(path)).toEqual(after);
  });

  test('writes the words of another video beside it', async () => {
    const video = folder.join('one.mp4');
    await copyFile(clip('one-frame.mp4'), video);
    const result = await addWords(video);
    expect(result).toMatchObject({ output: `${video}.words`, frames: 1, scenes: 1 });
    await expect(addWords(video)).rejects.toThrow(/one\.mp4\.words exists already/);
    const found = await findScenes('not animal', [folder.path], { threshold: 1 });
    expect(found).toMatchObject({ files: 1, searched: 1, scenes: [{ file: video, start: 0 }] });
    expect((await readdir(folder.path)).sort()).toEqual(['cache', 'one.mp4', 'one.mp4.words']);
  });

  test('refuses what is missing or damaged, and leaves it as it is', async () => {
    const cut = folder.join('cut.tsr');
    await writeFile(cut, (await readFile(SIDE)).subarray(0, -40));
    await expect(addWords(cut, { pack: TINY_PACK })).rejects.toThrow(BitstreamError);
    await expect(addWords(folder.join('no.tsr'))).rejects.toThrow(/no\.tsr does not exist/);
    await writeFile(folder.join('text.mp4'), 'no video');
    await expect(addWords(folder.join('text.mp4'))).rejects.toThrow(InputError);
    expect((await readdir(folder.path)).sort()).toEqual(['cut.tsr', 'text.mp4']);
  });
});

test('tokens carry words there and back, byte for byte', async () => {
  const path = folder.join('a.tsr');
  const words = await wordsOfOne('dog');
  await writeStreamWith(path, { ...words, scenes: [...words.scenes, { durationMs: 10, words: [] }] });
  for (const format of ['jsonl', 'npz']) {
    const file = folder.join(`tokens.${format}`);
    const back = folder.join(`${format}.tsr`);
    await exportTokens(path, file, { pack: TINY_PACK });
    expect(await importTokens(file, back, { pack: TINY_PACK })).toMatchObject({ isSame: true });
    expect(await readFile(back)).toEqual(await readFile(path));
  }
  const lines = (await readFile(folder.join('tokens.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.slice(-4).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
    ...['words', 'scene', 'scene', 'end'],
  ]);
  const importLines = async (changed: string[]): Promise<unknown> => {
    await writeFile(folder.join('bad.jsonl'), changed.join('\n'));
    return importTokens(folder.join('bad.jsonl'), folder.join('bad.tsr'), { pack: TINY_PACK });
  };
  await expect(importLines(lines.filter((line) => !line.includes('"type":"words"')))).rejects.toThrow(
    /a line of type scene comes before that of type words/,
  );
  await expect(importLines(lines.toSpliced(-4, 0, lines.at(-4)!))).rejects.toThrow(/more than one line of type words/);
  await expect(importLines(lines.map((line) => line.replace('"confidence":255', '"confidence":256')))).rejects.toThrow(
    /bad\.jsonl: words: confidence 256 does not fit/,
  );
});

describe('findScenes', () => {
  beforeEach(async () => {
    await mkdir(join(folder.path, 'archive', 'deep'), { recursive: true });
    await writeStreamWith(join(folder.path, 'archive', 'dog.tsr'), await wordsOfOne('pug', 200));
    await writeStreamWith(join(folder.path, 'archive', 'deep', 'van.tsr'), await wordsOfOne('minivan'));
    await writeStreamWith(join(folder.path, 'archive', 'none.tsr'), null);
    await writeFile(join(folder.path, 'archive', 'cat.mp4.words'), encodeWordsFile(await wordsOfOne('tabby cat', 128)));
  });

  const find = async (query: string, threshold?: number): Promise<string[]> => {
    const { scenes } = await findScenes(query, [folder.join('archive')], threshold === undefined ? {} : { threshold });
    return scenes.map(({ file }) => file.slice(folder.join('archive').length + 1));
  };

  test.each([
    ['dog', ['dog.tsr']],
    ['animal', ['dog.tsr', 'cat.mp4']],
    ['animals, not cats', ['dog.tsr']],
    ['vehicle', ['deep/van.tsr']],
    ['automobile', ['deep/van.tsr']],
    ['domestic animal', ['dog.tsr', 'cat.mp4']],
    ['not vehicle', ['dog.tsr', 'cat.mp4']],
    ['dog, vehicle', []],
  ])('%j', async (query, files) => {
    expect(await find(query)).toEqual(files);
  });

  test('the threshold', async () => {
    expect(await find('animal', 0.8)).toEqual(['dog.tsr']);
    expect(await find('animal', 0.9)).toEqual([]);
  });

  test('tells times, confidences and counts', async () => {
    const result = await findScenes('dog', [folder.join('archive')]);
    expect(result).toMatchObject({ files: 4, searched: 3, withoutWords: 1, problems: [] });
    expect(result.scenes[0]).toMatchObject({ start: 0, end: 5, terms: [{ word: 'dog', isWanted: true }] });
    expect(result.scenes[0]!.confidence).toBeGreaterThan(0.78);
    expect(result.scenes[0]!.words).toEqual([{ word: 'pug', confidence: 200 / 255 }]);
  });

  test('keeps a cache, and reads a file again when its time or size changes', async () => {
    const dog = join(folder.path, 'archive', 'dog.tsr');
    expect(await find('dog')).toEqual(['dog.tsr']);
    expect(await readdir(join(folder.path, 'cache', 'tessera', 'words'))).toHaveLength(1);
    // The cache says what the file says, so a wrong entry with the right times shows that the cache is used.
    const [name] = await readdir(join(folder.path, 'cache', 'tessera', 'words'));
    const cache = join(folder.path, 'cache', 'tessera', 'words', name!);
    const van = await readFile(cache, 'utf8');
    const entries = JSON.parse(van) as { files: Record<string, unknown[]> };
    entries.files[dog]![3] = entries.files[join(folder.path, 'archive', 'deep', 'van.tsr')]![3];
    await writeFile(cache, JSON.stringify(entries));
    expect(await find('vehicle')).toEqual(['deep/van.tsr', 'dog.tsr']);
    await utimes(dog, new Date(), new Date(1e12));
    expect(await find('vehicle')).toEqual(['deep/van.tsr']);
    await writeStreamWith(dog, await wordsOfOne('minivan', 100));
    expect(await find('vehicle')).toEqual(['deep/van.tsr', 'dog.tsr']);
    await rm(dog);
    expect(await find('vehicle')).toEqual(['deep/van.tsr']);
    expect(await readFile(cache, 'utf8')).not.toContain('dog.tsr');
    await writeFile(cache, 'no json');
    expect(await find('vehicle')).toEqual(['deep/van.tsr']);
    expect((await stat(cache)).size).toBeGreaterThan(20);
  });

  test('a cache that cannot be written is a note, not a failure', async () => {
    await writeFile(folder.join('file'), '');
    process.env['XDG_CACHE_HOME'] = folder.join('file');
    const notes: string[] = [];
    const { scenes } = await findScenes('dog', [folder.join('archive')], { onNote: (note) => notes.push(note) });
    expect(scenes).toHaveLength(1);
    expect(notes).toEqual([expect.stringMatching(/^the cache of .*archive cannot be kept: /)]);
  });

  test('damaged streams and other vocabularies below a folder are problems; named, they are errors', async () => {
    const other = await wordsOfOne('dog');
    await writeStreamWith(join(folder.path, 'archive', 'other.tsr'), {
      ...other,
      vocabularyEdition: 9,
      vocabularyId: new Uint8Array(8),
    });
    const damaged = await readFile(join(folder.path, 'archive', 'dog.tsr'));
    damaged[damaged.length - 33]! ^= 1;
    await writeFile(join(folder.path, 'archive', 'damaged.tsr'), damaged);
    await writeFile(join(folder.path, 'archive', 'text.tsr'), 'no stream at all');
    await writeFile(join(folder.path, 'archive', 'text.mp4.words'), 'no words');
    const notes: string[] = [];
    const result = await findScenes('dog', [folder.join('archive')], { onNote: (note) => notes.push(note) });
    expect(result.scenes).toHaveLength(1);
    expect([...result.problems].sort()).toEqual([
      expect.stringMatching(/damaged\.tsr: the words section is damaged/),
      expect.stringMatching(
        /other\.tsr has words of another vocabulary \(edition 9, 0{16}; this version has edition 1\)/,
      ),
      expect.stringMatching(/text\.mp4\.words is no words file, or damaged: make it again with tessera words/),
      expect.stringMatching(/text\.tsr: .*not a tessera stream/),
    ]);
    expect(notes).toEqual(result.problems);
    const named = (name: string): Promise<unknown> => findScenes('dog', [join(folder.path, 'archive', name)]);
    await expect(named('damaged.tsr')).rejects.toThrow(BitstreamError);
    await expect(named('other.tsr')).rejects.toThrow(ModelError);
    await expect(inspectStream(join(folder.path, 'archive', 'other.tsr'), { words: true })).rejects.toThrow(ModelError);
    await expect(named('text.mp4.words')).rejects.toThrow(BitstreamError);
    await expect(named('missing.tsr')).rejects.toThrow(/missing\.tsr does not exist/);
  });

  test('pipes and broken links are problems, and nothing waits for them', async () => {
    const pipe = join(folder.path, 'archive', 'pipe.tsr');
    execFileSync('mkfifo', [pipe]);
    await symlink('nowhere', join(folder.path, 'archive', 'link.tsr'));
    const { problems, scenes } = await findScenes('dog', [join(folder.path, 'archive')]);
    expect(scenes).toHaveLength(1);
    expect(problems).toEqual([
      expect.stringMatching(/link\.tsr cannot be read: /),
      expect.stringMatching(/pipe\.tsr is not a regular file$/),
    ]);
    await expect(findScenes('dog', [pipe])).rejects.toThrow(/pipe\.tsr is not a regular file/);
  });

  test('refuses queries that say nothing, and thresholds out of range', async () => {
    await expect(find('')).rejects.toThrow(/the query is empty/);
    await expect(find('xyzzy')).rejects.toThrow(/the vocabulary has no word 'xyzzy'/);
    await expect(find('dog', 2)).rejects.toThrow(/threshold is 2: give a number from 0 to 1/);
    await expect(findScenes('dog', [])).rejects.toThrow(/name files or folders/);
  });
});

describe('writeScenePictures', () => {
  let video: Awaited<ReturnType<typeof makeFolder>>;
  beforeAll(async () => {
    video = await makeFolder();
    await compressVideo(BUNNY, video.join('bunny.tsr'), { pack: TINY_PACK, duration: 0.4, keyint: 5 });
    await copyFile(BUNNY, video.join('bunny.mp4'));
  });
  afterAll(async () => {
    await video[Symbol.asyncDispose]();
  });

  test('writes a small picture of each scene, of streams and other videos', async () => {
    // Streams name their pack, which must be found.
    process.env['TESSERA_PACK_PATH'] = folder.path;
    await mkdir(folder.join('tiny'));
    for (const name of await readdir(TINY_PACK))
      await copyFile(`${TINY_PACK}/${name}`, join(folder.path, 'tiny', name));
    try {
      const scenes = ['bunny.tsr', 'bunny.mp4'].map((name) => ({ file: video.join(name), start: 0.2, end: 0.4 }));
      const paths = await writeScenePictures(scenes, folder.join('found'));
      expect(paths.map((path) => path.slice(folder.join('found').length + 1))).toEqual([
        ...['0001-bunny.tsr-0.200s.jpg', '0002-bunny.mp4-0.200s.jpg'],
      ]);
      const sharp = await loadSharp();
      const means = await Promise.all(
        paths.map(async (path) => {
          const { width, height, format } = await sharp(path).metadata();
          expect(format).toBe('jpeg');
          expect(Math.max(width, height)).toBeLessThanOrEqual(320);
          return (await sharp(path).stats()).channels.map(({ mean }) => mean);
        }),
      );
      means[0]!.forEach((mean, channel) => expect(Math.abs(mean - means[1]![channel]!)).toBeLessThan(12));
      await expect(writeScenePictures(scenes, folder.join('found'))).rejects.toThrow(/0001-.*exists already; use -y/);
      expect(await writeScenePictures(scenes, folder.join('found'), { overwrite: true })).toEqual(paths);
    } finally {
      delete process.env['TESSERA_PACK_PATH'];
    }
  });
});
