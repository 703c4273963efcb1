import { ffmpegEncoder } from './ffmpeg-encoder.js';

/** HEVC by libx265. */
export default ffmpegEncoder({
  name: 'x265',
  encoder: 'libx265',
  preset: { option: 'preset', value: 'medium' },
  defaultSettings: [42, 38, 34, 30, 26, 22, 18],
});
