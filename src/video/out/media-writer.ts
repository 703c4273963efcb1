import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { ByteSink } from '../../io/byte-output.js';
import type { VideoProperties } from '../frame.js';
import type { SideTracks } from '../side/side-tracks.js';
import type { OutputVideoCodec } from '../output-container.js';
import type { VideoSink } from './video-sink.js';
import { openY4mSink } from './y4m-sink.js';

export type { OutputVideoCodec } from '../output-container.js';
export type { VideoSink } from './video-sink.js';

/** Options of {@link createVideoSink}. */
export interface VideoSinkOptions {
  /** Video codec; the container's usual one (H.264, in WebM VP9) if not given. Y4m and PNG take none. */
  readonly videoCodec?: OutputVideoCodec | undefined;
  /** Sound and other side tracks; the caller disposes them. */
  readonly side?: SideTracks | null | undefined;
  /** True to replace an existing output. */
  readonly overwrite?: boolean;
  /** Files that are being read: none of them may be the output. */
  readonly inputs?: readonly string[];
}

/**
 * Creates a video file (`.mp4`, `.mov`, `.mkv`, `.webm`, `.y4m`) or PNG pictures (a folder, `name-%05d.png`, or one
 * `.png` for a video of one frame). A sink of bytes, such as a pipe, gets y4m; the caller closes it.
 *
 * FFmpeg's libraries are loaded only for outputs that need them. Everything is written under a temporary name; the output appears when {@link VideoSink.finish} is done.
 *
 * @throws InputError if the output exists, is an input, or cannot hold what it is given; EnvironmentError if it cannot
 * be written
 */
export async function createVideoSink(
  output: string | ByteSink,
  properties: VideoProperties,
  options: VideoSinkOptions = {},
): Promise<VideoSink> {
  if (typeof output !== 'string' || extname(output).toLowerCase() === '.y4m') {
    return noteLoss(await openY4mSink(output, properties, options), options.side);
  }
  const extension = extname(output).toLowerCase();
  const entry = await stat(output).catch(() => null);
  if (extension === '.png' || /[\\/]$/.test(output) || entry?.isDirectory() === true) {
    const { openPictureSink } = await import('./picture-sink.js');
    return noteLoss(await openPictureSink(output, properties, options), options.side);
  }
  const { openMediaFileSink } = await import('./media-file-sink.js');
  return await openMediaFileSink(output, properties, options);
}

/** Returns `sink` with a note that side tracks are not written. */
function noteLoss(sink: VideoSink, side: SideTracks | null | undefined): VideoSink {
  const count = side?.header.tracks.length ?? 0;
  if (count === 0) return sink;
  const note = `${count} sound or other tracks are left out: this kind of output has pictures only`;
  return {
    get notes() {
      return [note, ...sink.notes];
    },
    write: (frame) => sink.write(frame),
    finish: () => sink.finish(),
    abort: () => sink.abort(),
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}
