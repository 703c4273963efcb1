import { describe, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import type { CodecTask } from '../../codecs/codec.js';
import { Lpips } from '../../src/metrics/lpips.js';
import { openVideo } from '../../src/video/in/media-reader.js';
import { Folder } from '../cli/helpers.js';
import { collect } from '../video/helpers.js';
import { findCodec } from './built.js';
import { movingClip } from './clips.js';

const task: CodecTask = { setting: 36, keyint: 250, threads: 0 };

describe('x265:medium+lpips', () => {
  test("has x265's bits, and pictures that LPIPS finds nearer to the originals", async () => {
    await using folder = await Folder.create();
    await using video = await openVideo('fixtures/clips/big-buck-bunny-3s.mp4');
    const originals = (await collect(video.frames())).slice(0, 5);
    const { properties } = video;
    const clip = {
      ...movingClip(2, 2, 0),
      properties,
      frameCount: originals.length,
      // eslint-disable-next-line @typescript-eslint/require-await
      frames: async function* () {
        yield* originals;
      },
    };
    const [plain, filtered] = [await findCodec('x265:medium'), await findCodec('x265:medium+lpips')];
    const files = { plain: folder.join('plain.mkv'), filtered: folder.join('filtered.mkv') };
    await plain.encode(clip, task, files.plain);
    await filtered.encode(clip, task, files.filtered);
    expect(await filtered.countPayloadBits(files.filtered)).toBe(await plain.countPayloadBits(files.plain));
    expect((await stat(files.plain)).size).toBe((await stat(files.filtered)).size);
    const shown = {
      plain: await collect(plain.decode(files.plain, clip, task)),
      filtered: await collect(filtered.decode(files.plain, clip, task)),
    };
    expect(shown.filtered.map(({ pts }) => pts)).toEqual(shown.plain.map(({ pts }) => pts));
    expect(shown.filtered[0]).toMatchObject({ width: properties.width, height: properties.height });
    await using lpips = await Lpips.create();
    for (const [index, original] of originals.entries()) {
      const before = await lpips.compare(original, shown.plain[index]!, properties.colour);
      const after = await lpips.compare(original, shown.filtered[index]!, properties.colour);
      expect(after).toBeLessThan(0.9 * before);
    }
  }, 120_000);

  test('pictures whose sides are no multiples of 16 come back in their size', async () => {
    await using folder = await Folder.create();
    const clip = movingClip(70, 38, 4);
    const codec = await findCodec('x265:ultrafast+lpips,bf=0');
    await codec.encode(clip, task, folder.join('x.mkv'));
    const frames = await collect(codec.decode(folder.join('x.mkv'), clip, task));
    expect(frames.map(({ y, u, v }) => [y.length, u.length, v.length])).toEqual(Array(4).fill([2660, 665, 665]));
  }, 60_000);

  test('says what it is', async () => {
    const codec = await findCodec('x265:medium+lpips,tune=psnr');
    expect(await codec.describe()).toMatchObject({
      title: "x265 medium, tune psnr + tessera-nano's post-filter lpips",
      version: expect.stringMatching(/^libx265 of FFmpeg .*; pack \d/) as unknown,
      details: { preset: 'medium', tune: 'psnr', 'post-filter': 'lpips', 'q of the post-filter': '55 - CRF' },
    });
    expect(codec.command(movingClip(2, 2, 1), task)).toBe(
      "ffmpeg -i ramp.mkv -an -c:v libx265 -preset medium -tune psnr -crf 36 -g 250 ramp.mkv # then tessera-nano's post-filter lpips",
    );
    expect((await (await findCodec('x265:+psnr')).describe()).title).toBe(
      "x265 medium + tessera-nano's post-filter psnr",
    );
    await expect(findCodec('x265:medium+best')).rejects.toThrow(
      "there is no post-filter 'best': write one of tessera-nano's behind +: lpips or psnr",
    );
  });
});
