/** FFmpeg's video encoders, as references for measurements. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, InputError } from '../../errors.js';
import { countPictureBytes, writeCodedFile } from './coded-file.js';
import { quietSettings, type EncoderSettings } from './frame-encoder.js';
import type { Frame, Rational, VideoProperties } from '../frame.js';
import { openMediaFile } from '../in/media-file.js';

/** The options of the reference encoder; all others keep the encoder's defaults. */
export interface ReferenceSettings {
  readonly codec: 'x264' | 'x265';
  /** `medium`, `veryslow` ... */
  readonly preset: string;
  /** Constant rate factor. */
  readonly crf: number;
  /** Largest distance of key frames, frames. */
  readonly keyint: number;
  /** More options, as libavcodec names them. */
  readonly options?: Readonly<Record<string, string>>;
  /** Frames per second; 25 if not given. Rate control sees it. */
  readonly frameRate?: Rational;
  /** Encoder and decoder threads; 0 (the default) lets the codec choose. */
  readonly threads?: number;
}

/** The result of the reference encoder. */
export interface ReferenceResult {
  /**
   * Bytes of coded pictures: no container, no parameter sets, and without the text in which x264 stores its settings.
   */
  readonly bytes: number;
  /** The decoded frames, with the times of the originals. */
  readonly frames: Frame[];
  /** Seconds spent in the encoder, without waiting for frames. */
  readonly encodeSeconds: number;
  /** Seconds spent in the decoder, with opening the file and copying. */
  readonly decodeSeconds: number;
}

/**
 * Encodes and decodes frames with libx264 or libx265, through a temporary file. All decoded frames are held in memory.
 *
 * @throws InputError if there is no frame or their sizes differ or are odd; EnvironmentError if the encoder fails
 */
export async function encodeReference(
  settings: ReferenceSettings,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
): Promise<ReferenceResult> {
  const times: Pick<Frame, 'pts' | 'duration'>[] = [];
  const iterator = watchTimes(frames, times);
  const first = await iterator.next();
  if (first.done === true) throw new InputError('there is no frame to encode');
  const properties = describeFrames(first.value, settings.frameRate ?? { num: 25, den: 1 });
  const folder = await mkdtemp(join(tmpdir(), 'tessera-reference-'));
  try {
    const file = join(folder, 'coded.mkv');
    const { encodeSeconds } = await writeCodedFile(
      encoderSettings(settings),
      resume(first.value, iterator),
      properties,
      file,
    );
    const started = performance.now();
    const decoded = await decode(file, settings.threads ?? 0, times);
    const decodeSeconds = (performance.now() - started) / 1000;
    return { bytes: await countPictureBytes(file), frames: decoded, encodeSeconds, decodeSeconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* watchTimes(
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  times: Pick<Frame, 'pts' | 'duration'>[],
): AsyncGenerator<Frame, void, undefined> {
  for await (const frame of frames) {
    times.push({ pts: frame.pts, duration: frame.duration });
    yield frame;
  }
}

async function* resume(first: Frame, rest: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  yield first;
  yield* rest;
}

function describeFrames(first: Frame, frameRate: Rational): VideoProperties {
  return {
    width: first.width,
    height: first.height,
    timeBase: { num: frameRate.den, den: frameRate.num },
    frameRate,
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false, chromaLocation: 0 },
  };
}

function encoderSettings({ codec, preset, crf, keyint, options, threads = 0 }: ReferenceSettings): EncoderSettings {
  return quietSettings({
    name: codec === 'x264' ? 'libx264' : 'libx265',
    options: { preset, crf: String(crf), ...options },
    keyint,
    threads,
  });
}

async function decode(
  file: string,
  threads: number,
  times: readonly Pick<Frame, 'pts' | 'duration'>[],
): Promise<Frame[]> {
  await using video = await openMediaFile(file, { threads });
  const frames: Frame[] = [];
  for await (const frame of video.frames()) frames.push({ ...frame, ...times[frames.length] });
  if (frames.length !== times.length) {
    throw new EnvironmentError(`the reference decoder gave ${frames.length} of ${times.length} frames`);
  }
  return frames;
}
