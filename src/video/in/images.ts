import { readdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { EnvironmentError, InputError, throwIfCancelled } from '../../errors.js';
import { frameToRgb, pictureColour, rgbToFrame } from '../convert/colour.js';
import { blackenRgba, transparencyNote } from '../convert/transparency.js';
import type { ColourDescription, Frame, Rational, VideoProperties } from '../frame.js';
import { loadSharp } from '../sharp.js';
import { describeWriteError } from '../../io/temporary-file.js';
import type { FramesOptions, VideoSource } from './video-source.js';

const pictureExtensions: ReadonlySet<string> = new Set([
  '.avif',
  '.gif',
  '.jpeg',
  '.jpg',
  '.png',
  '.tif',
  '.tiff',
  '.webp',
]);

/** Options of {@link openPictures}. */
export interface PicturesOptions {
  /** Frames per second; 25 if not given. */
  readonly picturesPerSecond?: number;
}

/** Sorts picture files in natural order: `a2.png` before `a10.png`. */
export function sortNaturally(names: readonly string[]): string[] {
  return [...names].sort(new Intl.Collator('en', { numeric: true }).compare);
}

/**
 * Opens a folder (all its PNG, JPEG, WebP, TIFF, GIF and AVIF files, in natural order) or a list of files (in the order
 * given) as a video. Pictures are converted to 4:2:0 as {@link pictureColour} says (BT.709, limited range);
 * transparent pictures are put on black, EXIF orientation is applied.
 *
 * @throws InputError if there is no picture or the first cannot be read. `frames()` throws it for later pictures
 * that cannot be read or have another size.
 */
export async function openPictures(
  input: string | readonly string[],
  options: PicturesOptions = {},
): Promise<VideoSource> {
  const files = typeof input === 'string' ? await listPictures(input) : input;
  const [first] = files;
  if (first === undefined) throw new InputError('the list of pictures is empty');
  const frameRate = toRational(options.picturesPerSecond ?? 25);
  const { width, height, notes } = await readPicture(first);
  const properties: VideoProperties = {
    width,
    height,
    timeBase: { num: frameRate.den, den: frameRate.num },
    frameRate,
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: pictureColour,
  };
  return new PictureSource(files, properties, [...notes]);
}

class PictureSource implements VideoSource {
  readonly frameCountHint: number;
  readonly durationHint: number;

  constructor(
    readonly files: readonly string[],
    readonly properties: VideoProperties,
    readonly notes: string[],
  ) {
    this.frameCountHint = files.length;
    this.durationHint = (files.length * properties.timeBase.num) / properties.timeBase.den;
  }

  async *frames({ signal }: FramesOptions = {}): AsyncGenerator<Frame, void, undefined> {
    const { width, height } = this.properties;
    for (const [index, file] of this.files.entries()) {
      throwIfCancelled(signal);
      const picture = await readPicture(file);
      if (picture.width !== width || picture.height !== height) {
        const first = this.files[0] ?? '';
        throw new InputError(
          `${file} is ${picture.width}x${picture.height}, but ${first} is ${width}x${height}: all pictures of a video must have one size`,
        );
      }
      this.notes.push(...picture.notes.filter((note) => !this.notes.includes(note)));
      yield rgbToFrame(picture.rgb, width, height, BigInt(index), 1n);
    }
  }

  seek(): Promise<boolean> {
    return Promise.resolve(false);
  }

  side(): Promise<null> {
    return Promise.resolve(null);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function listPictures(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => pictureExtensions.has(extname(name).toLowerCase()));
  if (names.length === 0)
    throw new InputError(`the folder ${folder} has no pictures (PNG, JPEG, WebP, TIFF, GIF, AVIF)`);
  return sortNaturally(names).map((name) => join(folder, name));
}

/** An 8-bit RGB picture, and the losses of its conversion. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
  readonly notes: readonly string[];
}

async function readPicture(file: string): Promise<Picture> {
  const sharp = await loadSharp();
  try {
    const image = sharp(file, { failOn: 'error' });
    const { depth, hasAlpha } = await image.metadata();
    const upright = image.rotate().toColourspace('srgb');
    const { data, info } = await (hasAlpha ? upright.ensureAlpha() : upright.removeAlpha())
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const channels = hasAlpha ? 4 : 3;
    // sharp may return another number of channels than its metadata says.
    if (info.channels !== channels || data.length !== info.width * info.height * channels) {
      throw new Error(`it decodes to ${info.channels} channels and ${data.length} bytes`);
    }
    const isTransparent = hasAlpha && blackenRgba(data);
    const notes = [
      `converted RGB pictures to 8-bit 4:2:0 with BT.709`,
      ...(depth === 'uchar' ? [] : [`the pictures have more than 8 bits per sample: rounded to 8`]),
      ...(isTransparent ? [transparencyNote] : []),
    ];
    return { width: info.width, height: info.height, rgb: hasAlpha ? withoutAlpha(data) : data, notes };
  } catch (error) {
    throw new InputError(`cannot read the picture ${file}: ${firstLine(error)}`, { cause: error });
  }
}

/** RGBA without its fourth bytes. */
function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from]!;
    rgb[to + 1] = rgba[from + 1]!;
    rgb[to + 2] = rgba[from + 2]!;
  }
  return rgb;
}

/**
 * Writes 8-bit RGB (`width * height * 3` bytes, rows top down) as a PNG file.
 *
 * @param shown the name of the file in messages; default: its path
 * @throws EnvironmentError if the file cannot be written
 */
export async function writePng(
  path: string,
  rgb: Uint8Array,
  width: number,
  height: number,
  shown = path,
): Promise<void> {
  // sharp silently accepts a raw buffer that is too long.
  if (rgb.length !== width * height * 3)
    throw new RangeError(`expected ${width * height * 3} bytes, got ${rgb.length}`);
  const sharp = await loadSharp();
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
  try {
    // sharp itself does not write it, because it reports a full disk only as "write error".
    await writeFile(path, png);
  } catch (error) {
    throw describeWriteError(error, shown);
  }
}

/** Path of picture number `index` (from 0) for a pattern such as `out/frame-%05d.png`; numbers begin with 1. */
export function picturePath(pattern: string, index: number): string {
  return pattern.replace(/%0?(\d*)d/, (_, digits: string) => String(index + 1).padStart(Number(digits), '0'));
}

/** Returns the pattern for pictures in a folder: `folder/name-%05d.png` with the folder's own name. */
export function folderPattern(folder: string): string {
  return join(folder, `${basename(folder)}-%05d.png`);
}

/** Writes one frame as PNG; `shown` is the name of the file in messages. */
export async function writeFramePng(
  path: string,
  frame: Frame,
  colour: ColourDescription,
  shown: string,
): Promise<void> {
  await writePng(path, frameToRgb(frame, colour), frame.width, frame.height, shown);
}

/**
 * Writes one frame as lossless WebP.
 *
 * @throws EnvironmentError if the file cannot be written
 */
export async function writeFrameWebp(path: string, frame: Frame, colour: ColourDescription): Promise<void> {
  const { width, height } = frame;
  const sharp = await loadSharp();
  let bytes: Buffer;
  try {
    // Effort 0 needs a tenth of the time and 5 % more bytes.
    bytes = await sharp(frameToRgb(frame, colour), { raw: { width, height, channels: 3 } })
      .webp({ lossless: true, effort: 0 })
      .toBuffer();
  } catch (error) {
    throw new EnvironmentError(`cannot make a WebP picture of ${path}: ${firstLine(error)}`, { cause: error });
  }
  await writeFile(path, bytes).catch((error: unknown) => {
    throw describeWriteError(error, path);
  });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** Frames per second as a fraction; thousandths over 1001 for the NTSC rates. */
function toRational(rate: number): Rational {
  if (!(rate > 0 && rate <= 1000)) throw new InputError(`${rate} frames per second cannot be used; take 1 to 1000`);
  const ntsc = Math.round(rate * 1.001) * 1000;
  if (Math.abs(ntsc / 1001 - rate) < 5e-3 && !Number.isInteger(rate)) return { num: ntsc, den: 1001 };
  return Number.isInteger(rate) ? { num: rate, den: 1 } : { num: Math.round(rate * 1000), den: 1000 };
}
