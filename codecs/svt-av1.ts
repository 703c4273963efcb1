import { ffmpegEncoder } from './ffmpeg-encoder.js';

/** AV1 by libsvtav1; presets are 0 (slowest) .. 13. */
export default ffmpegEncoder({
  name: 'svt-av1',
  encoder: 'libsvtav1',
  preset: { option: 'preset', value: '6' },
  defaultSettings: [60, 54, 48, 42, 36, 30, 24],
});
