/** The video codecs of output files. */
export type OutputVideoCodec = 'h264' | 'hevc' | 'av1' | 'vp9' | 'ffv1';

/** libavformat's names of the muxers; the first one supports most codecs. */
export const muxers = ['matroska', 'mp4', 'mov', 'webm'] as const;
type Muxer = (typeof muxers)[number];

const families = { matroska: 'matroska', mp4: 'mp4', mov: 'mp4', webm: 'matroska' } as const;

/** A container that FFmpeg writes. */
export interface OutputContainer {
  /** libavformat's name of the muxer. */
  readonly muxer: Muxer;
  /** MP4 and QuickTime are one family with one syntax, Matroska and WebM another. */
  readonly family: 'mp4' | 'matroska';
  /** Video codecs it holds; the first is the default. */
  readonly videoCodecs: readonly OutputVideoCodec[];
}

/** Makes the container of a muxer; without video codecs it is only for side tracks. */
export function containerOfMuxer(muxer: Muxer, videoCodecs: readonly OutputVideoCodec[] = []): OutputContainer {
  return { muxer, family: families[muxer], videoCodecs };
}
