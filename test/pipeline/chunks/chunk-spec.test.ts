import { expect, test } from '@jest/globals';
import type { ChunkedVideo, ChunkTask } from '../../../src/pipeline/chunks/chunk-coders.js';
import { describeChunk, hashOf, parseSpecText, qualityOf } from '../../../src/pipeline/chunks/chunk-spec.js';
import { transformFamily } from '../../../src/codec/transform/family.js';
import { makeFrame, makeProperties, produce } from '../../video/helpers.js';

const video: ChunkedVideo = {
  properties: makeProperties(16, 16),
  encoder: { keyint: 50, pack: '/home/me/pack' },
  qualities: transformFamily.quality,
  packName: 'tiny',
  packId: Uint8Array.from({ length: 16 }, (_, at) => at),
  input: 'in.mp4',
  part: { start: 1 },
  offset: 25n,
  onNote: () => undefined,
};
const task: ChunkTask = {
  index: 3,
  from: 60,
  isScout: false,
  quality: {
    kind: 'budget',
    bits: 1000.5,
    scale: { key: 2, inter: 2.5 },
    limit: null,
    known: [{ pts: -3n, isKey: true, bits: 80, quality: 20 }],
  },
  frames: () => produce([makeFrame(16, 16, 1), makeFrame(16, 16, 2)]),
};

test('a description is plain JSON that says the same again', async () => {
  const spec = await describeChunk(video, task, '/videos/in.mp4');
  const again = parseSpecText(JSON.stringify(spec));
  expect(again).toEqual(spec);
  expect(qualityOf(again)).toEqual(task.quality);
  expect(JSON.stringify(spec)).not.toContain('/home/me');
  expect(hashOf(again)).toBe(hashOf(spec));
});

test('the hash tells chunks apart, but not places of the source', async () => {
  const hashed = async (changes: Partial<ChunkTask>, path = '/videos/in.mp4', changed: Partial<ChunkedVideo> = {}) =>
    hashOf(await describeChunk({ ...video, ...changed }, { ...task, ...changes }, path));
  const hash = await hashed({});
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await hashed({ index: 4, from: 70 }, '/other/copy.mp4', { offset: 0n })).toBe(hash);
  const others = await Promise.all([
    hashed({ isScout: true }),
    hashed({ quality: { kind: 'constant', quality: 20 } }),
    hashed({ frames: () => produce([makeFrame(16, 16, 1), makeFrame(16, 16, 3)]) }),
    hashed({}, '/videos/in.mp4', { encoder: { keyint: 50, preset: 'fast' } }),
    hashed({}, '/videos/in.mp4', { packId: new Uint8Array(16) }),
  ]);
  expect(new Set([hash, ...others]).size).toBe(6);
});

test.each([
  ['no JSON', '{'],
  ['an empty object', '{}'],
  ['a list', '[]'],
])('%s is refused', (_, text) => {
  expect(() => parseSpecText(text)).toThrow(/a chunk is not described as it must be/);
});

test('fields out of range and unknown ones are refused', async () => {
  const spec = await describeChunk(video, task, '/videos/in.mp4');
  for (const change of [
    { width: 0 },
    { frames: [] },
    { frames: [['x', '1', 2]] },
    { pack: { name: '../pack', id: spec.pack.id } },
    { edition: 0 },
    { more: 1 },
  ]) {
    expect(() => parseSpecText(JSON.stringify({ ...spec, ...change }))).toThrow(/not described as it must be/);
  }
});
