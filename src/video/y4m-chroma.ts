/** The chroma words of YUV4MPEG2 headers (`C420jpeg`, `C422p10` ...) and how the samples of each lie in a frame. */
import { chromaSize, planarByteLength } from './planar-buffer.js';

/** 8-bit 4:2:0, with the chroma location (as FFmpeg counts it) that each word stands for. */
export const chroma420: Readonly<Record<string, number>> = { '420jpeg': 2, '420mpeg2': 1, '420paldv': 3, '420': 0 };

/** The meaning of a chroma word. */
export interface Y4mChroma {
  /** libav's name of the pixel format; null for 8-bit 4:2:0, which needs no conversion. */
  readonly pixelFormat: string | null;
  /** As FFmpeg counts it; 0 is unspecified. */
  readonly chromaLocation: number;
  /** Bytes of one frame of `width` x `height` luma samples. */
  readonly byteLength: (width: number, height: number) => number;
}

type Sampling = '420' | '411' | '422' | '444' | 'mono' | '444alpha';

/** Samples of all planes of a frame. */
const samples: Readonly<Record<Sampling, (width: number, height: number) => number>> = {
  '420': planarByteLength,
  '411': (width, height) => (width + 2 * ((width + 3) >> 2)) * height,
  '422': (width, height) => (width + 2 * chromaSize(width)) * height,
  '444': (width, height) => 3 * width * height,
  mono: (width, height) => width * height,
  '444alpha': (width, height) => 4 * width * height,
};

const formats: Readonly<Record<Sampling, string>> = {
  '420': 'yuv420p',
  '411': 'yuv411p',
  '422': 'yuv422p',
  '444': 'yuv444p',
  mono: 'gray',
  '444alpha': 'yuva444p',
};

/** Reads a chroma word; null if it names none that FFmpeg and mjpegtools write. */
export function readChroma(word: string): Y4mChroma | null {
  const chromaLocation = chroma420[word];
  if (chromaLocation !== undefined) return { pixelFormat: null, chromaLocation, byteLength: planarByteLength };
  const match = /^(?:(411|422|444|444alpha|mono)|(420|422|444)p(9|10|12|14|16)|mono(9|10|12|16))$/.exec(word);
  if (match === null) return null;
  const [, plain, deep, bits, grayBits] = match;
  const sampling = (plain ?? deep ?? 'mono') as Sampling;
  const depth = bits ?? grayBits ?? '';
  const count = samples[sampling];
  return {
    pixelFormat: depth === '' ? formats[sampling] : `${formats[sampling]}${depth}le`,
    chromaLocation: 0,
    byteLength: (width, height) => count(width, height) * (depth === '' ? 1 : 2),
  };
}
