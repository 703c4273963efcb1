import { expect, test } from '@jest/globals';
import { FrameQueue } from '../../../src/pipeline/chunks/frame-queue.js';
import { collect, makeFrame, produce } from '../../video/helpers.js';

const frames = Array.from({ length: 12 }, (_, seed) => makeFrame(16, 16, seed));

test.each([
  ['memory', undefined],
  ['a temporary file', 3 * 384],
])('frames are read again from %s', async (_, limit) => {
  await using queue = new FrameQueue(produce(frames), limit);
  expect(await collect(queue.read(0, 8))).toEqual(frames.slice(0, 8));
  expect(queue.length).toBeNull();
  expect(await collect(queue.read(2, 5))).toEqual(frames.slice(2, 5));
  queue.drop(6);
  expect(await collect(queue.read(6))).toEqual(frames.slice(6));
  expect(queue.length).toBe(12);
  expect(await queue.has(11)).toBe(true);
  expect(await queue.has(12)).toBe(false);
  await expect(collect(queue.read(5))).rejects.toThrow('frame 5 was dropped');
});

test('frames that are dropped before they come are skipped', async () => {
  await using queue = new FrameQueue(produce(frames), 0);
  queue.drop(9);
  expect(await collect(queue.read(9))).toEqual(frames.slice(9));
});

test('several readers at a time get all frames, and frames that are read once are forgotten', async () => {
  await using queue = new FrameQueue(produce(frames), 3 * 384);
  const read = await Promise.all([queue.readOnce(0, 5), queue.readOnce(5, 9), queue.readOnce(9, 20)].map(collect));
  expect(read.flat()).toEqual(frames);
  expect(queue.length).toBe(12);
  await expect(collect(queue.read(4))).rejects.toThrow('frame 4 was dropped');
});
