import type { BytesBySection } from '../bitstream/stream-writer.js';
import type { EncoderOptions } from '../codec/encoder.js';
import type { ChunkCoders } from './chunks/chunk-coders.js';
import type { LongCallOptions } from './progress.js';
import type { RateOptions } from './rate/rate-options.js';
import type { RateReport } from './rate/rate-report.js';

/** What happens to sound. */
export type AudioChoice = 'copy' | 'none' | 'opus' | { readonly opus: number };

/**
 * An input of `compressVideo`: the path or `file://` URL of any file that FFmpeg reads, of a pipe (a FIFO) or of
 * a folder of pictures; a list of picture files; the bytes of a video, such as `process.stdin`.
 */
export type VideoInput = string | readonly string[] | AsyncIterable<Uint8Array>;

/** How to compress. */
export interface CompressOptions extends Omit<EncoderOptions, 'keyint' | 'isChunk' | 'onNote'>, LongCallOptions {
  /** The largest distance between key frames, in frames or in seconds such as `'10s'`. Default: `'10s'`. */
  readonly keyint?: number | string;
  /** Start at this time of the source, in seconds. The stream starts there with time 0. */
  readonly start?: number;
  /** Stop after this duration, in seconds. */
  readonly duration?: number;
  /**
   * What decides the quality instead of `quality`: a bit rate, a size of the stream, a measured quality. Sizes and
   * targets need two passes or several codings of each part of the video.
   */
  readonly rate?: RateOptions;
  /**
   * Where chunks (from key frame to key frame) are coded, several at a time: `localChunks()` or `farm()`. The stream is the
   * same as without. With a `rate`, the first pass and the chunks of a `bitrate` are coded so; all else one by one. Packs of
   * the family `lookup-free` do not support this option. Default: one encoder codes the whole video.
   */
  readonly chunks?: ChunkCoders;
  /**
   * Go on with a call that was stopped: finished parts are kept in `OUTPUT.part` while a stream with a `rate` is made.
   * The stream is the same as that of a call that was not stopped. Default: false.
   */
  readonly resume?: boolean;
  /**
   * `copy` (the default) keeps sound unchanged, `none` leaves it out, `opus` codes it again with 96 kbit/s per two
   * channels; a record names another bit rate, in bits per second for each track.
   */
  readonly audio?: AudioChoice;
  /**
   * Which video track of a file with several, from 1; cover pictures do not count. The other tracks are kept as side
   * data. Default: 1.
   */
  readonly track?: number;
  /**
   * True: also write words, by which `findScenes` finds the scenes of the video. Not together with a `rate` that takes
   * several passes. Default: false.
   */
  readonly words?: boolean;
  /** Replace an existing file. Default: false. */
  readonly overwrite?: boolean;
  /** Frames per second of picture files, which have no time stamps. Default: 25. */
  readonly picturesPerSecond?: number;
  /** True: refuse an input that is cut or damaged. False (the default): use the intact part, with a note. */
  readonly strict?: boolean;
}

/** The result of `compressVideo`. */
export interface CompressResult {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Bytes of the whole stream. */
  readonly bytes: number;
  readonly bytesBySection: BytesBySection;
  /** Bits of packets, with their framing, per luma sample. */
  readonly bitsPerPixel: number;
  /** The length of the video in seconds. */
  readonly duration: number;
  /** The duration of the call in seconds. */
  readonly seconds: number;
  readonly framesPerSecond: number;
  /** Name of the model pack that the stream needs. */
  readonly pack: string;
  readonly device: 'cpu' | 'cuda';
  /** Conversions and losses, one line each. */
  readonly notes: readonly string[];
  /** With a `rate`: what was decided and reached. */
  readonly rate?: RateReport;
}
