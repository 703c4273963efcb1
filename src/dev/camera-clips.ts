import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../errors.js';
import { FrameScaler } from '../video/convert/frame-scaler.js';
import type { Frame } from '../video/frame.js';
import { openVideo } from '../video/in/media-reader.js';
import { drawMotion, MOTIONS } from './camera-motion.js';
import { filmPicture } from './camera.js';
import { openClipCoder, type ClipCoder, type ClipCoding } from './clip-coder.js';
import { clipName, PICTURE } from './dump.js';
import { NpyWriter } from './npy.js';
import { SeededRandom } from './random.js';

/** The options of clips of known camera motion. */
export interface CameraClipsOptions {
  /** Folder that gets one folder per picture. */
  readonly out: string;
  /** Frames of a clip, 1 + 4k. */
  readonly frames: number;
  /** Side of the square frames, a multiple of 16 luma samples. */
  readonly side: number;
  readonly seed: number;
  readonly codings: readonly ClipCoding[];
}

/** A picture whose clips were written. */
export interface FilmedPicture {
  readonly picture: string;
  readonly folder: string;
  /** Null if they already existed. */
  readonly clips: number | null;
}

/** A picture is scaled first, so that its short side is this many times that of a frame. */
const SHORT_SIDE = 3;

/**
 * Films pictures with a camera whose motion is known, one clip for each of {@link MOTIONS}, and codes the clips: data to
 * measure what tokens tell of motion. Complete folders are left as they are. Their contents: `meta.json` with label and
 * speed of each clip, `original.npy` with its luma, uint8 [clips, frames, side, side], and for each coding the arrays of
 * {@link ClipCoder}, `NAME-pictures.npy` and so on, where NAME is that of {@link codingName}.
 *
 * @param pictures pictures, or videos whose first frame is taken.
 * @throws InputError if a picture cannot be read; ModelError.
 */
export async function* filmClips(
  pictures: readonly string[],
  { out, frames, side, seed, codings }: CameraClipsOptions,
): AsyncGenerator<FilmedPicture, void, void> {
  const coders = new Map<string, ClipCoder>();
  try {
    for (const coding of codings) coders.set(codingName(coding), await openClipCoder(coding, side, frames));
    for (const picture of pictures) {
      const folder = join(out, clipName(picture));
      if (existsSync(join(folder, 'meta.json'))) yield { picture, folder, clips: null };
      else yield { picture, folder, clips: await filmAll(picture, folder, { frames, side, seed }, coders) };
    }
  } finally {
    for (const coder of coders.values()) await coder[Symbol.asyncDispose]();
  }
}

/** The name of a coding in the names of files, such as `tessera-nano-20`. */
export function codingName({ pack, quality }: ClipCoding): string {
  return `${basename(pack)}-${quality}`;
}

async function filmAll(
  path: string,
  folder: string,
  { frames, side, seed }: Pick<CameraClipsOptions, 'frames' | 'side' | 'seed'>,
  coders: ReadonlyMap<string, ClipCoder>,
): Promise<number> {
  const picture = await scaledPicture(path, SHORT_SIDE * side);
  const random = new SeededRandom(`${seed} ${clipName(path)}`);
  await mkdir(folder, { recursive: true });
  const create = (name: string, type: '|u1' | '|i1' | '<i2' | '<i4', shape: readonly number[]): Promise<NpyWriter> =>
    NpyWriter.create(join(folder, `${name}.npy`), type, shape);
  const original = await create('original', '|u1', [frames, side, side]);
  const arrays = new Map<string, NpyWriter>();
  for (const [name, { layout }] of coders) {
    for (const array of layout) {
      arrays.set(`${name}-${array.name}`, await create(`${name}-${array.name}`, array.type, array.shape));
    }
  }
  const labels: { motion: string; speed: number }[] = [];
  for (const motion of MOTIONS) {
    const { speed, views } = drawMotion(motion, picture, side, frames, random);
    const clip = [...filmPicture(picture, views, { width: side, height: side })].map((frame, index) => ({
      ...frame,
      pts: BigInt(index),
    }));
    const coded: [string, Uint8Array | Int16Array | Int32Array][] = [];
    for (const [name, coder] of coders) {
      for (const [array, values] of Object.entries((await coder.code(clip)) ?? {}))
        coded.push([`${name}-${array}`, values]);
    }
    // A coder that took the motion for a scene cut gave nothing: the clip is left out everywhere.
    if (coded.length < arrays.size) continue;
    await original.append(Buffer.concat(clip.map(({ y }) => y)));
    for (const [name, values] of coded) await arrays.get(name)!.append(values);
    labels.push({ motion, speed });
  }
  for (const array of [original, ...arrays.values()]) await array.finish();
  await writeFile(
    join(folder, 'meta.json'),
    `${JSON.stringify({ clip: clipName(path), frames, side, labels }, null, 1)}\n`,
  );
  return labels.length;
}

/** The first frame of a file, its short side scaled to `shortSide` luma samples. */
async function scaledPicture(path: string, shortSide: number): Promise<Frame> {
  await using video = await openVideo(PICTURE.test(path) ? [path] : path);
  const { width, height, colour } = video.properties;
  const factor = shortSide / Math.min(width, height);
  const even = (length: number): number => 2 * Math.round((length * factor) / 2);
  using scaler = new FrameScaler(even(width), even(height), colour.fullRange);
  for await (const frame of video.frames()) return await scaler.scale(frame);
  throw new InputError(`${path} has no frames`);
}
