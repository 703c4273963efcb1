import type uPlot from 'uplot';
import type { ChartPoint, ChartSeries } from './chart-series.js';
import { h } from './dom.js';
import { codecName } from './marks.js';

/** CSS pixels from the pointer within which a point is shown. */
const REACH = 48;

/** Shows the values of the point that is nearest to the pointer. */
export function watchPointer(chart: uPlot, host: HTMLElement, series: readonly ChartSeries[]): void {
  const tip = h('div', { class: 'tip', hidden: true, role: 'status' });
  const ring = h('div', { class: 'ring', hidden: true });
  chart.over.append(ring);
  host.append(tip);
  const hide = (): void => {
    tip.hidden = true;
    ring.hidden = true;
  };
  chart.over.addEventListener('pointerleave', hide);
  chart.over.addEventListener('pointermove', show);
  chart.over.addEventListener('pointerdown', show);

  function show(event: PointerEvent): void {
    const area = chart.over.getBoundingClientRect();
    const found = nearest(chart, series, event.clientX - area.left, event.clientY - area.top);
    if (found === null) {
      hide();
      return;
    }
    const { left, top, one, point } = found;
    ring.style.translate = `${left}px ${top}px`;
    ring.hidden = false;
    tip.replaceChildren(codecName(one.codec), ...point.lines.map((line) => h('div', {}, line)));
    tip.hidden = false;
    const outer = host.getBoundingClientRect();
    const x = area.left - outer.left + left;
    // On the side where there is room.
    const onLeft = x + tip.offsetWidth + 16 > outer.width;
    const at = onLeft ? x - tip.offsetWidth - 14 : x + 14;
    tip.style.translate = `${Math.max(0, at)}px ${area.top - outer.top + top + 12}px`;
  }
}

function nearest(
  chart: uPlot,
  series: readonly ChartSeries[],
  x: number,
  y: number,
): { left: number; top: number; one: ChartSeries; point: ChartPoint } | null {
  let best: ReturnType<typeof nearest> = null;
  let least = REACH;
  for (const one of series) {
    for (const point of one.points) {
      const [left, top] = [chart.valToPos(point.x, 'x'), chart.valToPos(point.y, 'y')];
      const distance = Math.hypot(left - x, top - y);
      if (distance < least) [least, best] = [distance, { left, top, one, point }];
    }
  }
  return best;
}
