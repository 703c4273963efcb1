import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../../errors.js';
import type { Frame, VideoProperties } from '../frame.js';
import { folderPattern, picturePath, writeFramePng } from '../in/images.js';
import { makeScratchFolder, removeScratch } from '../../io/scratch.js';
import { describeWriteError } from '../../io/temporary-file.js';
import type { VideoSink } from './video-sink.js';

/** Options of {@link openPictureSink}. */
export interface PictureSinkOptions {
  /** True to replace pictures that are there already. */
  readonly overwrite?: boolean;
}

/**
 * Writes frames as PNG pictures: into a folder (`folder/folder-00001.png` ...), by a pattern such as `out/a-%04d.png`,
 * or the only frame of a video into one `.png` file. They are renamed when all of them are written.
 *
 * @throws InputError if pictures are there already (without `overwrite`); EnvironmentError if the place cannot be written
 */
export async function openPictureSink(
  output: string,
  properties: VideoProperties,
  options: PictureSinkOptions = {},
): Promise<VideoSink> {
  const pattern = output.toLowerCase().endsWith('.png') ? output : folderPattern(resolve(output));
  const folder = dirname(pattern);
  if (options.overwrite !== true) await refuseExisting(pattern, folder);
  let temporary: string;
  try {
    // If the folder does not exist yet, the temporary files are next to it, not in it.
    const parent = await stat(folder).then(
      () => folder,
      () => dirname(folder),
    );
    temporary = await makeScratchFolder(join(parent, '.tessera-'));
  } catch (error) {
    throw describeWriteError(error, output);
  }
  return new PictureSink(pattern, temporary, properties);
}

async function refuseExisting(pattern: string, folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const [before, after] = basename(pattern).split(/%0?\d*d/);
  const taken = names.find((name) => (after === undefined ? name === before : isNumbered(name, before ?? '', after)));
  if (taken !== undefined)
    throw new InputError(`${join(folder, taken)} exists already; use -y (overwrite) to replace it`);
}

function isNumbered(name: string, before: string, after: string): boolean {
  const middle = name.slice(before.length, name.length - after.length);
  return name.startsWith(before) && name.endsWith(after) && /^\d+$/.test(middle);
}

class PictureSink implements VideoSink {
  readonly notes: string[] = [];
  readonly #pattern: string;
  readonly #temporary: string;
  readonly #properties: VideoProperties;
  #count = 0;

  constructor(pattern: string, temporary: string, properties: VideoProperties) {
    this.#pattern = pattern;
    this.#temporary = temporary;
    this.#properties = properties;
  }

  async write(frame: Frame): Promise<void> {
    const { width, height, colour } = this.#properties;
    if (frame.width !== width || frame.height !== height) {
      throw new InputError(`a frame is ${frame.width}x${frame.height}, the video is ${width}x${height}`);
    }
    const name = picturePath(this.#pattern, this.#count);
    if (this.#count === 1 && name === picturePath(this.#pattern, 0)) {
      throw new InputError(`${this.#pattern} holds one picture, but the video has more; write %05d into its name`);
    }
    await writeFramePng(join(this.#temporary, basename(name)), frame, colour, name);
    this.#count++;
  }

  async finish(): Promise<void> {
    const folder = dirname(this.#pattern);
    try {
      await mkdir(folder, { recursive: true });
      for (let index = 0; index < this.#count; index++) {
        const name = basename(picturePath(this.#pattern, index));
        await rename(join(this.#temporary, name), join(folder, name));
      }
    } catch (error) {
      throw describeWriteError(error, this.#pattern);
    }
    if (this.#properties.rotation !== 0) {
      this.notes.push(`the video is to be turned by ${this.#properties.rotation} degrees: the pictures are not turned`);
    }
    const { masteringDisplay, contentLight } = this.#properties;
    if (masteringDisplay !== undefined || contentLight !== undefined) {
      this.notes.push('HDR data is left out: the pictures are written without it');
    }
    if (this.#properties.fieldOrder !== undefined) {
      this.notes.push('the video is interlaced: each picture holds both fields');
    }
    await this.abort();
  }

  async abort(): Promise<void> {
    await removeScratch(this.#temporary);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }
}
