import type { CodecFactory } from './codec.js';
import { ffmpegEncoder } from './ffmpeg-encoder.js';

const plain = ffmpegEncoder({
  name: 'x265',
  encoder: 'libx265',
  preset: { option: 'preset', value: 'medium' },
  defaultSettings: [42, 38, 34, 30, 26, 22, 18],
});

/** The step is 2^((QP - 4) / 6) in HEVC (H.265, 8.6) and 362 * 2^(-q / 6) in tessera: they are equal at q = 55 - QP. */
const scale = { formula: '55 - CRF', toQ: (crf: number) => 55 - crf };

/** HEVC by libx265. `medium+lpips` passes its decoded pictures through the post-filter `lpips` of tessera-nano. */
const factory: CodecFactory = async (variant) => {
  const [, before = '', filter, after = ''] = /^([^,=+]*)\+([^,]*)(.*)$/.exec(variant) ?? [];
  if (filter === undefined) return await plain(variant);
  // Loaded only for a filter: the memory of networks would count as memory of x265.
  const { withPostFilter } = await import('./post-filtered.js');
  return await withPostFilter(await plain(`${before}${after}`.replace(/^,/, '')), filter, scale);
};
export default factory;
