import type { PageCodec } from '../shared/page-data.js';

/** A point of a chart. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** The text shown at the point, one line each. */
  readonly lines: readonly string[];
  /** The range of x of the point. */
  readonly span?: readonly [number, number];
}

/** A codec's points, by rising x. */
export interface ChartSeries {
  readonly codec: PageCodec;
  readonly points: readonly ChartPoint[];
}
