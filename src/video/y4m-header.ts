/** The header line of YUV4MPEG2 (mjpegtools' `yuv4mpeg(5)`): words after the magic, each one letter and a value. */
import { InputError } from '../errors.js';
import type { FieldOrder, Frame, Rational, VideoProperties } from './frame.js';
import { chroma420, readChroma, type Y4mChroma } from './y4m-chroma.js';

/** The first word of the header line. */
export const y4mMagic = 'YUV4MPEG2';

const fieldOrders: Readonly<Record<string, FieldOrder>> = { t: 'topFirst', b: 'bottomFirst' };

const maximumSize = 1 << 16;

/** The contents of a header line. */
export interface Y4mHeader {
  readonly properties: VideoProperties;
  readonly chroma: Y4mChroma;
  readonly notes: readonly string[];
}

/**
 * Reads a header line.
 *
 * @throws InputError for what this program cannot take: chroma words that nobody writes, absurd sizes
 */
export function parseY4mHeader(line: string): Y4mHeader {
  const [magic, ...words] = line.trim().split(/ +/);
  if (magic !== y4mMagic) throw new InputError(`the y4m header does not begin with ${y4mMagic}`);
  const value = (letter: string) => words.find((word) => word.startsWith(letter))?.slice(1);
  const extension = (name: string) => words.find((word) => word.startsWith(`X${name}=`))?.slice(name.length + 2);
  const width = readSize(value('W'), 'width');
  const height = readSize(value('H'), 'height');
  const word = value('C') ?? '420';
  const chroma = readChroma(word);
  if (chroma === null) {
    throw new InputError(`the y4m video has the unknown chroma ${word}: convert it to yuv420p first`);
  }
  const interlace = value('I') ?? 'p';
  const unspecified: Rational = { num: 25, den: 1 };
  const frameRate = readRational(value('F'), 'frame rate') ?? unspecified;
  return {
    properties: {
      width,
      height,
      timeBase: { num: frameRate.den, den: frameRate.num },
      frameRate,
      sampleAspect: readRational(value('A'), 'sample aspect') ?? { num: 1, den: 1 },
      rotation: 0,
      ...(fieldOrders[interlace] === undefined ? {} : { fieldOrder: fieldOrders[interlace] }),
      colour: {
        primaries: 2,
        transfer: 2,
        matrix: 2,
        fullRange: extension('COLORRANGE') === 'FULL',
        chromaLocation: chroma.chromaLocation,
      },
    },
    chroma,
    notes: 'tbm'.includes(interlace)
      ? ['the pictures are interlaced: both fields are kept in one frame, coded as they are']
      : [],
  };
}

/** Returns notes on everything that the format cannot hold, one line each. */
export function lossesOfY4m({ rotation, masteringDisplay, contentLight }: VideoProperties): string[] {
  return [
    ...(rotation === 0 ? [] : [`the video is to be turned by ${rotation} degrees: y4m cannot say so`]),
    ...(masteringDisplay === undefined && contentLight === undefined
      ? []
      : ['HDR data is left out: y4m cannot hold it']),
  ];
}

/** The header line (with its line feed) for a video; the frame rate stands for all time stamps. */
export function formatY4mHeader(properties: VideoProperties): string {
  const { width, height, frameRate, sampleAspect, colour } = properties;
  const location = Object.entries(chroma420).find(([, code]) => code === colour.chromaLocation)?.[0] ?? '420jpeg';
  // A bare "420" is legal but unknown to old readers; 420jpeg is what they take it for.
  const chroma = colour.chromaLocation === 0 ? '420jpeg' : location;
  const interlace = Object.keys(fieldOrders).find((key) => fieldOrders[key] === properties.fieldOrder) ?? 'p';
  const range = colour.fullRange ? 'FULL' : 'LIMITED';
  return (
    `${y4mMagic} W${width} H${height} F${frameRate.num}:${frameRate.den} I${interlace} ` +
    `A${sampleAspect.num}:${sampleAspect.den} C${chroma} XCOLORRANGE=${range}\n`
  );
}

/**
 * One frame with its marker line.
 *
 * @throws InputError if it has another size than the video
 */
export function formatY4mFrame(frame: Frame, properties: VideoProperties): Buffer {
  if (frame.width !== properties.width || frame.height !== properties.height) {
    throw new InputError(
      `a frame is ${frame.width}x${frame.height}, the video is ${properties.width}x${properties.height}`,
    );
  }
  return Buffer.concat([Buffer.from('FRAME\n', 'latin1'), frame.y, frame.u, frame.v]);
}

function readSize(text: string | undefined, what: string): number {
  const size = /^\d{1,6}$/.test(text ?? '') ? Number(text) : 0;
  if (size < 1 || size > maximumSize) {
    throw new InputError(`the y4m header has ${what} ${text ?? 'missing'}; it must be 1 to ${maximumSize}`);
  }
  return size;
}

/** A fraction of two positive numbers; null if absent or 0:0 (unknown). */
function readRational(text: string | undefined, what: string): Rational | null {
  if (text === undefined || text === '0:0') return null;
  const match = /^(\d{1,9}):(\d{1,9})$/.exec(text);
  const [num, den] = [Number(match?.[1]), Number(match?.[2])];
  if (!(num > 0 && den > 0))
    throw new InputError(`the y4m header has ${what} ${text}; two positive numbers are needed`);
  return { num, den };
}
