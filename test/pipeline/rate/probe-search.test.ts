import { expect, test } from '@jest/globals';
import { bestProbe, isMissed, nextQuality, stepOf, type Measured } from '../../../src/pipeline/rate/probe-search.js';
import type { TargetMetric } from '../../../src/pipeline/rate/rate-options.js';

/** Values of metrics by quality, as videos give them: easy and hard ones. */
const CURVES: readonly (readonly [TargetMetric, (quality: number) => number, readonly number[]])[] = [
  ['psnr', (q) => 26 + 0.52 * q, [32, 38, 44]],
  ['psnr', (q) => 22 + 0.2 * q + 0.006 * q * q, [30, 38]],
  ['vmaf', (q) => 100 * (1 - Math.exp(-((q + 4) / 16))), [60, 80, 93]],
  ['vmaf', (q) => 100 / (1 + Math.exp(-(q - 18) / 6)), [50, 88, 95]],
  ['lpips', (q) => 0.5 * Math.exp(-0.09 * q), [0.2, 0.06, 0.02]],
  ['lpips', (q) => 0.4 / (1 + Math.exp((q - 15) / 7)), [0.2, 0.06]],
  ['ssim', (q) => 1 - 0.2 * Math.exp(-0.07 * q), [0.9, 0.98]],
  ['ms-ssim', (q) => 1 - 0.1 * Math.exp(-0.1 * q), [0.98, 0.995]],
];

function run(metric: TargetMetric, curve: (quality: number) => number, target: number, first = 28): Measured[] {
  const search = { metric, target, min: 0, max: 63, first };
  const probes: Measured[] = [];
  for (let next = nextQuality(search, probes); next !== null; next = nextQuality(search, probes)) {
    expect(next).toBeGreaterThanOrEqual(0);
    expect(next).toBeLessThanOrEqual(63);
    probes.push({ quality: next, value: curve(next) });
  }
  return probes;
}

test.each(CURVES)('%s is reached within few probes', (metric, curve, targets) => {
  for (const target of targets) {
    const probes = run(metric, curve, target);
    const { value } = bestProbe({ metric, target, min: 0, max: 63, first: 28 }, probes);
    const distance = metric === 'lpips' ? Math.abs(Math.log(value / target)) : Math.abs(value - target);
    expect(distance).toBeLessThan({ psnr: 0.15, vmaf: 0.5, lpips: 0.03, ssim: 0.002, 'ms-ssim': 0.001 }[metric]);
    expect(probes.length).toBeLessThanOrEqual(4);
  }
});

test('a good first guess needs one probe', () => {
  expect(run('psnr', (q) => 26 + 0.5 * q, 38, 24.1)).toHaveLength(1);
});

test('a metric that falls for a while does not confuse the search', () => {
  const probes = run('vmaf', (q) => 60 + q + (q > 20 && q < 26 ? -4 : 0), 84);
  expect(probes.length).toBeLessThanOrEqual(5);
});

test('what cannot be reached is probed with the best quality and is missed', () => {
  for (const [metric, curve, target] of [
    ['lpips', (q: number) => 0.5 * Math.exp(-0.05 * q), 0],
    ['psnr', (q: number) => 20 + 0.3 * q, 60],
    ['psnr', (q: number) => 23 - Math.exp(-q / 10), 24],
  ] as const) {
    const search = { metric, target, min: 0, max: 63, first: 28 };
    const best = bestProbe(search, run(metric, curve, target));
    expect(best.quality).toBe(63);
    expect(isMissed(search, best.value)).toBe(true);
  }
});

test('if no probe is close, one that reaches the target is taken', () => {
  const probes = run('psnr', (q) => (q < 30 ? 30 : 40), 34);
  expect(bestProbe({ metric: 'psnr', target: 34, min: 0, max: 63, first: 28 }, probes).value).toBe(40);
});

test('a target that the lowest quality exceeds is taken', () => {
  const search = { metric: 'psnr' as const, target: 10, min: 0, max: 63, first: 28 };
  const best = bestProbe(
    search,
    run('psnr', (q) => 25 + 0.5 * q, 10),
  );
  expect(best.quality).toBe(0);
  expect(isMissed(search, best.value)).toBe(false);
});

test('probes of a chunk tell the slope for the next one', () => {
  expect(stepOf('psnr', [{ quality: 20, value: 34 }])).toBeNull();
  const probes = [
    { quality: 24, value: 36.4 },
    { quality: 20, value: 34 },
  ];
  expect(stepOf('psnr', probes)).toBeCloseTo(0.6);
});
