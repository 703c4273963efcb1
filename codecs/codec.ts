import type { Frame, VideoProperties } from '../src/video/frame.js';
import type { IsLost } from './loss-pattern.js';

/** A clip to encode. Its frames can be read many times. */
export interface CodecClip {
  readonly name: string;
  /** Size, frame rate and colour of the frames that `frames` yields. */
  readonly properties: VideoProperties;
  readonly frameCount: number;
  /** The source of the frames, for commands that people run by hand. */
  readonly source: ClipSource;
  /** The frames in display order, with increasing time stamps. */
  frames(): AsyncIterable<Frame>;
}

/** The file behind a clip. */
export interface ClipSource {
  /** The path as given. */
  readonly file: string;
  /** The arguments with which `ffmpeg` makes exactly the clip's frames from that file, with `-i`. */
  readonly ffmpegArguments: readonly string[];
  /** True if the clip is the whole file, neither cut nor scaled. */
  readonly isWhole: boolean;
}

/** The task of a codec: the same for all codecs. */
export interface CodecTask {
  /** Point of the rate-distortion curve, in the unit of {@link Codec.settingName}. */
  readonly setting: number;
  /** The largest distance between key frames, in frames. */
  readonly keyint: number;
  /** The number of threads; 0 lets the codec choose. */
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** A codec that runs another program reports the cost of that program here, after it has ended. */
  readonly onProgram?: ((cost: ProgramCost) => void) | undefined;
}

/** The cost of a program that a codec started. */
export interface ProgramCost {
  /** Processor time of all its threads, user and system. */
  readonly cpuSeconds: number;
  /** Largest resident memory; null if this machine does not report it. */
  readonly peakBytes: number | null;
}

/** The description of a codec for reports. */
export interface CodecDescription {
  /** For people, such as `x265 medium`. */
  readonly title: string;
  /** The version of the codec's software, such as `libx265 of FFmpeg 8.1`, or a pack's version and identity. */
  readonly version: string;
  /** Everything else that a reader needs to repeat the figures, by name. */
  readonly details: Readonly<Record<string, string>>;
}

/**
 * The interface of all codecs in the benchmark: a learned codec, an encoder of FFmpeg, or a user's own codec. An
 * adapter is one module whose default export is a {@link CodecFactory}.
 */
export interface Codec {
  /** The name of the setting, such as `CRF` or `quality`. */
  readonly settingName: string;
  /** The default settings of a curve, from worst to best. */
  readonly defaultSettings: readonly number[];
  /** The description for reports. */
  describe(): Promise<CodecDescription>;
  /** The command that does the same by hand: for an encoder of FFmpeg an `ffmpeg` line. */
  command(clip: CodecClip, task: CodecTask): string;
  /** Codes all frames of a clip into `file`. */
  encode(clip: CodecClip, task: CodecTask, file: string): Promise<void>;
  /** Yields the frames of `file`, in display order. Their times are ignored. */
  decode(file: string, clip: CodecClip, task: CodecTask): AsyncIterable<Frame>;
  /**
   * Decodes `file` without lost packets: conceals what is missing as the codec does. Calls `isLost` once for each packet, in
   * coding order. Yields frames in display order; `pts` is the number of the clip's frame, from 0. Frames may be missing.
   * A codec without this function cannot be measured with losses (`+loss=0.05`).
   */
  decodeLossy?(file: string, clip: CodecClip, task: CodecTask, isLost: IsLost): AsyncIterable<Frame>;
  /** Bits of coded pictures in `file`: no container, no sound, no text in which an encoder names itself. */
  countPayloadBits(file: string): Promise<number>;
}

/**
 * Makes a codec.
 *
 * @param variant the text after the codec's name and a colon (`medium` in `x265:medium`); empty if there is none.
 * @throws InputError if there is no such variant; EnvironmentError if something that the codec needs is missing on this
 * machine.
 */
export type CodecFactory = (variant: string) => Promise<Codec>;
