/** The quality option of an encoder. */
export interface RateOption {
  /** Option of `ffmpeg`, such as `crf`. */
  readonly option: string;
  /** Values of a curve, from worst to best. */
  readonly settings: readonly number[];
  /** Other options that the quality option needs, such as a bit rate of 0. */
  readonly beside?: Readonly<Record<string, string>>;
}

const crf = { option: 'crf', settings: [42, 38, 34, 30, 26, 22, 18] };
const wideCrf = { option: 'crf', settings: [60, 54, 48, 42, 36, 30, 24] };
const noBitRate = { 'b:v': '0' };

/** Options by the names of encoders; the first match counts. */
const known: readonly (readonly [name: RegExp, rate: RateOption])[] = [
  [/^libx26[45]$/, crf],
  [/^libsvtav1$/, wideCrf],
  [/^lib(aom-av1|vpx-vp9)$/, { ...wideCrf, beside: noBitRate }],
  [/^librav1e$/, { option: 'qp', settings: [240, 210, 180, 150, 120, 90, 60] }],
  [/^libvvenc$/, { option: 'qp', settings: [47, 42, 37, 32, 27, 22] }],
  [/_nvenc$/, { option: 'cq', settings: [42, 38, 34, 30, 26, 22, 18], beside: { ...noBitRate, rc: 'vbr' } }],
  [/_qsv$/, { option: 'global_quality', settings: [42, 38, 34, 30, 26, 22, 18] }],
  [/_vaapi$/, { option: 'qp', settings: [42, 38, 34, 30, 26, 22, 18], beside: { rc_mode: 'CQP' } }],
  [/_videotoolbox$/, { option: 'q:v', settings: [30, 40, 50, 60, 70, 80] }],
];

/** FFmpeg's own encoders take a quantiser scale. */
const quantiserScale = { option: 'q:v', settings: [31, 21, 14, 9, 6, 4, 2] };

/** The usual option for the quality of an encoder. */
export function rateOptionOf(encoder: string): RateOption {
  return known.find(([name]) => name.test(encoder))?.[1] ?? quantiserScale;
}
