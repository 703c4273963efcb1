/** FFmpeg's own video encoders in memory: what tessera is measured against. */
import { AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { Codec, CodecContext, CodecParameters, Frame as AvFrame, Packet } from 'node-av/lib';
import { EnvironmentError, InputError } from '../errors.js';
import { type EncoderSettings, FrameEncoder } from './frame-encoder.js';
import type { Frame, Rational, VideoProperties } from './frame.js';
import { mustExist, throwIfOutputFails } from './libav.js';
import { frameFromPlanar } from './planar-buffer.js';

/** How the reference encodes; everything not named is the encoder's default. */
export interface ReferenceSettings {
  readonly codec: 'x264' | 'x265';
  /** `medium`, `veryslow` ... */
  readonly preset: string;
  /** Constant rate factor. */
  readonly crf: number;
  /** Largest distance of key frames, frames. */
  readonly keyint: number;
  /** More options, as libavcodec names them. */
  readonly options?: Readonly<Record<string, string>>;
  /** Frames per second; 25 if not given. Rate control sees it. */
  readonly frameRate?: Rational;
  /** Encoder and decoder threads; 0 (the default): as many as the codec likes. */
  readonly threads?: number;
}

/** What the reference made of the frames. */
export interface ReferenceResult {
  /**
   * Bytes of coded pictures: no container, no parameter sets, and without the text in which x264 names its settings.
   */
  readonly bytes: number;
  /** The decoded frames, with the times of the originals. */
  readonly frames: Frame[];
  /** Seconds spent in the encoder, without waiting for frames. */
  readonly encodeSeconds: number;
  /** Seconds spent in the decoder, copying included. */
  readonly decodeSeconds: number;
}

interface StoredPacket {
  readonly data: Buffer;
  readonly pts: bigint;
  readonly dts: bigint;
  readonly key: boolean;
}

/**
 * Encodes and decodes frames with libx264 or libx265. All decoded frames are held in memory.
 *
 * @throws InputError if there is no frame or their sizes differ or are odd; EnvironmentError if the encoder fails
 */
export async function encodeReference(
  settings: ReferenceSettings,
  frames: Iterable<Frame> | AsyncIterable<Frame>,
): Promise<ReferenceResult> {
  const times: Pick<Frame, 'pts' | 'duration'>[] = [];
  const packets: StoredPacket[] = [];
  const parameters = new CodecParameters();
  let encoder: FrameEncoder | null = null;
  let properties: VideoProperties | null = null;
  let encodeMs = 0;
  const encode = async (frame: Frame | null) => {
    const started = performance.now();
    for await (const packet of mustExist(encoder, 'an encoder').encode(frame)) {
      const data = Buffer.from(mustExist(packet.data, 'a packet'));
      packets.push({ data, pts: packet.pts, dts: packet.dts, key: packet.isKeyframe });
    }
    encodeMs += performance.now() - started;
  };
  try {
    parameters.alloc();
    for await (const frame of frames) {
      properties ??= describeFrames(frame, settings.frameRate ?? { num: 25, den: 1 });
      encoder ??= await FrameEncoder.open(encoderSettings(settings), properties, true);
      times.push({ pts: frame.pts, duration: frame.duration });
      await encode({ ...frame, pts: BigInt(times.length - 1), duration: 1n });
    }
    if (properties === null) throw new InputError('there is no frame to encode');
    await encode(null);
    mustExist(encoder, 'an encoder').describe(parameters);
    const started = performance.now();
    const decoded = await decode(packets, parameters, settings.threads ?? 0, times);
    const decodeSeconds = (performance.now() - started) / 1000;
    const bytes = packets.reduce((sum, { data }) => sum + data.length - settingsTextLength(data, settings.codec), 0);
    return { bytes, frames: decoded, encodeSeconds: encodeMs / 1000, decodeSeconds };
  } finally {
    encoder?.[Symbol.dispose]();
    parameters.free();
  }
}

function describeFrames(first: Frame, frameRate: Rational): VideoProperties {
  return {
    width: first.width,
    height: first.height,
    timeBase: { num: frameRate.den, den: frameRate.num },
    frameRate,
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false, chromaLocation: 0 },
  };
}

function encoderSettings(settings: ReferenceSettings): EncoderSettings {
  const { codec, preset, crf, keyint, options = {}, threads = 0 } = settings;
  const common = { preset, crf: String(crf) };
  if (codec === 'x264') return { name: 'libx264', options: { ...common, ...options }, keyint, threads };
  // info=0: no text with the settings in the stream. libx265 logs past libav's own log.
  const { 'x265-params': given, ...rest } = options;
  const quiet = ['log-level=none', 'info=0', ...(given === undefined ? [] : [given])].join(':');
  return { name: 'libx265', options: { ...common, ...rest, 'x265-params': quiet }, keyint, threads };
}

async function decode(
  packets: readonly StoredPacket[],
  parameters: CodecParameters,
  threads: number,
  times: readonly Pick<Frame, 'pts' | 'duration'>[],
): Promise<Frame[]> {
  const frames: Frame[] = [];
  const codec = mustExist(Codec.findDecoder(parameters.codecId), 'a decoder');
  const context = new CodecContext();
  const packet = new Packet();
  const picture = new AvFrame();
  const receive = async () => {
    while (true) {
      const code = await context.receiveFrame(picture);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
      throwIfOutputFails(code, 'the reference cannot be decoded');
      const time = times[Number(picture.pts)];
      if (time === undefined)
        throw new EnvironmentError(`the reference decoder gave a frame ${picture.pts} that nobody sent`);
      frames.push(frameFromPlanar(picture.toBuffer(), picture.width, picture.height, time.pts, time.duration));
      picture.unref();
    }
  };
  try {
    packet.alloc();
    picture.alloc();
    context.allocContext3(codec);
    throwIfOutputFails(context.parametersToContext(parameters), 'the reference cannot be decoded');
    context.threadCount = threads;
    throwIfOutputFails(await context.open2(codec), 'the reference cannot be decoded');
    for (const stored of packets) {
      packet.unref();
      packet.data = stored.data;
      packet.pts = stored.pts;
      packet.dts = stored.dts;
      packet.isKeyframe = stored.key;
      throwIfOutputFails(await context.sendPacket(packet), 'the reference cannot be decoded');
      await receive();
    }
    throwIfOutputFails(await context.sendPacket(null), 'the reference cannot be decoded');
    await receive();
  } finally {
    picture.free();
    packet.free();
    context.freeContext();
  }
  if (frames.length !== times.length) {
    throw new EnvironmentError(`the reference decoder gave ${frames.length} of ${times.length} frames`);
  }
  return frames;
}

/** Bytes of H.264 SEI units with unregistered user data (x264's settings; ITU-T H.264, D.1.6) in a packet. */
function settingsTextLength(data: Buffer, codec: ReferenceSettings['codec']): number {
  if (codec !== 'x264') return 0;
  const startCode = Buffer.from([0, 0, 1]);
  let length = 0;
  for (let at = data.indexOf(startCode); at >= 0;) {
    const next = data.indexOf(startCode, at + 3);
    const isText = ((data[at + 3] ?? 0) & 31) === 6 && data[at + 4] === 5;
    // A start code may have a zero byte before it.
    const begin = data[at - 1] === 0 ? at - 1 : at;
    const end = next < 0 ? data.length : data[next - 1] === 0 ? next - 1 : next;
    if (isText) length += end - begin;
    at = next;
  }
  return length;
}
