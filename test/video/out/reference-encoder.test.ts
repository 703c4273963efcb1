import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../../src/errors.js';
import { describeFfmpeg } from '../../../src/video/measure/ffmpeg-info.js';
import { encodeReference } from '../../../src/video/out/reference-encoder.js';
import { failureOf, makeFrame, produce, psnr } from '../helpers.js';

const frames = Array.from({ length: 20 }, (_, index) => makeFrame(96, 64, index, BigInt(index * 512), 512n));

describe.each(['x264', 'x265'] as const)('%s', (codec) => {
  test('frames come back in order, with their times, better for more bytes', async () => {
    const settings = { codec, preset: 'medium', keyint: 250 };
    const fine = await encodeReference({ ...settings, crf: 15 }, frames);
    const coarse = await encodeReference({ ...settings, crf: 40 }, produce(frames));
    for (const result of [fine, coarse]) {
      expect(result.frames.map(({ pts, duration }) => [pts, duration])).toEqual(
        frames.map(({ pts, duration }) => [pts, duration]),
      );
      expect(result.encodeSeconds).toBeGreaterThan(0);
      expect(result.decodeSeconds).toBeGreaterThan(0);
    }
    const quality = (result: typeof fine) =>
      psnr(frames[7]?.y ?? new Uint8Array(), result.frames[7]?.y ?? new Uint8Array());
    expect(quality(fine)).toBeGreaterThan(40);
    expect(quality(fine)).toBeGreaterThan(quality(coarse) + 5);
    expect(fine.bytes).toBeGreaterThan(coarse.bytes);
    // x264's settings text alone has more than 600 bytes; 20 tiny flat pictures at crf 51 have fewer.
    const least = await encodeReference({ ...settings, crf: 51 }, frames.slice(0, 2));
    expect(least.bytes).toBeLessThan(600);
  });

  test('no frames', async () => {
    expect(await failureOf(encodeReference({ codec, preset: 'medium', crf: 20, keyint: 10 }, []))).toBeInstanceOf(
      InputError,
    );
  });
});

test('the FFmpeg that came with the package has what is used', () => {
  const info = describeFfmpeg();
  expect(info.version).toMatch(/^\d+\.\d+/);
  expect(info.missingEncoders).toEqual([]);
  expect(info.encoders).toContain('libx264');
  expect(info.videoDecoders).toContain('h264');
});
