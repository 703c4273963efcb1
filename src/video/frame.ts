import type { DisplayFields } from '../bitstream/display-fields.js';

export type { ContentLight, FieldOrder, MasteringDisplay } from '../bitstream/display-fields.js';

/**
 * One picture, planar YUV 4:2:0, 8 bit, without row padding.
 *
 * `y` holds `width * height` bytes; `u` and `v` hold `ceil(width / 2) * ceil(height / 2)` bytes each.
 */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  /** Presentation time in ticks of the stream's time base. */
  readonly pts: bigint;
  /** Display duration in ticks of the stream's time base; 0n if unknown. */
  readonly duration: bigint;
}

/** A positive fraction, for time bases (seconds per tick) and aspect ratios. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

/** Colour description with the code points of ITU-T H.273; 2 means unspecified. */
export interface ColourDescription {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  /** True if samples use the full range 0..255, false for the limited ("TV") range. */
  readonly fullRange: boolean;
  /** Chroma sample location, H.273 `ChromaSampleLoc` + 1 as FFmpeg counts it; 0 means unspecified. */
  readonly chromaLocation: number;
}

/** The properties of a whole video. */
export interface VideoProperties extends DisplayFields {
  readonly width: number;
  readonly height: number;
  /** Seconds per tick of `pts` and `duration`. */
  readonly timeBase: Rational;
  /** Nominal frame rate, frames per second; only a hint: time stamps define the timing. */
  readonly frameRate: Rational;
  readonly sampleAspect: Rational;
  /** Clockwise rotation to apply for display, degrees: 0, 90, 180 or 270. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly colour: ColourDescription;
}
