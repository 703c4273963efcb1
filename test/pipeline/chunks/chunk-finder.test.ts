import { expect, test } from '@jest/globals';
import { ChunkFinder } from '../../../src/pipeline/chunks/chunk-finder.js';
import { FrameQueue } from '../../../src/pipeline/chunks/frame-queue.js';
import { collect, makeFrame, produce } from '../../video/helpers.js';

const frames = Array.from({ length: 10 }, (_, seed) => makeFrame(16, 16, seed));

/** Finds key frames at given places. */
function finderOf(keys: readonly number[]) {
  let seen = 0;
  return { isKey: () => Promise.resolve(keys.includes(seen++)), seen: () => seen };
}

test('places and frames of chunks, read one after another', async () => {
  await using queue = new FrameQueue(produce(frames));
  const finder = finderOf([0, 4, 5]);
  const chunks = new ChunkFinder(queue, finder);
  const places: unknown[] = [];
  for await (const place of chunks.places()) {
    const read = await collect(chunks.framesOnce(place));
    places.push([place.index, place.from, read.map(({ pts }) => Number(pts))]);
    // It looks one frame ahead, to see that the chunk ends.
    expect(finder.seen()).toBe(Math.min(10, place.from + read.length + 1));
  }
  expect(places).toEqual([
    [0, 0, [0, 1, 2, 3]],
    [1, 4, [4]],
    [2, 5, [5, 6, 7, 8, 9]],
  ]);
});

test('chunks read at the same time, and their ends', async () => {
  await using queue = new FrameQueue(produce(frames), 3 * 384);
  const chunks = new ChunkFinder(queue, finderOf([0, 3, 8]));
  const places = await collect(chunks.places());
  expect(places.map(({ from }) => from)).toEqual([0, 3, 8]);
  expect(await Promise.all(places.map(({ from }) => chunks.endOf(from)))).toEqual([3, 8, 10]);
  const read = await Promise.all(places.map((place) => collect(chunks.framesOnce(place))));
  expect(read.flat()).toEqual(frames);
});

test('a video without frames has no chunks', async () => {
  await using queue = new FrameQueue(produce([]));
  expect(await collect(new ChunkFinder(queue, finderOf([])).places())).toEqual([]);
});
