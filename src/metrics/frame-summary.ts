import { METRICS, type MetricName } from './metric-names.js';

/** Values of a metric over the frames of a clip. */
export interface FrameSummary {
  readonly mean: number;
  /** The worst frame: the least value, or the greatest of a metric of which lower is better. */
  readonly min: number;
  /** The 5th percentile: 5 % of the frames are worse. It is interpolated between frames. */
  readonly p5: number;
}

/**
 * Mean, worst frame and worst 5 % of a metric's values.
 *
 * @param values one per frame, finite.
 * @returns null for no values (temporal metrics of a single frame).
 */
export function summariseFrames(values: readonly number[], metric: MetricName): FrameSummary | null {
  if (values.length === 0) return null;
  const worstFirst = values.toSorted(METRICS[metric].higherIsBetter ? (a, b) => a - b : (a, b) => b - a);
  const position = 0.05 * (values.length - 1);
  const before = worstFirst[Math.floor(position)]!;
  const after = worstFirst[Math.ceil(position)]!;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: worstFirst[0]!,
    p5: before + (after - before) * (position - Math.floor(position)),
  };
}
