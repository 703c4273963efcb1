import type { BdKind, BdSummary, Figure } from '../../analysis/types.js';
import { bitsPerPixel, decimalsOf, orNone, signed } from '../shared/format.js';
import type { PageCodec, PageMetric, PagePoint } from '../shared/page-data.js';
import { minus } from './dom.js';

/** A value of a metric, with its unit. */
export function metricText(value: number, metric: PageMetric): string {
  return `${value.toFixed(decimalsOf(metric))}${metric.unit === '' ? '' : ` ${metric.unit}`}`;
}

/** A value of a metric without unit, for tables whose head names it. */
export function metricNumber(value: number, metric: PageMetric): string {
  return value.toFixed(decimalsOf(metric));
}

/** Returns the axis title of a metric. */
export function metricTitle({ title, unit, higherIsBetter }: PageMetric): string {
  return `${title}${unit === '' ? '' : `, ${unit}`}${higherIsBetter ? '' : ' (less is better)'}`;
}

/** `CRF 23`. */
export function settingText(codec: PageCodec, setting: number): string {
  return `${codec.settingName} ${setting}`;
}

/** Lines of a point's tip. */
export function pointLines(codec: PageCodec, point: PagePoint, metric: PageMetric, value: number): string[] {
  return [
    settingText(codec, point.setting),
    `${bitsPerPixel(point.bitsPerPixel)} bits per pixel, ${point.kilobitsPerSecond.toFixed(0)} kbit/s`,
    `${metric.title} ${metricText(value, metric)}`,
  ];
}

/** A BD figure as its kind is written. */
export function bdText(figure: Figure, kind: BdKind, metric: PageMetric): string {
  return minus(orNone(figure, (value) => bdNumber(value, kind, metric)));
}

/** Whether a BD figure says that the codec is better than the anchor. */
export function isBetter(value: number, kind: BdKind, { higherIsBetter }: PageMetric): boolean {
  return kind === 'quality' && higherIsBetter ? value > 0 : value < 0;
}

/** A summary's interval. */
export function intervalText({ interval }: BdSummary, kind: BdKind, metric: PageMetric): string {
  if ('reason' in interval) return 'N/A';
  return `${minus(bdNumber(interval.low, kind, metric))} to ${minus(bdNumber(interval.high, kind, metric))}`;
}

function bdNumber(value: number, kind: BdKind, metric: PageMetric): string {
  return signed(value, kind === 'quality' ? decimalsOf(metric) : 1);
}
