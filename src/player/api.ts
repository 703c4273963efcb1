/** Types of the player: what `TesseraPlayer`, `<tessera-video>` and `decodeFrames` take and give. */

/** A `.tsr` stream: an address, a file, or bytes that arrive in order (a live pipe). */
export type PlayerSource = string | URL | Blob | ReadableStream<Uint8Array>;

/** Which filter improves the shown picture. `lpips` sharpens it; `none` shows the loop pictures as coded. */
export type PlayerPostFilter = 'none' | 'lpips';

/** Options that all readers of a stream take. */
interface SharedOptions {
  /**
   * Address of the folder of model packs: that of the pack NAME is `NAME/manifest.json` below it. The hash in the
   * stream's header decides whether it is the right one. Default: the folder `packs` beside the module.
   */
  readonly packs?: string | URL | undefined;
}

/** Options of `TesseraPlayer`. */
export interface PlayerOptions extends SharedOptions {
  /** Default: the filter that the pack recommends. */
  readonly postFilter?: PlayerPostFilter | undefined;
  /** True: plays as soon as it can. Default: false. */
  readonly autoplay?: boolean | undefined;
  /** True: starts again at the end. Default: false. */
  readonly loop?: boolean | undefined;
  /** True: no sound. Default: false. */
  readonly muted?: boolean | undefined;
}

/** Options of `decodeFrames`. */
export interface DecodeFramesOptions extends SharedOptions {
  /** Default: `none`. */
  readonly postFilter?: PlayerPostFilter | undefined;
  /** Yields the frames from this time on, seconds. Default: 0. */
  readonly start?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Planes of a picture without row padding: `y` has width x height samples, `u` and `v` half of both, rounded up. */
export interface PicturePlanes {
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
}

/** A decoded picture, 8-bit YUV 4:2:0 in the orientation of the stream (rotation and aspect are not applied). */
export interface PlayerFrame {
  readonly data: PicturePlanes;
  readonly width: number;
  readonly height: number;
  /** Microseconds from the first picture of the stream. */
  readonly timestamp: number;
  /** Microseconds; 0 if unknown. */
  readonly duration: number;
  /** True: this picture was lost, and `data` repeats the last good one. */
  readonly damaged: boolean;
}

/** The size of one coded frame. */
export interface FrameBits {
  /** Seconds from the first picture. */
  readonly time: number;
  readonly bits: number;
  /** True: decoding can start here. */
  readonly isKey: boolean;
}

/** What happened while playing. All numbers count from the call that set the source. */
export interface PlayerStats {
  /** Pictures drawn. */
  readonly framesShown: number;
  /** Pictures that came too late, or were left out because the machine cannot keep up. */
  readonly framesDropped: number;
  /** Pictures that repeat the last good one because their own was lost. */
  readonly damagedFrames: number;
  /** True: the post-filter is off because the machine cannot keep up. Setting `postFilter` tries again. */
  readonly postFilterDropped: boolean;
  /** Sizes of the frames that were decoded, by time; at most the last 20000. */
  readonly frameBits: readonly FrameBits[];
  /** Mean distance between the clock (of the sound, if there is any) and the shown picture, milliseconds. */
  readonly avDriftMs: number;
  /** The largest such distance, milliseconds. */
  readonly avDriftMaxMs: number;
}

/** What the stream says about itself. */
export interface StreamInfo {
  /** Samples of a coded picture, before rotation and aspect. */
  readonly width: number;
  readonly height: number;
  /** Nominal frames per second. */
  readonly frameRate: number;
  readonly packName: string;
  readonly hasSound: boolean;
  /** Bytes of the stream; null if unknown (a pipe). */
  readonly byteLength: number | null;
}

/** The error of a player, as `MediaError` with a message for people. */
export interface PlayerError {
  /** 1 aborted, 2 network, 3 decoding, 4 the source cannot be used. */
  readonly code: 1 | 2 | 3 | 4;
  readonly message: string;
}

/** Events of `TesseraPlayer` and `<tessera-video>`. All are plain events but `notice`. */
export type PlayerEventName =
  | 'loadstart'
  | 'loadedmetadata'
  | 'loadeddata'
  | 'canplay'
  | 'canplaythrough'
  | 'durationchange'
  | 'resize'
  | 'progress'
  | 'play'
  | 'playing'
  | 'pause'
  | 'waiting'
  | 'timeupdate'
  | 'seeking'
  | 'seeked'
  | 'ended'
  | 'error'
  | 'emptied'
  | 'volumechange'
  | 'ratechange'
  /** `postFilter` or `stats.postFilterDropped` has changed. */
  | 'postfilterchange'
  /** A new picture is drawn: at each shown frame. */
  | 'frame'
  /** A sentence for people in `detail`: a cut file, damage, sound that cannot be decoded, a filter that cannot run. */
  | 'notice';

/** Detail of the event `notice`. */
export interface Notice {
  readonly kind: 'cut' | 'damage' | 'sound' | 'filter' | 'slow' | 'subtitles' | 'words';
  readonly message: string;
}

/** What `TesseraPlayer` and `<tessera-video>` have in common: the interface of a media element, and some more. */
export interface PlayerControls {
  /** Seconds from the first picture. Setting it seeks to the frame shown at that time. */
  currentTime: number;
  /** Seconds; NaN before it is known, Infinity for a pipe that has not ended. */
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly seeking: boolean;
  readonly buffered: TimeRanges;
  readonly seekable: TimeRanges;
  /** 0 nothing, 1 metadata, 2 the current picture, 3 some more, 4 enough, as HTMLMediaElement. */
  readonly readyState: 0 | 1 | 2 | 3 | 4;
  /** 0 empty, 1 idle, 2 loading, 3 no source. */
  readonly networkState: 0 | 1 | 2 | 3;
  readonly error: PlayerError | null;
  /** 0..1. */
  volume: number;
  muted: boolean;
  loop: boolean;
  /** 0.1..8; the sound is not time-stretched, so it is silent unless the rate is 1. */
  playbackRate: number;
  /** Pixels of the shown picture, after rotation and aspect; 0 before metadata. */
  readonly videoWidth: number;
  readonly videoHeight: number;
  /** The filter that is wanted. */
  postFilter: PlayerPostFilter;
  /**
   * Share of the picture's width, 0..1 from the left, that is shown without the post-filter, to compare. Null: all of it
   * with the filter.
   */
  split: number | null;
  readonly stats: PlayerStats;
  /** Null before metadata. */
  readonly info: StreamInfo | null;
  /** Plays; resolves when it does. Rejects if there is an error. */
  play(): Promise<void>;
  pause(): void;
  /** Pauses and goes one frame on (1) or back (-1); resolves when the picture is drawn. */
  stepFrame(step: 1 | -1): Promise<void>;
  /** The picture that is shown now, exactly as decoded; null if there is none yet. */
  readFrame(): PlayerFrame | null;
}
