import { beforeAll, describe, expect, test } from '@jest/globals';
import { SequenceEncoder } from '../../src/codec/encoder/sequence-encoder.js';
import type { EncodedPicture } from '../../src/codec/encoder/picture-encoder.js';
import { Geometry } from '../../src/codec/frame-tokens.js';
import { Kernels } from '../../src/kernels/kernels.js';
import type { PackTables } from '../../src/model/pack-tables.js';
import { picture } from './clips.js';
import { tinyTables } from './tiny.js';

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

/** Encodes `scenes.length` frames; the number says which scene each belongs to. */
async function encode(scenes: readonly number[], keyint: number, quality = 20): Promise<EncodedPicture[]> {
  const geometry = new Geometry(80, 64);
  const encoder = new SequenceEncoder(new Kernels(), geometry, tables, null, { quality, keyint });
  const results: EncodedPicture[] = [];
  for (const [time, scene] of scenes.entries()) {
    encoder.push(picture('pan', 80, 64, time, 3 * scene));
    while (encoder.isReady(false)) results.push(await encoder.next());
  }
  while (encoder.isReady(true)) results.push(await encoder.next());
  return results;
}

function keys(frames: readonly EncodedPicture[]): number[] {
  return frames.flatMap(({ head }, index) => (head.kind === 'key' ? [index] : []));
}

describe('key frames', () => {
  test('the first, then one every keyint frames', async () => {
    expect(keys(await encode([0, 0, 0, 0, 0, 0, 0], 3))).toEqual([0, 3, 6]);
    expect(keys(await encode([0, 0, 0], 1))).toEqual([0, 1, 2]);
    expect(keys(await encode([0, 0, 0, 0, 0], 250))).toEqual([0]);
  });

  test('a scene cut makes one, from which keyint counts anew', async () => {
    expect(keys(await encode([0, 0, 1, 1, 1, 1, 1, 1], 4))).toEqual([0, 2, 6]);
  });

  test('a single frame is a key frame', async () => {
    const frames = await encode([0], 250);
    expect(frames.map(({ head }) => head.kind)).toEqual(['key']);
  });
});

describe('quality', () => {
  test('frames that later ones depend on get more, and never more than 63', async () => {
    const frames = await encode([0, 0, 0, 0, 0, 0, 0, 0], 250, 20);
    const q = frames.map(({ head }) => head.q);
    expect(q[0]).toBeGreaterThan(20);
    expect(q.at(-1)).toBe(20);
    expect(q.every((value, i) => i === 0 || value <= q[i - 1]!)).toBe(true);
    expect((await encode([0, 0, 0, 0], 250, 62)).every(({ head }) => head.q <= 63)).toBe(true);
  });

  test('key frames that nothing depends on get none', async () => {
    expect((await encode([0, 0, 0], 1, 20)).map(({ head }) => head.q)).toEqual([20, 20, 20]);
  });
});

test('waits for a look-ahead, which large pictures shorten', () => {
  const small = new SequenceEncoder(new Kernels(), new Geometry(16, 16), tables, null, { quality: 1, keyint: 9 });
  for (let time = 0; time < 40; time++) {
    expect(small.isReady(false)).toBe(false);
    small.push(picture('black', 16, 16, time));
    expect(small.isReady(true)).toBe(true);
  }
  expect(small.isReady(false)).toBe(true);
});
