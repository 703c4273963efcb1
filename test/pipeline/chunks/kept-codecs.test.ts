import { expect, test } from '@jest/globals';
import type * as chunkEncodersModule from '../../../src/pipeline/chunks/kept-codecs.js';
import type { Encoder } from '../../../src/codec/encoder.js';
import { load } from '../../codec/built.js';
import { TINY_PACK } from '../../support/packs.js';

const { KeptCodecs } = await load<typeof chunkEncodersModule>('pipeline/chunks/kept-codecs.js');

const SMALL = { width: 64, height: 48 };
const OPTIONS = { pack: TINY_PACK, device: 'cpu', keyint: 5 } as const;

test('encoders are kept for chunks of the same size and options', async () => {
  await using codecs = new KeptCodecs(2);
  const lent = (size: typeof SMALL, options: { readonly tune?: 'psnr' } = {}): Promise<Encoder> =>
    codecs.lendEncoder(size, { ...OPTIONS, ...options }, (encoder) => Promise.resolve(encoder));
  const first = await lent(SMALL);
  expect(await lent(SMALL)).toBe(first);
  const wide = await lent({ ...SMALL, width: 96 });
  expect(wide).not.toBe(first);
  expect(await lent(SMALL)).toBe(first);
  // A third kind takes the place of the one that was not used for the longest time.
  const tuned = await lent(SMALL, { tune: 'psnr' });
  expect(tuned).not.toBe(first);
  expect(await lent(SMALL)).toBe(first);
  expect(await lent({ ...SMALL, width: 96 })).not.toBe(wide);
});

test('chunks at the same time have an encoder each', async () => {
  await using codecs = new KeptCodecs(1);
  const pair = await codecs.lendEncoder(SMALL, OPTIONS, (outer) =>
    codecs.lendEncoder(SMALL, OPTIONS, (inner) => Promise.resolve([outer, inner])),
  );
  expect(pair[0]).not.toBe(pair[1]);
  // One of both was kept.
  expect(await codecs.lendEncoder(SMALL, OPTIONS, (encoder) => Promise.resolve(encoder))).toBe(pair[0]);
});

test('an encoder whose chunk failed is not used again', async () => {
  await using codecs = new KeptCodecs(1);
  let failed: Encoder | undefined;
  await expect(
    codecs.lendEncoder(SMALL, OPTIONS, (encoder) => {
      failed = encoder;
      return Promise.reject(new Error('the disk is full'));
    }),
  ).rejects.toThrow('the disk is full');
  expect(await codecs.lendEncoder(SMALL, OPTIONS, (encoder) => Promise.resolve(encoder))).not.toBe(failed);
});
