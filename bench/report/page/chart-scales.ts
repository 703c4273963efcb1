import type uPlot from 'uplot';

/** CSS pixels between the labels of a log axis at least. */
const ROOM = 46;

const WHOLE = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Ticks within a decade, from many to few. */
const STEPS: readonly (readonly number[])[] = [
  WHOLE.flatMap((digit) => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => digit + tenth / 10)),
  WHOLE.flatMap((digit) => [digit, digit + 0.5]),
  WHOLE,
  [1, 2, 3, 5, 7],
  [1, 2, 5],
  [1, 3],
  [1],
];

/** Ticks of a log axis: as many as do not crowd. */
export function logTicks(chart: uPlot): number[] {
  const { min, max } = chart.scales['x']!;
  if (min === undefined || max === undefined) return [];
  const perUnit = chart.bbox.width / devicePixelRatio / Math.log(max / min);
  const fits = (ticks: readonly number[]): boolean =>
    ticks.every((tick, at) => at === 0 || Math.log(tick / ticks[at - 1]!) * perUnit >= ROOM);
  const all = STEPS.map((steps) => ticksWithin(steps, min, max));
  return all.find(fits) ?? [];
}

function ticksWithin(steps: readonly number[], min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(3)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}

/** Decimals that tell ticks apart and write each of them exactly. */
export function decimalsOfStep(step: number): number {
  for (let decimals = 0; decimals < 8; decimals++) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return decimals;
  }
  return 8;
}
