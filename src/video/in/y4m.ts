import { AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG, type AVPixelFormat } from 'node-av/constants';
import { avGetPixFmtFromName } from 'node-av/lib';
import { InputError, throwIfCancelled } from '../../errors.js';
import { describeFormat, FrameConverter } from '../convert/frame-converter.js';
import type { Frame, VideoProperties } from '../frame.js';
import { ownedPicture } from '../owned-picture.js';
import { markInterlaced } from '../side/field-order.js';
import { ByteReader } from '../../io/pipe.js';
import { frameFromPlanar } from '../planar-buffer.js';
import type { FramesOptions, VideoSource } from './video-source.js';
import { parseY4mHeader, type Y4mHeader, y4mMagic } from '../y4m-header.js';

const headerLimit = 4096;

/** True if a stream that begins with `bytes` (at least 10 of them) is YUV4MPEG2. */
export function isY4m(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, y4mMagic.length + 1)).toString('latin1') === `${y4mMagic} `;
}

/**
 * Opens a YUV4MPEG2 stream, such as `process.stdin`; memory holds one frame.
 *
 * Frames are numbered in a time base of one tick per frame.
 *
 * Pictures that are not 8-bit 4:2:0 are converted, with a note.
 *
 * @param options - strict: true to refuse a stream that is cut within a frame; false to leave out that frame
 * @throws InputError if the header cannot be read
 */
export async function openY4m(
  bytes: AsyncIterable<Uint8Array>,
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<VideoSource> {
  const reader = new ByteReader(bytes);
  try {
    const line = await reader.readLine(headerLimit);
    if (line === null) throw new InputError(`the y4m stream has no header line within ${headerLimit} bytes`);
    return new Y4mSource(reader, parseY4mHeader(line), strict);
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

class Y4mSource implements VideoSource {
  readonly properties: VideoProperties;
  readonly notes: string[];
  readonly frameCountHint = null;
  readonly durationHint = null;
  readonly #reader: ByteReader;
  readonly #strict: boolean;
  readonly #byteLength: number;
  readonly #format: AVPixelFormat | null;
  readonly #converter: FrameConverter;
  #taken = false;

  constructor(reader: ByteReader, header: Y4mHeader, strict: boolean) {
    this.#reader = reader;
    this.#strict = strict;
    this.properties = header.properties;
    const { width, height, colour } = header.properties;
    const { pixelFormat, byteLength } = header.chroma;
    this.#byteLength = byteLength(width, height);
    this.#format = pixelFormat === null ? null : avGetPixFmtFromName(pixelFormat);
    this.#converter = new FrameConverter({ width, height, fullRange: colour.fullRange });
    const converted = this.#format === null ? [] : [`converted ${describeFormat(this.#format)} to 8-bit 4:2:0`];
    this.notes = [...converted, ...header.notes];
  }

  async *frames({ signal }: FramesOptions = {}): AsyncGenerator<Frame, void, undefined> {
    if (this.#taken) throw new InputError('the frames of a pipe can be read once only');
    this.#taken = true;
    const { width, height } = this.properties;
    const length = this.#byteLength;
    for (let index = 0n; !(await this.#reader.atEnd()); index++) {
      throwIfCancelled(signal);
      const line = await this.#reader.readLine(headerLimit);
      if (line === null || !/^FRAME( |$)/.test(line))
        throw new InputError(`y4m frame ${index} does not begin with FRAME`);
      const picture = await this.#reader.read(length);
      if (picture.length < length) {
        const cut = `the y4m stream is cut in frame ${index}: ${length - picture.length} of its ${length} bytes are missing`;
        if (this.#strict || index === 0n) throw new InputError(cut);
        this.notes.push(`${cut}; what is there is taken`);
        return;
      }
      yield frameFromPlanar(await this.#convert(picture), width, height, index, 1n);
    }
  }

  seek(): Promise<boolean> {
    return Promise.resolve(false);
  }

  side(): Promise<null> {
    return Promise.resolve(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#converter[Symbol.dispose]();
    await this.#reader[Symbol.asyncDispose]();
  }

  /** Packed planes of 8-bit 4:2:0. */
  async #convert(packed: Uint8Array): Promise<Uint8Array> {
    if (this.#format === null) return packed;
    const { width, height, colour, fieldOrder } = this.properties;
    const picture = ownedPicture(packed, {
      width,
      height,
      format: this.#format,
      timeBase: { num: 1, den: 1 },
      pts: 0n,
    });
    try {
      picture.colorRange = colour.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
      if (fieldOrder !== undefined) markInterlaced(picture, fieldOrder);
      return await this.#converter.convert(picture, 'cannot convert the y4m pictures to 8-bit 4:2:0');
    } finally {
      picture.free();
    }
  }
}
