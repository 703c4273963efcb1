import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import type * as compressModule from '../../src/pipeline/compress.js';
import type { CompressOptions } from '../../src/pipeline/compress.js';
import type { ChunkCoders, ChunkQuality } from '../../src/pipeline/chunks/chunk-coders.js';
import { readChunkResult } from '../../src/pipeline/chunks/chunk-result.js';
import { describeChunk, hashOf } from '../../src/pipeline/chunks/chunk-spec.js';
import { load } from '../codec/built.js';
import { writeScenes } from '../pipeline/chunks/video.js';
import { TINY_PACK } from '../support/packs.js';
import { Folder, tessera, tesseraTiny } from './helpers.js';

const { compressVideo } = await load<typeof compressModule>('pipeline/compress.js');
const OPTIONS: CompressOptions = { pack: TINY_PACK, device: 'cpu', preset: 'realtime', rate: { bitrate: 90_000 } };

let folder: Folder;
let video: string;

beforeAll(async () => {
  folder = await Folder.create();
  video = folder.join('in.y4m');
  await writeScenes(video, [5, 3]);
});

afterAll(async () => folder[Symbol.asyncDispose]());

/** Codes each chunk with the command, as docs/FARM.md shows it for other schedulers. */
function commandChunks(kinds: Set<ChunkQuality['kind']>): ChunkCoders {
  return {
    open: (given) =>
      Promise.resolve({
        size: 1,
        code: async (task) => {
          const spec = await describeChunk(given, task, video);
          kinds.add(spec.quality.kind);
          const base = folder.join(hashOf(spec));
          await writeFile(`${base}.json`, JSON.stringify(spec));
          const files = [`${base}.json`, `${base}.tsr`, '--qualities', `${base}.qualities`];
          const run = await tesseraTiny(['chunk', 'encode', ...files, '--device', 'cpu', '--search-threads', '1']);
          expect([run.exitCode, run.stderr]).toEqual([0, expect.stringMatching(/: [35] frames, [\d,]+ bytes$/)]);
          expect((await tesseraTiny(['chunk', 'encode', ...files])).exitCode).toBe(3);
          return async () =>
            readChunkResult(spec, await readFile(`${base}.tsr`), await readFile(`${base}.qualities`, 'utf8'));
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}

test('chunks that the command codes make the same file', async () => {
  const kinds = new Set<ChunkQuality['kind']>();
  await compressVideo(video, folder.join('whole.tsr'), OPTIONS);
  await compressVideo(video, folder.join('chunks.tsr'), { ...OPTIONS, chunks: commandChunks(kinds) });
  expect(kinds).toEqual(new Set(['constant', 'budget']));
  expect((await readFile(folder.join('chunks.tsr'))).equals(await readFile(folder.join('whole.tsr')))).toBe(true);
});

test('what cannot be coded ends with one line and an exit code', async () => {
  const description = folder.join('wrong.json');
  await writeFile(description, '{"edition": 1}');
  const wrong = await tessera(['chunk', 'encode', description, folder.join('wrong.tsr')]);
  expect([wrong.exitCode, wrong.stderr]).toEqual([3, expect.stringMatching(/^tessera: a chunk is not described .*$/)]);
  const missing = await tessera(['chunk', 'encode', folder.join('none.json'), folder.join('wrong.tsr')]);
  expect([missing.exitCode, missing.stderr]).toEqual([3, expect.stringMatching(/cannot read .*none\.json/)]);
  expect(await folder.list()).not.toContain('wrong.tsr');
});
