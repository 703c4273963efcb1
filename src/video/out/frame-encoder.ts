import {
  AV_CODEC_FLAG_FRAME_DURATION,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_FLAG_INTERLACED_DCT,
  AV_CODEC_FLAG_INTERLACED_ME,
  AV_OPT_SEARCH_CHILDREN,
  AV_PIX_FMT_YUV420P,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  type AVChromaLocation,
  type AVColorPrimaries,
  type AVColorSpace,
  type AVColorTransferCharacteristic,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  type CodecParameters,
  Dictionary,
  type Frame as AvFrame,
  Option,
  Packet,
  Rational,
} from 'node-av/lib';
import { EnvironmentError, InputError } from '../../errors.js';
import type { Frame, VideoProperties } from '../frame.js';
import { throwIfOutputFails } from '../libav.js';
import { pictureOfFrame } from '../owned-picture.js';
import { markInterlaced } from '../side/field-order.js';
import { hdrOptions } from '../side/hdr-metadata.js';

/** An encoder of FFmpeg and its settings. */
export interface EncoderSettings {
  /** Name of the encoder, such as `libx264`. */
  readonly name: string;
  /** Its own options, such as `preset` and `crf`. */
  readonly options: Readonly<Record<string, string>>;
  /** Largest distance of key frames, frames; the encoder's own default if not given. */
  readonly keyint?: number;
  /** Threads; 0 (the default) lets the encoder choose. */
  readonly threads?: number;
}

/**
 * The same settings, under which an encoder neither logs past libav's own log nor, where that can be switched off, writes
 * its settings into the stream.
 */
export function quietSettings(settings: EncoderSettings): EncoderSettings {
  if (settings.name !== 'libx265') return settings;
  const { 'x265-params': given, ...rest } = settings.options;
  const quiet = ['log-level=none', 'info=0', ...(given === undefined ? [] : [given])].join(':');
  return { ...settings, options: { ...rest, 'x265-params': quiet } };
}

/** A packet whose bytes belong to libav: valid until the next packet is requested. */
export type EncodedPackets = AsyncGenerator<Packet, void, undefined>;

/** Encodes frames with one of FFmpeg's encoders; time stamps in and out are ticks of the video's time base. */
export class FrameEncoder implements Disposable {
  readonly #context: CodecContext;
  readonly #name: string;
  readonly #properties: VideoProperties;
  // Not every encoder passes on durations.
  readonly #durations = new Map<bigint, bigint>();

  private constructor(context: CodecContext, name: string, properties: VideoProperties) {
    this.#context = context;
    this.#name = name;
    this.#properties = properties;
  }

  /**
   * Opens the encoder.
   *
   * @param globalHeader - true if the container wants the codec's configuration once, not in every key frame
   * @throws EnvironmentError if this FFmpeg lacks the encoder or it does not open; InputError if the encoder has no such
   * option
   */
  static async open(
    settings: EncoderSettings,
    properties: VideoProperties,
    globalHeader: boolean,
  ): Promise<FrameEncoder> {
    const codec = Codec.findEncoderByName(settings.name as FFEncoderCodec);
    if (codec === null) throw new EnvironmentError(`this FFmpeg has no encoder ${settings.name}; see tessera doctor`);
    // SVT-AV1 writes to stderr past libav's log; this is its own switch (errors only).
    if (settings.name === 'libsvtav1') process.env['SVT_LOG'] ??= '1';
    const context = new CodecContext();
    const options = Dictionary.fromObject({ ...hdrOptions(settings.name, settings.options, properties) });
    try {
      context.allocContext3(codec);
      // avcodec_open2 ignores unknown options.
      for (const option of Object.keys(settings.options)) {
        if (Option.find(context.getNative(), option, AV_OPT_SEARCH_CHILDREN) === null) {
          throw new InputError(`the encoder ${settings.name} has no option '${option}'`);
        }
      }
      const { width, height, timeBase, frameRate, sampleAspect, colour } = properties;
      context.width = width;
      context.height = height;
      context.pixelFormat = AV_PIX_FMT_YUV420P;
      context.timeBase = new Rational(timeBase.num, timeBase.den);
      context.framerate = new Rational(frameRate.num, frameRate.den);
      context.sampleAspectRatio = new Rational(sampleAspect.num, sampleAspect.den);
      context.colorRange = colour.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
      context.colorPrimaries = colour.primaries as AVColorPrimaries;
      context.colorTrc = colour.transfer as AVColorTransferCharacteristic;
      context.colorSpace = colour.matrix as AVColorSpace;
      context.chromaLocation = colour.chromaLocation as AVChromaLocation;
      context.threadCount = settings.threads ?? 0;
      if (settings.keyint !== undefined) context.gopSize = settings.keyint;
      context.setFlags(AV_CODEC_FLAG_FRAME_DURATION);
      if (properties.fieldOrder !== undefined) {
        context.setFlags(AV_CODEC_FLAG_INTERLACED_DCT, AV_CODEC_FLAG_INTERLACED_ME);
        // The same value that FFmpeg's program uses for pictures that hold both fields.
        context.setOption('field_order', properties.fieldOrder === 'topFirst' ? 'tb' : 'bt');
      }
      if (globalHeader) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      const code = await context.open2(codec, options);
      throwIfOutputFails(code, `cannot open the encoder ${settings.name} for ${width}x${height} pictures`);
      return new FrameEncoder(context, settings.name, properties);
    } catch (error) {
      context.freeContext();
      throw error;
    } finally {
      options.free();
    }
  }

  /** Copies the parameters of the encoded stream that a muxer or decoder needs. */
  describe(parameters: CodecParameters): void {
    throwIfOutputFails(parameters.fromContext(this.#context), `cannot describe the output of ${this.#name}`);
  }

  /**
   * Sends one frame, or null at the end, and yields the packets that are ready.
   *
   * @throws InputError if the frame has another size than the video; EnvironmentError if the encoder fails
   */
  async *encode(frame: Frame | null): EncodedPackets {
    const what = `${this.#name} cannot encode`;
    const picture = frame === null ? null : this.#toPicture(frame);
    if (frame !== null) this.#durations.set(frame.pts, frame.duration);
    try {
      throwIfOutputFails(await this.#context.sendFrame(picture), what);
    } finally {
      picture?.free();
    }
    const packet = new Packet();
    try {
      packet.alloc();
      while (true) {
        const code = await this.#context.receivePacket(packet);
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
        throwIfOutputFails(code, what);
        packet.duration = this.#durations.get(packet.pts) ?? packet.duration;
        this.#durations.delete(packet.pts);
        yield packet;
        packet.unref();
      }
    } finally {
      packet.free();
    }
  }

  #toPicture(frame: Frame): AvFrame {
    const { width, height, timeBase, sampleAspect, colour } = this.#properties;
    if (frame.width !== width || frame.height !== height) {
      throw new InputError(`a frame is ${frame.width}x${frame.height}, the video is ${width}x${height}`);
    }
    const picture = pictureOfFrame(frame, { timeBase, pts: frame.pts });
    picture.duration = frame.duration;
    if (this.#properties.fieldOrder !== undefined) markInterlaced(picture, this.#properties.fieldOrder);
    picture.sampleAspectRatio = new Rational(sampleAspect.num, sampleAspect.den);
    picture.colorRange = colour.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    picture.colorPrimaries = colour.primaries as AVColorPrimaries;
    picture.colorTrc = colour.transfer as AVColorTransferCharacteristic;
    picture.colorSpace = colour.matrix as AVColorSpace;
    picture.chromaLocation = colour.chromaLocation as AVChromaLocation;
    return picture;
  }

  /** Frees the encoder. */
  [Symbol.dispose](): void {
    this.#context.freeContext();
  }
}
