import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findKey } from '../../bitstream/stream-index.js';
import { Decoder } from '../../codec/decoder.js';
import { EnvironmentError, InputError, throwIfCancelled } from '../../errors.js';
import { refuseExisting } from '../../io/temporary-file.js';
import type { ColourDescription, Frame } from '../../video/frame.js';
import { openVideo } from '../../video/in/media-reader.js';
import { writeThumbnail } from '../../video/out/thumbnail.js';
import { feedPackets } from '../packet-feed.js';
import { openStream, propertiesOf } from '../stream-input.js';
import { secondsToTicks } from '../ticks.js';
import type { FoundScene } from './find-scenes.js';
import { STREAM_EXTENSION } from './words-file.js';

/** How to write pictures of scenes. */
export interface ScenePicturesOptions {
  /** Replace pictures that exist. Default: false. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A picture from the middle of a scene. */
interface ScenePicture {
  readonly frame: Frame;
  readonly colour: ColourDescription;
  readonly rotation: 0 | 90 | 180 | 270;
}

/**
 * Writes a small JPEG picture of the middle of each scene: `0001-NAME-12.500s.jpg`, numbered in the order of the scenes.
 * Streams are decoded from the key frame before that time on; other videos are read from their start.
 *
 * @returns the paths, in the order of the scenes.
 * @throws InputError if a picture exists (without `overwrite`) or a video cannot be read; BitstreamError; ModelError;
 * EnvironmentError; CancelledError.
 */
export async function writeScenePictures(
  scenes: readonly Pick<FoundScene, 'file' | 'start' | 'end'>[],
  folder: string,
  { overwrite = false, signal }: ScenePicturesOptions = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new EnvironmentError(
      `cannot make the folder ${folder}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const digits = Math.max(4, String(scenes.length).length);
  const paths = scenes.map(({ file, start }, at) =>
    join(folder, `${String(at + 1).padStart(digits, '0')}-${basename(file)}-${start.toFixed(3)}s.jpg`),
  );
  if (!overwrite) for (const path of paths) await refuseExisting(path);
  for (const [at, { file, start, end }] of scenes.entries()) {
    throwIfCancelled(signal);
    const middle = (start + end) / 2;
    const { frame, colour, rotation } = file.endsWith(STREAM_EXTENSION)
      ? await pictureOfStream(file, middle, signal)
      : await pictureOfVideo(file, middle, signal);
    await writeThumbnail(paths[at]!, frame, colour, rotation);
  }
  return paths;
}

/** @param seconds since the first picture. */
async function pictureOfStream(file: string, seconds: number, signal: AbortSignal | undefined): Promise<ScenePicture> {
  await using stream = await openStream(file, { strict: false, signal });
  const { reader } = stream;
  const { header } = reader;
  await using decoder = await Decoder.create(header, { postFilter: 'none' });
  const index = await reader.readIndex();
  const first = index.keys[0]?.pts ?? 0n;
  const wanted = first + secondsToTicks(seconds, header.timeBase);
  const sections = reader.sections(findKey(index, wanted) ?? undefined);
  const counts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
  const frames = decoder.decode(feedPackets(sections, false, counts), { signal });
  const { colour, rotation } = propertiesOf(header);
  return { frame: await frameAt(frames, wanted, file), colour, rotation };
}

async function pictureOfVideo(file: string, seconds: number, signal: AbortSignal | undefined): Promise<ScenePicture> {
  await using video = await openVideo(file, { signal });
  const { colour, rotation, timeBase } = video.properties;
  const frames = video.frames({ signal });
  const first = await frames.next();
  if (first.done === true) throw new InputError(`${file} has no frames`);
  const wanted = first.value.pts + secondsToTicks(seconds, timeBase);
  return { frame: await frameAt(frames, wanted, file, first.value), colour, rotation };
}

/** The first frame from a time on, or the last one. */
async function frameAt(
  frames: AsyncIterable<Frame>,
  pts: bigint,
  file: string,
  first: Frame | null = null,
): Promise<Frame> {
  let last = first;
  if (last !== null && last.pts >= pts) return last;
  for await (const frame of frames) {
    last = frame;
    if (frame.pts >= pts) break;
  }
  if (last === null) throw new InputError(`no picture of ${file} can be decoded`);
  return last;
}
