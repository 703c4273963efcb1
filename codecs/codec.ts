import type { Frame, VideoProperties } from '../src/video/frame.js';

/** A clip that is to be coded: its frames can be read as often as they are needed. */
export interface CodecClip {
  readonly name: string;
  /** Size, frame rate, colour; those of the frames that `frames` gives. */
  readonly properties: VideoProperties;
  readonly frameCount: number;
  /** Where the frames come from, for the commands that people run by hand. */
  readonly source: ClipSource;
  /** The frames in display order, with increasing time stamps. */
  frames(): AsyncIterable<Frame>;
}

/** The file behind a clip. */
export interface ClipSource {
  /** As it was given. */
  readonly file: string;
  /** Arguments with which `ffmpeg` reads that file and makes the clip's very frames of it, `-i` among them. */
  readonly ffmpegArguments: readonly string[];
  /** Whether the clip is the whole file as it is: neither cut nor scaled. */
  readonly isWhole: boolean;
}

/** The task of a codec: the same for all codecs. */
export interface CodecTask {
  /** Point of the rate-distortion curve, in the unit of {@link Codec.settingName}. */
  readonly setting: number;
  /** Frames from one key frame to the next at most. */
  readonly keyint: number;
  /** Threads for all of the work; 0: as the codec likes. */
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** A codec that lets another program do its work tells here what that program took, when it has ended. */
  readonly onProgram?: ((cost: ProgramCost) => void) | undefined;
}

/** The cost of a program that a codec started. */
export interface ProgramCost {
  /** Processor time of all its threads, user and system. */
  readonly cpuSeconds: number;
  /** Largest resident memory; null where this machine does not tell. */
  readonly peakBytes: number | null;
}

/** The description of a codec for reports. */
export interface CodecDescription {
  /** For people, such as `x265 medium`. */
  readonly title: string;
  /** Version of what does the work, such as `libx265 of FFmpeg 8.1`, or a pack's version and identity. */
  readonly version: string;
  /** Everything else that a reader needs to repeat the figures, by name. */
  readonly details: Readonly<Record<string, string>>;
}

/**
 * The one seam of the benchmark: a learned codec, an encoder of FFmpeg, or a user's own. An adapter is one module whose
 * default export is a {@link CodecFactory}.
 */
export interface Codec {
  /** The name of the setting, such as `CRF` or `quality`. */
  readonly settingName: string;
  /** The settings of a curve where the user names none, from worst to best. */
  readonly defaultSettings: readonly number[];
  /** The description for reports. */
  describe(): Promise<CodecDescription>;
  /** The command that does the same by hand: for an encoder of FFmpeg an `ffmpeg` line. */
  command(clip: CodecClip, task: CodecTask): string;
  /** Codes all frames of a clip into `file`. */
  encode(clip: CodecClip, task: CodecTask, file: string): Promise<void>;
  /** The frames that `file` holds, in display order; their times are not looked at. */
  decode(file: string, clip: CodecClip, task: CodecTask): AsyncIterable<Frame>;
  /** Bits of coded pictures in `file`: no container, no sound, no text in which an encoder names itself. */
  countPayloadBits(file: string): Promise<number>;
}

/**
 * Makes a codec.
 *
 * @param variant what stands behind the codec's name and a colon (`medium` in `x265:medium`); empty if nothing does.
 * @throws InputError if there is no such variant; EnvironmentError if this machine lacks what the codec needs.
 */
export type CodecFactory = (variant: string) => Promise<Codec>;
