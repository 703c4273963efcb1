import { stat } from 'node:fs/promises';
import { InputError } from '../../errors.js';
import { resolveInput } from '../../io/input.js';
import { openPictures } from './images.js';
import { openMediaFile } from './media-file.js';
import { spoolToFile, takeFirstBytes } from '../../io/pipe.js';
import type { VideoSource } from './video-source.js';
import { isY4m, openY4m } from './y4m.js';

export type { FramesOptions, VideoSource } from './video-source.js';

/** Options of {@link openVideo}. */
export interface OpenVideoOptions {
  /** Stops the opening of a pipe with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
  /** The number of the video track to read, from 1. Default: 1. Cover pictures do not count. */
  readonly track?: number | undefined;
  /** Decoder threads; 0 (the default) takes one per core. */
  readonly threads?: number;
  /** Frames per second of picture files; default 25. Videos have their own frame rate. */
  readonly picturesPerSecond?: number;
  /** True: refuse a video that is cut or damaged. False: read the intact part. */
  readonly strict?: boolean;
}

/**
 * Opens a video for reading.
 *
 * @param input - path or `file://` URL of any file that FFmpeg reads, of a pipe (a FIFO), or of a folder of pictures; a
 * list of picture files; or the bytes of a video, such as `process.stdin`. Bytes that are YUV4MPEG2 are read as they
 * come; others are kept in a temporary file first, because most formats need random access.
 * @throws InputError with one line that names the problem of the input; EnvironmentError; CancelledError
 */
export async function openVideo(
  input: string | readonly string[] | AsyncIterable<Uint8Array>,
  options: OpenVideoOptions = {},
): Promise<VideoSource> {
  if (isList(input)) return openPictures(input, onlyTrack(options));
  const resolved = await resolveInput(input, options.signal);
  return typeof resolved === 'string' ? openPath(resolved, options) : openPipe(resolved, options);
}

function isList(input: string | readonly string[] | AsyncIterable<Uint8Array>): input is readonly string[] {
  return Array.isArray(input);
}

/** Checks that the caller asks for track 1 if there is only one track. */
function onlyTrack(options: OpenVideoOptions): OpenVideoOptions {
  const { track = 1 } = options;
  if (track !== 1) throw new InputError(`pictures and y4m have 1 video track: there is no track ${track}`);
  return options;
}

async function openPath(path: string, options: OpenVideoOptions): Promise<VideoSource> {
  let entry;
  try {
    entry = await stat(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InputError(missing ? `${path} does not exist` : `cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (entry.isDirectory()) return openPictures(path, onlyTrack(options));
  if (entry.isFile() && entry.size === 0) throw new InputError(`${path} is empty`);
  return openMediaFile(path, options);
}

async function openPipe(bytes: AsyncIterable<Uint8Array>, options: OpenVideoOptions): Promise<VideoSource> {
  const { first, all } = await takeFirstBytes(bytes, 16);
  if (first.length === 0) throw new InputError('the input pipe is empty');
  if (isY4m(first)) {
    onlyTrack(options);
    return openY4m(all, options);
  }
  const file = await spoolToFile(all, options.signal);
  try {
    const source = await openMediaFile(file.path, { ...options, name: 'the input pipe' });
    return disposeBoth(source, file);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/** `source`, but disposing it also disposes `held`. */
function disposeBoth(source: VideoSource, held: AsyncDisposable): VideoSource {
  return {
    get properties() {
      return source.properties;
    },
    get frameCountHint() {
      return source.frameCountHint;
    },
    get durationHint() {
      return source.durationHint;
    },
    get notes() {
      return source.notes;
    },
    frames: (options) => source.frames(options),
    seek: (pts) => source.seek(pts),
    side: () => source.side(),
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await held[Symbol.asyncDispose]();
    },
  };
}
