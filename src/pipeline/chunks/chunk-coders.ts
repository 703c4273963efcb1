import type { Packet } from '../../bitstream/packet.js';
import type { EncoderOptions } from '../../codec/encoder.js';
import type { QualityRange } from '../../codec/family.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import type { KnownFrame, ScalePair } from '../rate/budget-control.js';
import type { VideoInput } from '../compress-options.js';
import type { CodedChunk } from './code-chunk.js';

/** What decides the quality of the frames of a chunk. */
export type ChunkQuality =
  | { readonly kind: 'constant'; readonly quality: number }
  | {
      readonly kind: 'budget';
      /** Bits for all packets of the chunk. */
      readonly bits: number;
      /** Its frames, as a scout counted them. */
      readonly known: readonly KnownFrame[];
      /** Bits of a frame as a multiple of those that it is known with. */
      readonly scale: ScalePair;
      /** The largest quality; null: the best one. */
      readonly limit: number | null;
    };

/** A chunk to code. */
export interface ChunkTask {
  /** Number of the chunk, from 0, and of its first frame. */
  readonly index: number;
  readonly from: number;
  /** True: codes pictures of half the size, to learn how the bits of frames differ. */
  readonly isScout: boolean;
  readonly quality: ChunkQuality;
  /** Its frames. Call it once, and read it to its end or not at all. */
  readonly frames: () => AsyncIterable<Frame>;
}

/** How a task is watched. */
export interface ChunkWatch {
  readonly signal: AbortSignal;
  /** Called for each frame that is coded. Must not throw. */
  readonly onFrame: (packet: Pick<Packet, 'tokens'> | null) => void;
}

/** The video that chunks are parts of. */
export interface ChunkedVideo {
  readonly properties: VideoProperties;
  readonly encoder: EncoderOptions & { readonly keyint: number };
  readonly qualities: QualityRange;
  /** Name and identity of the model pack. */
  readonly packName: string;
  readonly packId: Uint8Array;
  /** The input, and the part of it that is coded: as in the options of `compressVideo`. */
  readonly input: VideoInput;
  readonly part: {
    readonly start?: number | undefined;
    readonly duration?: number | undefined;
    readonly track?: number | undefined;
    readonly picturesPerSecond?: number | undefined;
  };
  /** Time of the part's first frame in the input, ticks. */
  readonly offset: bigint;
  /** Tells the user something, in one line. */
  readonly onNote: (note: string) => void;
}

/** Codes chunks of one video. */
export interface ChunkPool extends AsyncDisposable {
  /** The number of chunks to code at a time. */
  readonly size: number;
  /**
   * Codes a chunk. The packets must be those that `codeTask` makes.
   *
   * @returns what gives the coded chunk, so that chunks which wait for those before them need no memory.
   * @throws CancelledError if the signal fires.
   */
  code(task: ChunkTask, watch: ChunkWatch): Promise<() => Promise<CodedChunk>>;
}

/** A place where chunks are coded: this machine (`localChunks`), others (`farm`), or what a program makes of it. */
export interface ChunkCoders {
  /** Prepares to code chunks of a video. */
  open(video: ChunkedVideo): Promise<ChunkPool>;
}
