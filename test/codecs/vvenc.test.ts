import { describe, expect, test } from '@jest/globals';
import { withKeyDistance } from '../../codecs/ffmpeg-cli/key-distance.js';
import { findFfmpegWith } from '../../src/video/measure/ffmpeg-command.js';
import { computePsnr } from '../../src/metrics/psnr.js';
import { Folder } from '../cli/helpers.js';
import { collect } from '../video/helpers.js';
import { findCodec } from './built.js';
import { movingClip } from './clips.js';

describe('withKeyDistance', () => {
  test('is -g, and a parameter of its own for VVenC, which FFmpeg does not hand -g', () => {
    expect(withKeyDistance('libaom-av1', { preset: '4' }, 99)).toEqual({ preset: '4', g: '99' });
    expect(withKeyDistance('libvvenc', { preset: 'fast' }, 99)).toEqual({
      preset: 'fast',
      'vvenc-params': 'intraperiod=99',
    });
    expect(withKeyDistance('libvvenc', { 'vvenc-params': 'tier=high' }, 99)).toEqual({
      'vvenc-params': 'intraperiod=99:tier=high',
    });
  });
});

const program = await findFfmpegWith('encoder', 'libvvenc');
const withVvenc = program === null ? describe.skip : describe;
withVvenc(`ffmpeg-cli:libvvenc${program === null ? ' (skipped: no ffmpeg here has libvvenc)' : ''}`, () => {
  test('codes and decodes every frame, better ones for more bits, with one key frame if that is wanted', async () => {
    await using folder = await Folder.create();
    const clip = movingClip(160, 96, 60);
    const codec = await findCodec('ffmpeg-cli:libvvenc,preset=faster');
    const originals = await collect(clip.frames());
    const trial = async (setting: number, keyint: number): Promise<{ bits: number; psnr: number }> => {
      const task = { setting, keyint, threads: 0 };
      const file = folder.join(`${setting}-${keyint}.mp4`);
      await codec.encode(clip, task, file);
      const shown = await collect(codec.decode(file, clip, task));
      expect(shown).toHaveLength(60);
      const psnr = originals.reduce((sum, frame, at) => sum + (computePsnr(frame, shown[at]!).y ?? 100), 0) / 60;
      return { bits: await codec.countPayloadBits(file), psnr };
    };
    const [coarse, fine, often] = [await trial(40, 1000), await trial(25, 1000), await trial(40, 16)];
    expect(fine.bits).toBeGreaterThan(coarse.bits);
    expect(fine.psnr).toBeGreaterThan(coarse.psnr);
    expect(often.bits).toBeGreaterThan(coarse.bits * 1.15);
  }, 120_000);
});
