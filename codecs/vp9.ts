import { ffmpegEncoder } from './ffmpeg-encoder.js';

/** VP9 by libvpx; presets are the values of `cpu-used`, 0 (slowest) .. 8. */
export default ffmpegEncoder({
  name: 'vp9',
  encoder: 'libvpx-vp9',
  preset: { option: 'cpu-used', value: '2' },
  // Without a rate of 0, CRF is only a limit.
  options: { b: '0', deadline: 'good', 'row-mt': '1' },
  defaultSettings: [60, 54, 48, 42, 36, 30, 24],
});
