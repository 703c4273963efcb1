import { openByteOutput, type ByteOutput, type ByteSink } from '../../io/byte-output.js';
import type { TemporaryFileOptions } from '../../io/temporary-file.js';
import type { Frame, VideoProperties } from '../frame.js';
import { formatY4mFrame, formatY4mHeader, lossesOfY4m } from '../y4m-header.js';
import type { VideoSink } from './video-sink.js';

/**
 * Writes YUV4MPEG2 to a file, or to the caller's sink; the caller closes that sink.
 *
 * @throws as `openByteOutput`
 */
export async function openY4mSink(
  output: string | ByteSink,
  properties: VideoProperties,
  options: TemporaryFileOptions = {},
): Promise<VideoSink> {
  return new Y4mSink(await openByteOutput(output, options), properties);
}

class Y4mSink implements VideoSink {
  readonly notes: readonly string[];
  readonly #output: ByteOutput;
  readonly #properties: VideoProperties;
  #hasHeader = false;

  constructor(output: ByteOutput, properties: VideoProperties) {
    this.#output = output;
    this.#properties = properties;
    this.notes = lossesOfY4m(properties);
  }

  async write(frame: Frame): Promise<void> {
    await this.#writeHeader();
    await this.#output.write(formatY4mFrame(frame, this.#properties));
  }

  async finish(): Promise<void> {
    await this.#writeHeader();
    await this.#output.finish();
  }

  async abort(): Promise<void> {
    await this.#output[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #writeHeader(): Promise<void> {
    if (this.#hasHeader) return;
    this.#hasHeader = true;
    await this.#output.write(Buffer.from(formatY4mHeader(this.#properties), 'latin1'));
  }
}
