import type uPlot from 'uplot';
import type { ChartSeries } from './chart.js';
import { colourOf, styleValue, traceMarker } from './marks.js';

/** Draws the markers of a codec, and the ranges that they stand for. */
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

/** Writes every codec's name beside its first point, where no other name stands. */
export function drawLabels(chart: uPlot, series: readonly ChartSeries[], font: string): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = font.replace(/^(\d+)px/, (_, size: string) => `${Number(size) * ratio}px`);
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = styleValue('--ink');
  const height = 16 * ratio;
  const taken: { left: number; right: number; y: number }[] = [];
  for (const { codec, points } of series) {
    const point = points[0]!;
    const width = ctx.measureText(codec.title).width;
    const [x, y] = [chart.valToPos(point.x, 'x', true), chart.valToPos(point.y, 'y', true)];
    const gap = 11 * ratio;
    const fitsRight = x + gap + width < bbox.left + bbox.width;
    const left = Math.max(bbox.left, fitsRight ? x + gap : x - gap - width);
    // Beside the point, or just above or below it where a name stands already.
    const places = [0, -1, 1, -2, 2].map((step) => y + step * height);
    const isFree = (at: number): boolean =>
      taken.every((other) => Math.abs(other.y - at) >= height || other.left > left + width || other.right < left);
    const place = places.find(isFree) ?? y;
    taken.push({ left, right: left + width, y: place });
    ctx.fillText(codec.title, left, place === y ? y - (point.span === undefined ? 0 : 10 * ratio) : place);
  }
  ctx.restore();
}
