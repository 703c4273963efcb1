import type uPlot from 'uplot';
import type { ChartSeries } from './chart-series.js';
import { colourOf, styleValue, traceMarker } from './marks.js';

/** Draws the markers of a codec and their ranges. */
export function drawSeries(chart: uPlot, { codec, points }: ChartSeries, radius: number): void {
  const { ctx } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colourOf(codec);
  ctx.strokeStyle = colourOf(codec);
  ctx.lineWidth = 1.5 * ratio;
  for (const { x, y, span } of points) {
    const [left, top] = [chart.valToPos(x, 'x', true), chart.valToPos(y, 'y', true)];
    if (span !== undefined) {
      ctx.globalAlpha = 0.55;
      ctx.beginPath();
      ctx.moveTo(chart.valToPos(span[0], 'x', true), top);
      ctx.lineTo(chart.valToPos(span[1], 'x', true), top);
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
    ctx.beginPath();
    traceMarker(ctx, codec.style.marker, left, top, radius * ratio);
    ctx.fill();
  }
  ctx.restore();
}

/** A box of canvas pixels. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Writes every codec's name next to its first point, where it covers no marker and no other name. */
export function drawLabels(chart: uPlot, series: readonly ChartSeries[], font: string): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = font.replace(/^(\d+)px/, (_, size: string) => `${Number(size) * ratio}px`);
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = styleValue('--ink');
  const taken = series.map(({ points: [point] }) => boxAround(chart, point!.x, point!.y, 8 * ratio));
  for (const { codec, points } of series) {
    const width = ctx.measureText(codec.title).width;
    const mark = boxAround(chart, points[0]!.x, points[0]!.y, 8 * ratio);
    const places = placesAround(mark, width, 14 * ratio).filter(
      ({ left, right, top, bottom }) =>
        left >= bbox.left && right <= bbox.left + bbox.width && top >= bbox.top && bottom <= bbox.top + bbox.height,
    );
    const place = places.find((one) => taken.every((other) => areApart(one, other))) ?? places[0];
    if (place === undefined) continue;
    taken.push(place);
    ctx.fillText(codec.title, place.left, (place.top + place.bottom) / 2);
  }
  ctx.restore();
}

function boxAround(chart: uPlot, x: number, y: number, radius: number): Box {
  const [middle, height] = [chart.valToPos(x, 'x', true), chart.valToPos(y, 'y', true)];
  return { left: middle - radius, right: middle + radius, top: height - radius, bottom: height + radius };
}

/** The possible positions of a text: right or left above a marker, above or below it, then farther away. */
function placesAround(mark: Box, width: number, height: number): Box[] {
  const middle = (mark.left + mark.right) / 2;
  const lefts = [middle + height * 0.4, middle - height * 0.4 - width, middle - width / 2];
  const tops = [
    mark.top - height * 0.7,
    mark.bottom - height * 0.3,
    mark.top - height * 1.7,
    mark.bottom + height * 0.7,
  ];
  return tops.flatMap((top) => lefts.map((left) => ({ left, right: left + width, top, bottom: top + height })));
}

function areApart(one: Box, other: Box): boolean {
  return one.right < other.left || other.right < one.left || one.bottom <= other.top || other.bottom <= one.top;
}
