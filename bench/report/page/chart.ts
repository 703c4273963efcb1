import uPlot from 'uplot';
import { decimalsOfStep, logTicks } from './chart-scales.js';
import { drawLabels, drawSeries } from './chart-marks.js';
import type { ChartPoint, ChartSeries } from './chart-series.js';
import { watchPointer } from './chart-tip.js';
import { h } from './dom.js';
import { colourOf, styleValue } from './marks.js';

/** How a chart is drawn. */
export interface ChartOptions {
  /** The accessible description of the chart. */
  readonly label: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly hasLogX: boolean;
  /** CSS pixels. */
  readonly height: number;
  readonly hasLines?: boolean;
  readonly hasMarkers?: boolean;
  /** Codecs' names next to their first point. */
  readonly hasLabels?: boolean;
  /** A line at y = 0. */
  readonly hasZeroLine?: boolean;
  /** Small, in a row of others. */
  readonly isCompact?: boolean;
}

/** uPlot's numbers of the two kinds of scales: its own names for them exist for the compiler alone. */
const LINEAR = 1 as unknown as uPlot.Scale.Distr.Linear;
const LOGARITHMIC = 3 as unknown as uPlot.Scale.Distr.Logarithmic;

const charts = new WeakMap<HTMLElement, { chart: uPlot; observer: ResizeObserver }>();

/** Draws a chart into `host`, in place of the one that was there. */
export function drawChart(host: HTMLElement, series: readonly ChartSeries[], options: ChartOptions): void {
  const before = charts.get(host);
  before?.observer.disconnect();
  before?.chart.destroy();
  charts.delete(host);
  const drawn = series.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) {
    host.replaceChildren(
      h('p', { class: 'nothing' }, 'Nothing to draw: no codec that is switched on has points here.'),
    );
    return;
  }
  host.replaceChildren();
  host.setAttribute('role', 'img');
  host.setAttribute('aria-label', `${options.label}. The tables hold the values.`);
  const xs = [...new Set(drawn.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const rows = drawn.map(({ points }) => {
    const byX = new Map(points.map(({ x, y }) => [x, y]));
    return xs.map((x) => byX.get(x) ?? null);
  });
  const chart = new uPlot(uplotOptions(host, drawn, options), [xs, ...rows], host);
  watchPointer(chart, host, drawn);
  const observer = new ResizeObserver(() => {
    if (Math.abs(host.clientWidth - chart.width) > 1)
      chart.setSize({ width: host.clientWidth, height: options.height });
  });
  observer.observe(host);
  charts.set(host, { chart, observer });
}

function uplotOptions(host: HTMLElement, series: readonly ChartSeries[], options: ChartOptions): uPlot.Options {
  const { hasLines = true, hasMarkers = true, hasLabels = false, isCompact = false } = options;
  const all = series.flatMap(({ points }) => points);
  const [ink, grid] = [styleValue('--muted'), styleValue('--line')];
  const font = `${isCompact ? 11 : 12}px ${styleValue('--font')}`;
  const axis: uPlot.Axis = {
    stroke: ink,
    font,
    labelFont: font,
    labelGap: isCompact ? 0 : 4,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
  };
  const labelled = (title: string, size: number): Partial<uPlot.Axis> =>
    isCompact ? {} : { label: title, labelSize: size };
  return {
    width: Math.max(160, host.clientWidth),
    height: options.height,
    padding: [12, isCompact ? 8 : 16, 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, distr: options.hasLogX ? LOGARITHMIC : LINEAR, range: () => xRange(all, options) },
      y: { range: () => yRange(all, options) },
    },
    axes: [
      {
        ...axis,
        ...labelled(options.xTitle, 24),
        size: isCompact ? 24 : 30,
        gap: isCompact ? 2 : 6,
        ...(options.hasLogX
          ? { splits: (chart: uPlot) => logTicks(chart), filter: (_: uPlot, at: number[]) => at }
          : {}),
        values: (_, at) => at.map((value) => String(Number(value.toPrecision(6)))),
      },
      {
        ...axis,
        ...labelled(options.yTitle, 22),
        size: isCompact ? 40 : 52,
        gap: 6,
        values: (_, at, _axis, _space, step) =>
          at.map((value) => value.toFixed(decimalsOfStep(step)).replace('-', '\u2212')),
      },
    ],
    series: [
      {},
      ...series.map(({ codec }): uPlot.Series => ({
        label: codec.title,
        stroke: colourOf(codec),
        width: hasLines ? (isCompact ? 1.6 : 2) : 0,
        dash: [...codec.style.dash],
        spanGaps: true,
        points: { show: false },
      })),
    ],
    hooks: {
      drawSeries: [
        (chart, index) => {
          const one = series[index - 1];
          if (one !== undefined && hasMarkers) drawSeries(chart, one, isCompact ? 2.6 : hasLabels ? 6 : 4);
        },
      ],
      drawAxes: [(chart) => options.hasZeroLine === true && drawZeroLine(chart, ink)],
      draw: [(chart) => hasLabels && drawLabels(chart, series, `12px ${styleValue('--font')}`)],
    },
  };
}

function xRange(points: readonly ChartPoint[], { hasLogX, hasLines = true }: ChartOptions): [number, number] {
  const all = points.flatMap(({ x, span }) => [x, ...(span ?? [])]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (hasLogX) {
    const room = hasLines ? 1.12 : 1.7;
    return [low / room, high * room];
  }
  const room = Math.max((high - low) * 0.03, 1e-9);
  return [Math.max(0, low - room), high + room];
}

function yRange(points: readonly ChartPoint[], { hasZeroLine = false }: ChartOptions): [number, number] {
  const all = [...points.map(({ y }) => y), ...(hasZeroLine ? [0] : [])];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low) * (hasZeroLine ? 0.16 : 0.06) || Math.abs(high) * 0.05 || 1;
  return [low - room, high + room];
}

function drawZeroLine(chart: uPlot, colour: string): void {
  const { ctx, bbox } = chart;
  const y = Math.round(chart.valToPos(0, 'y', true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
