import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.js';
import type { Frame } from '../video/frame.js';
import { openVideo } from '../video/in/media-reader.js';
import { cropFrame } from './crop.js';
import { clipName } from './dump.js';
import { NpyWriter } from './npy.js';

/** One clip whose pictures were written. */
export interface WrittenPlanes {
  readonly clip: string;
  readonly folder: string;
  /** Null if they already existed. */
  readonly frames: number | null;
}

const PLANES = ['y', 'u', 'v'] as const;

/**
 * Writes the pictures of clips as they are, for training what learns from pictures alone: a folder per clip with
 * `y.npy`, `u.npy`, `v.npy`, uint8 [frames, rows, columns], cut to multiples of 16 luma samples, and `meta.json`.
 *
 * @param limit frames of each clip at most.
 * @throws InputError if a clip cannot be read or is smaller than 16x16.
 */
export async function* writePlanes(
  clips: readonly string[],
  out: string,
  limit: number,
): AsyncGenerator<WrittenPlanes, void, void> {
  for (const clip of clips) yield await writeClip(clip, join(out, clipName(clip)), limit);
}

async function writeClip(clip: string, folder: string, limit: number): Promise<WrittenPlanes> {
  const done = join(folder, 'meta.json');
  if (existsSync(done)) return { clip, folder, frames: null };
  await using video = await openVideo(clip);
  const { properties } = video;
  const area = { x: 0, y: 0, width: properties.width & ~15, height: properties.height & ~15 };
  if (area.width === 0 || area.height === 0) {
    throw new InputError(`${clip} is ${properties.width}x${properties.height}: give clips of at least 16x16`);
  }
  await mkdir(folder, { recursive: true });
  const writers = await Promise.all(
    PLANES.map((plane) => {
      const shift = plane === 'y' ? 0 : 1;
      return NpyWriter.create(join(folder, `${plane}.npy`), '|u1', [area.height >> shift, area.width >> shift]);
    }),
  );
  let frames = 0;
  for await (const frame of video.frames()) {
    const cropped: Frame = cropFrame(frame, area);
    for (const [index, plane] of PLANES.entries()) await writers[index]!.append(cropped[plane], 1);
    if (++frames === limit) break;
  }
  for (const writer of writers) await writer.finish();
  await writeFile(done, `${JSON.stringify({ clip: clipName(clip), frames, ...area }, null, 1)}\n`);
  return { clip, folder, frames };
}
