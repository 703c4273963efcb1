import type { CodecFactory } from './codec.js';
import { ffmpegEncoder } from './ffmpeg-encoder.js';

const plain = ffmpegEncoder({
  name: 'x265',
  encoder: 'libx265',
  preset: { option: 'preset', value: 'medium' },
  defaultSettings: [42, 38, 34, 30, 26, 22, 18],
});

/** HEVC's quantiser step is 2^((QP - 4) / 6) (H.265, 8.6), that of q is 362 * 2^(-q / 6): they are equal at q = 55 - QP. */
const scale = { formula: '55 - CRF', toQ: (crf: number) => 55 - crf };

/** HEVC by libx265; `medium+lpips` shows its pictures through our post-filter `lpips`. */
const factory: CodecFactory = async (variant) => {
  const [, before = '', filter, after = ''] = /^([^,=+]*)\+([^,]*)(.*)$/.exec(variant) ?? [];
  if (filter === undefined) return await plain(variant);
  // Networks take memory, which would count as x265's where no filter is wanted.
  const { withPostFilter } = await import('./post-filtered.js');
  return await withPostFilter(await plain(`${before}${after}`.replace(/^,/, '')), filter, scale);
};
export default factory;
