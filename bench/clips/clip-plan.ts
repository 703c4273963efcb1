/** The properties of a clip before its frames are read: size, rate, changes, how to open it. */
import { stat } from 'node:fs/promises';
import type { ClipSource } from '../../codecs/codec.js';
import { InputError } from '../../src/errors.js';
import { SCALE_FLAGS } from '../../src/video/convert/frame-converter.js';
import type { VideoProperties } from '../../src/video/frame.js';
import { openVideo } from '../../src/video/in/media-reader.js';
import type { VideoSource } from '../../src/video/in/video-source.js';
import { filesOf, hashFiles, isDescription, type FoundClip } from './find-clips.js';
import { openRawVideo, readRawDescription, type RawVideo } from './raw-video.js';

/** Luma samples. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How clips are cut and scaled. */
export interface ClipLimits {
  /** Frames of each clip at most; null: all. */
  readonly frames: number | null;
  /** Size that clips are scaled to; null: their own, cut to even numbers. */
  readonly size: Size | null;
}

/** A clip that can be coded, not yet read. */
export interface ClipPlan {
  readonly name: string;
  readonly file: string;
  /** Of the file's bytes; of a raw video those of its pictures; of a folder those of all pictures in their order. */
  readonly sha256: string;
  /** Of the frames that will be coded. */
  readonly properties: VideoProperties;
  readonly source: ClipSource;
  /** The changes to the clip, one line each. */
  readonly changes: readonly string[];
  readonly limits: ClipLimits;
  /** Opens the file as it is. */
  readonly open: () => Promise<VideoSource>;
}

/**
 * Looks at a clip: opens it, reads its first frame and its hash.
 *
 * @throws InputError if it cannot be read or is smaller than 2x2.
 */
export async function planClip(
  { name, file }: FoundClip,
  limits: ClipLimits,
  signal: AbortSignal | undefined,
): Promise<ClipPlan> {
  const raw = isDescription(file) ? await readRawDescription(file) : null;
  const open = (): Promise<VideoSource> =>
    raw === null ? openVideo(file, { signal, strict: true }) : Promise.resolve(openRawVideo(raw));
  await using video = await open();
  const own = video.properties;
  const { width, height } = limits.size ?? { width: own.width & ~1, height: own.height & ~1 };
  if (width === 0 || height === 0) {
    throw new InputError(`${file} is ${own.width}x${own.height}: clips of at least 2x2 samples can be coded`);
  }
  const filters = [];
  const changes = [];
  if (limits.size !== null && (width !== own.width || height !== own.height)) {
    filters.push(`scale=${width}:${height}:flags=${SCALE_FLAGS}`);
    changes.push(`scaled from ${own.width}x${own.height} to ${width}x${height}, bicubic`);
    if (width * own.height !== own.width * height) changes.push('the aspect of the picture changes with its size');
  } else if (width !== own.width || height !== own.height) {
    filters.push(`crop=${width}:${height}:0:0`);
    changes.push(`cut from ${own.width}x${own.height} to ${width}x${height}: encoders take even sizes only`);
  }
  const isPictures = (await stat(file)).isDirectory();
  return {
    ...{ name, file, limits, changes, open },
    sha256: await hashFiles(raw === null ? await filesOf(file) : [raw.file], signal),
    properties: { ...own, width, height },
    source: {
      file,
      isWhole: raw === null && !isPictures && filters.length === 0 && limits.frames === null,
      ffmpegArguments: [
        ...inputArguments(file, isPictures, raw),
        ...(filters.length === 0 ? [] : ['-vf', filters.join(',')]),
        ...(limits.frames === null ? [] : ['-frames:v', String(limits.frames)]),
        '-an',
      ],
    },
  };
}

function inputArguments(file: string, isPictures: boolean, raw: RawVideo | null): string[] {
  if (isPictures) return ['-framerate', '25', '-pattern_type', 'glob', '-i', `${file}/*`];
  if (raw === null) return ['-i', file];
  const { width, height, frameRate } = raw.properties;
  const rate = `${frameRate.num}/${frameRate.den}`;
  return [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-video_size',
    `${width}x${height}`,
    '-framerate',
    rate,
    '-i',
    raw.file,
  ];
}
