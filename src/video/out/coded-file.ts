/**
 * Video files with coded pictures only: encodes frames with an encoder of FFmpeg into a Matroska file, and counts their
 * bytes.
 */
import { AVERROR_EOF } from 'node-av/constants';
import { FormatContext, Packet, Rational, type Stream } from 'node-av/lib';
import { InputError, throwIfCancelled } from '../../errors.js';
import { findVideoTrack, openDemuxer } from '../demuxer.js';
import { type EncoderSettings, FrameEncoder } from './frame-encoder.js';
import type { Frame, VideoProperties } from '../frame.js';
import { fileUrl, mustExist, throwIfInputFails, throwIfOutputFails } from '../libav.js';
import { overheadLength } from './packet-overhead.js';

/** The result of {@link writeCodedFile}. */
export interface CodedFileResult {
  /** Frames that were coded. */
  readonly frames: number;
  /** Seconds spent in the encoder, without waiting for frames. */
  readonly encodeSeconds: number;
}

/**
 * Encodes frames into a Matroska file. It ignores their times and numbers them at the nominal frame rate, so rate
 * control gets a constant frame rate. An existing file is replaced. If encoding fails, the incomplete file stays.
 *
 * @param properties size, frame rate, colour description; its time base is not used.
 * @throws InputError if there is no frame or one has another size; EnvironmentError if the encoder fails or the file
 * cannot be written; CancelledError.
 */
export async function writeCodedFile(
  settings: EncoderSettings,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  properties: VideoProperties,
  path: string,
  signal?: AbortSignal,
): Promise<CodedFileResult> {
  const { frameRate } = properties;
  const steady = { ...properties, timeBase: { num: frameRate.den, den: frameRate.num } };
  using encoder = await FrameEncoder.open(settings, steady, true);
  await using file = await PacketFile.create(path, encoder, steady);
  let count = 0;
  let encodeMs = 0;
  const encode = async (frame: Frame | null) => {
    let started = performance.now();
    for await (const packet of encoder.encode(frame)) {
      encodeMs += performance.now() - started;
      await file.write(packet);
      started = performance.now();
    }
    encodeMs += performance.now() - started;
  };
  for await (const frame of frames) {
    throwIfCancelled(signal);
    await encode({ ...frame, pts: BigInt(count), duration: 1n });
    count++;
  }
  if (count === 0) throw new InputError('there is no frame to encode');
  await encode(null);
  await file.finish();
  return { frames: count, encodeSeconds: encodeMs / 1000 };
}

/** One video track in Matroska. */
class PacketFile implements AsyncDisposable {
  readonly #format = new FormatContext();
  readonly #what: string;
  readonly #properties: VideoProperties;
  #stream: Stream | null = null;

  private constructor(path: string, properties: VideoProperties) {
    this.#what = `cannot write ${path}`;
    this.#properties = properties;
  }

  static async create(path: string, encoder: FrameEncoder, properties: VideoProperties): Promise<PacketFile> {
    const file = new PacketFile(path, properties);
    try {
      await file.#open(path, encoder);
      return file;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #open(path: string, encoder: FrameEncoder): Promise<void> {
    const { timeBase, frameRate } = this.#properties;
    throwIfOutputFails(this.#format.allocOutputContext2(null, 'matroska', fileUrl(path)), this.#what);
    const stream = this.#format.newStream();
    this.#stream = stream;
    encoder.describe(stream.codecpar);
    stream.timeBase = new Rational(timeBase.num, timeBase.den);
    stream.avgFrameRate = new Rational(frameRate.num, frameRate.den);
    throwIfOutputFails(await this.#format.openOutput(), this.#what);
    throwIfOutputFails(await this.#format.writeHeader(), this.#what);
  }

  async write(packet: Packet): Promise<void> {
    const stream = mustExist(this.#stream, 'a stream');
    packet.streamIndex = stream.index;
    packet.rescaleTs(this.#properties.timeBase, stream.timeBase);
    throwIfOutputFails(await this.#format.interleavedWriteFrame(packet), this.#what);
  }

  async finish(): Promise<void> {
    throwIfOutputFails(await this.#format.interleavedWriteFrame(null), this.#what);
    throwIfOutputFails(await this.#format.writeTrailer(), this.#what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#format.closeOutput();
    this.#format.freeContext();
  }
}

/**
 * Bytes of coded pictures in a video file: the packets of its video track, without container, without parameter sets
 * that the container keeps, and without the text in which x264 and x265 store their settings.
 *
 * @throws InputError if the file cannot be read or has no video track.
 */
export async function countPictureBytes(path: string): Promise<number> {
  const format = await openDemuxer(path, path);
  const packet = new Packet();
  try {
    packet.alloc();
    const track = findVideoTrack(format.streams);
    const parameters = format.streams[track]?.codecpar;
    if (parameters === undefined) throw new InputError(`${path} has no video track`);
    const { codecId, extradata } = parameters;
    let bytes = 0;
    while (true) {
      const code = await format.readFrame(packet);
      if (code === AVERROR_EOF) return bytes;
      throwIfInputFails(code, `cannot read ${path}`);
      if (packet.streamIndex === track) {
        const data = mustExist(packet.data, 'a packet');
        bytes += data.length - overheadLength(data, codecId, extradata);
      }
      packet.unref();
    }
  } finally {
    packet.free();
    await format.closeInput();
  }
}
