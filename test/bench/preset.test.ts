import { describe, expect, test } from '@jest/globals';
import { stat, writeFile } from 'node:fs/promises';
import { parseCodecList } from '../../bench/codec-list.js';
import { loadPreset, presetNames } from '../../bench/preset.js';
import { Folder } from '../cli/helpers.js';

const NAMES = ['hd', 'hd-anchors', 'loss', 'low-delay', 'quick', 'seed', 'standard'];

describe('the presets of the package', () => {
  test('are these', async () => {
    expect((await presetNames()).sort()).toEqual(NAMES);
  });

  test.each(NAMES)('%s is as it should be', async (name) => {
    const preset = await loadPreset(name);
    expect(parseCodecList(preset.codecs ?? []).length).toBeGreaterThan(2);
    for (const clip of preset.clips ?? []) expect((await stat(clip)).isFile()).toBe(true);
  });

  test('hd has three codecs at four rates, hd-anchors all that they are compared with', async () => {
    const [hd, anchors] = [await loadPreset('hd'), await loadPreset('hd-anchors')];
    const codecsOf = ({ codecs = [] }: typeof hd) => parseCodecList(codecs);
    expect(codecsOf(hd).map(({ name }) => name)).toEqual(['tessera-nano', 'x265:medium', 'svt-av1:6']);
    const names = codecsOf(anchors).map(({ name }) => name);
    for (const name of ['x265:medium+lpips', 'x265:veryslow', 'svt-av1:4', 'ffmpeg-cli:libvvenc,preset=medium']) {
      expect(names).toContain(name);
    }
    for (const { settings } of [...codecsOf(hd), ...codecsOf(anchors)]) expect(settings).toHaveLength(4);
    expect(hd.metrics).toEqual(expect.arrayContaining(['psnr-y', 'lpips', 'vmaf', 'vmaf-neg', 'vmaf-v1', 'flicker']));
    expect([hd.clips, hd.keyint, anchors.metrics]).toEqual([undefined, 100_000, hd.metrics]);
  });

  test('quick brings its clips, seed its rate and published figures', async () => {
    expect((await loadPreset('quick')).clips).toHaveLength(2);
    const seed = await loadPreset('seed');
    expect(seed).toMatchObject({ targetBitsPerPixel: 0.0384, size: { width: 640, height: 360 } });
    expect(seed.published?.map(({ title, metrics }) => [title, metrics.lpips])).toEqual([
      ['MAGVIT', 0.144],
      ['MAGVIT-v2', 0.104],
      ['HEVC', 0.199],
      ['VVC', 0.153],
    ]);
    for (const { source } of seed.published ?? []) expect(source).toContain('other clips');
  });

  test('loss loses the same packets of resilient and usual streams, x264 and x265', async () => {
    const { codecs = [], metrics } = await loadPreset('loss');
    const names = parseCodecList(codecs).map(({ name }) => name);
    const losses = ['0.05', '0.01', '0.1', '0.05x5'];
    const plain = ['tessera-nano:resilient', 'tessera-nano', 'x265:medium', 'x264:medium'];
    expect(names).toEqual(losses.flatMap((loss) => plain.map((name) => `${name}+loss=${loss}`)));
    expect(metrics).toEqual(['psnr-y', 'lpips']);
  });
});

describe('a preset file', () => {
  test.each([
    ['description: x\ncodec: [x264]\n', /there is no key codec$/],
    [
      'description: x\npublished: [{title: a, source: b, bitsPerPixel: 1, metrics: {}, year: 2}]\n',
      /no key published\.0\.year$/,
    ],
    ['description: x\nframes: many\n', /frames: /],
    ['description: x\nsize: 640\n', /size: |the size is/],
    ['description: x\nsize: 641x360\n', /the size is '641x360': write even numbers/],
    ['description: [x\n', /is not YAML/],
    ['description: x\nmetrics: [psnr]\n', /metrics\.0: /],
  ])('is refused for %j', async (text, message) => {
    await using folder = await Folder.create();
    await writeFile(folder.join('mine.yaml'), text);
    await expect(loadPreset(folder.join('mine.yaml'))).rejects.toThrow(message);
  });

  test('that is not there', async () => {
    await expect(loadPreset('huge')).rejects.toThrow(/there is no preset 'huge': name one of .*quick/);
    await expect(loadPreset('no/such.yaml')).rejects.toThrow(/cannot read the preset no\/such\.yaml/);
  });
});
