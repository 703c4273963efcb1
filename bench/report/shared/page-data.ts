/**
 * The data of the report's page: everything it shows, with every figure computed already. No Node and no DOM here: the
 * page's scripts share this file. Codecs, clips and metrics are named by their place in the lists.
 */
import type { AtRateRow, BdTable, CodecSpeed, MeanCurve } from '../../analysis/types.js';
import type { CodecStyle } from './palette.js';

/** A metric that was measured. */
export interface PageMetric {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
}

/** A clip. */
export interface PageClip {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly notes: readonly string[];
}

/** A codec and how it is drawn. */
export interface PageCodec {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly details: Readonly<Record<string, string>>;
  readonly settingName: string;
  readonly settings: readonly number[];
  readonly style: CodecStyle;
}

/** A metric of a job. */
export interface PageValues {
  readonly mean: number;
  readonly worst: number;
  readonly p5: number;
  readonly perFrame: readonly number[];
}

/** A job that went well. */
export interface PagePoint {
  readonly clip: number;
  readonly codec: number;
  readonly setting: number;
  readonly bitsPerPixel: number;
  readonly kilobitsPerSecond: number;
  readonly command: string;
  /** By metric; null where it was not measured. */
  readonly values: readonly (PageValues | null)[];
}

/** A job that failed. */
export interface PageFailure {
  readonly clip: number;
  readonly codec: number;
  readonly setting: number;
  readonly command: string;
  readonly reason: string;
}

/** A picture in the page. */
export interface PagePicture {
  readonly clip: number;
  /** Null: the original. */
  readonly codec: number | null;
  /** Null: the original. */
  readonly setting: number | null;
  readonly frame: number;
  /** `data:` address of a WebP file. */
  readonly source: string;
}

/** Pictures, and a note on omitted ones. */
export interface PagePictures {
  readonly pictures: readonly PagePicture[];
  /** By clip: rates in bits per pixel, rising, near which codecs can be compared. */
  readonly rates: readonly (readonly number[])[];
  /** One line for people. */
  readonly note: string;
}

/** A figure of a paper. */
export interface PagePublished {
  readonly title: string;
  readonly source: string;
  readonly bitsPerPixel: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Everything. */
export interface PageData {
  readonly createdAt: string;
  readonly command: string;
  /** Facts in the order in which they are shown. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly metrics: readonly PageMetric[];
  readonly clips: readonly PageClip[];
  readonly codecs: readonly PageCodec[];
  readonly points: readonly PagePoint[];
  readonly failures: readonly PageFailure[];
  /** By codec, then by metric. */
  readonly meanCurves: readonly (readonly MeanCurve[])[];
  /** By anchor, then by metric. */
  readonly bdTables: readonly (readonly BdTable[])[];
  /** Place of the codec that others are compared with at first. */
  readonly defaultAnchor: number;
  readonly speeds: readonly CodecSpeed[];
  readonly target: {
    readonly bitsPerPixel: number;
    readonly rows: readonly AtRateRow[];
    readonly published: readonly PagePublished[];
  } | null;
  readonly pictures: PagePictures;
}
