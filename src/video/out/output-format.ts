/** The container for a file name, and the settings of each video codec. */
import { extname } from 'node:path';
import { InputError } from '../../errors.js';
import { containerOfMuxer, type OutputContainer, type OutputVideoCodec } from '../output-container.js';
import type { EncoderSettings } from './frame-encoder.js';

const containers: Readonly<Record<string, OutputContainer>> = {
  '.mp4': containerOfMuxer('mp4', ['h264', 'hevc', 'av1', 'vp9']),
  '.m4v': containerOfMuxer('mp4', ['h264', 'hevc', 'av1', 'vp9']),
  '.mov': containerOfMuxer('mov', ['h264', 'hevc']),
  '.mkv': containerOfMuxer('matroska', ['h264', 'hevc', 'av1', 'vp9', 'ffv1']),
  '.webm': containerOfMuxer('webm', ['vp9', 'av1']),
};

/** File name extensions of containers. */
export const containerExtensions: readonly string[] = Object.keys(containers);

/**
 * The container for a file name.
 *
 * @throws InputError if the extension is unknown
 */
export function containerOf(path: string): OutputContainer {
  const extension = extname(path).toLowerCase();
  const container = containers[extension];
  if (container === undefined) {
    const known = [...containerExtensions, '.y4m', '.png'].join(', ');
    throw new InputError(`cannot tell from ${path} what to write; end its name with one of ${known}`);
  }
  return container;
}

// The frames were decoded from a tessera stream, so these losses add to the losses of the stream. With these qualities
// the second loss is far below the first (46 dB and more on camera material), at moderate file sizes. ffv1 has no
// second loss.
// libx264 and libx265 hold several bytes for each sample of a picture that they look ahead at or code at the same time. With a
// look-ahead of 10 pictures, and in libx264 with threads that share a picture, they take far less memory than by default. Without
// psychovisual optimisation, which trades true samples for detail, files of libx264 are no larger for it at the same PSNR.
const settings: Readonly<Record<OutputVideoCodec, EncoderSettings>> = {
  h264: {
    name: 'libx264',
    options: { preset: 'medium', crf: '11', 'x264-params': 'rc-lookahead=10:sliced-threads=1:psy=0' },
  },
  hevc: { name: 'libx265', options: { preset: 'medium', crf: '13', 'x265-params': 'rc-lookahead=10:log-level=none' } },
  av1: { name: 'libsvtav1', options: { preset: '8', crf: '16' } },
  vp9: { name: 'libvpx-vp9', options: { crf: '12', b: '0', deadline: 'good', 'cpu-used': '4', 'row-mt': '1' } },
  ffv1: { name: 'ffv1', options: { level: '3', slicecrc: '1' } },
};

/**
 * Encoder settings for a codec in a container.
 *
 * @throws InputError if the container cannot hold the codec
 */
export function chooseEncoder(container: OutputContainer, codec: OutputVideoCodec | undefined): EncoderSettings {
  const chosen = codec ?? container.videoCodecs[0] ?? 'h264';
  if (!container.videoCodecs.includes(chosen)) {
    throw new InputError(
      `${container.muxer} files cannot hold ${chosen} video; choose ${container.videoCodecs.join(', ')}, or write .mkv`,
    );
  }
  return settings[chosen];
}
