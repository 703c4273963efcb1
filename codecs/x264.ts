import { ffmpegEncoder } from './ffmpeg-encoder.js';

/** H.264 by libx264. */
export default ffmpegEncoder({
  name: 'x264',
  encoder: 'libx264',
  preset: { option: 'preset', value: 'medium' },
  defaultSettings: [42, 38, 34, 30, 26, 22, 18],
});
