/** Video codecs that files are written with. */
export type OutputVideoCodec = 'h264' | 'hevc' | 'av1' | 'vp9' | 'ffv1';

/** libavformat's names of the muxers, the one that takes most first. */
export const muxers = ['matroska', 'mp4', 'mov', 'webm'] as const;

/** A container that FFmpeg writes for us. */
export interface OutputContainer {
  /** libavformat's name of the muxer. */
  readonly muxer: (typeof muxers)[number];
  /** MP4 and QuickTime are one family with one syntax, Matroska and WebM another. */
  readonly family: 'mp4' | 'matroska';
  /** Video codecs it holds; the first is the default. */
  readonly videoCodecs: readonly OutputVideoCodec[];
}
