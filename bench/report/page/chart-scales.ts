import type uPlot from 'uplot';

/** CSS pixels between the labels of a log axis at least. */
const ROOM = 46;

/** Ticks of a log axis: 1, 2, 5 of each decade, or fewer if they would crowd. */
export function rateTicks(chart: uPlot): number[] {
  const { min, max } = chart.scales['x']!;
  if (min === undefined || max === undefined) return [];
  const decades = Math.log10(max / min);
  const perDecade = chart.bbox.width / devicePixelRatio / decades;
  // Between 1, 2, 5, 10 lie three tenths to two fifths of a decade.
  const steps = perDecade * 0.3 > ROOM ? [1, 2, 5] : perDecade * 0.45 > ROOM ? [1, 3] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(3)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}
