import { beforeAll, describe, expect, test } from '@jest/globals';
import type { VisiblePlanes } from '../../../../src/codec/planes.js';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';
import { TemporalFilter, type Neighbour } from '../../../../src/codec/transform/encoder/temporal-filter.js';
import { Geometry } from '../../../../src/codec/transform/frame-tokens.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import { seededRandom } from '../../../entropy/random.js';
import { picture } from '../../clips.js';
import { tinyTables } from '../../tiny.js';

const WIDTH = 150;
const HEIGHT = 100;
const geometry = new Geometry(WIDTH, HEIGHT);
const { temporalFilter: settings, motion } = ENCODER_SETTINGS.psnr;
const DISTANCES = [-1, -2, -3, -4, 1, 2, 3, 4];

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

function filter(
  source: VisiblePlanes,
  neighbours: readonly Neighbour[],
  { q = 24, dependence = 100, of = geometry } = {},
): VisiblePlanes {
  const temporalFilter = new TemporalFilter(new Kernels(), of, tables, settings!, motion);
  return temporalFilter.filter(source, neighbours, q, new Float32Array(of.rows * of.columns).fill(dependence));
}

/** A picture with noise of `-spread` to `spread`, other noise for each seed. */
function withNoise({ y, u, v }: VisiblePlanes, spread: number, seed: number): VisiblePlanes {
  const random = seededRandom(seed + 1);
  const add = (plane: Uint8Array): Uint8Array =>
    plane.map((value) => Math.max(0, Math.min(255, Math.round(value + 2 * spread * (random() - 0.5)))));
  return { y: add(y), u: add(u), v: add(v) };
}

/** Only the planes. */
function clean(time: number): VisiblePlanes {
  const { y, u, v } = picture('pan', WIDTH, HEIGHT, time);
  return { y, u, v };
}

function meanSquare(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length;
}

describe('noise', () => {
  test.each([
    ['still', 0, 6],
    ['moving', 1, 3],
  ])('of a %s clip is taken away', (_, speed, gain) => {
    const neighbours = DISTANCES.map((distance) => ({
      distance,
      picture: withNoise(clean(10 + speed * distance), 8, 10 + distance),
    }));
    const source = withNoise(clean(10), 8, 10);
    const filtered = filter(source, neighbours);
    for (const plane of ['y', 'u', 'v'] as const) {
      const before = meanSquare(source[plane], clean(10)[plane]);
      const after = meanSquare(filtered[plane], clean(10)[plane]);
      expect(10 * Math.log10(before / after)).toBeGreaterThan(gain);
    }
  });

  test('stays where the quantiser is fine, goes where it is coarse', () => {
    const neighbours = DISTANCES.map((distance) => ({ distance, picture: withNoise(clean(0), 8, 10 + distance) }));
    const source = withNoise(clean(0), 8, 10);
    const change = (q: number): number => meanSquare(filter(source, neighbours, { q }).y, source.y);
    expect(change(56)).toBeLessThan(0.05 * change(24));
  });

  test('stays where nothing depends on it, goes the more that does', () => {
    const neighbours = DISTANCES.map((distance) => ({ distance, picture: withNoise(clean(0), 8, 10 + distance) }));
    const source = withNoise(clean(0), 8, 10);
    const change = (dependence: number): number => meanSquare(filter(source, neighbours, { dependence }).y, source.y);
    expect(change(0)).toBe(0);
    expect(change(0.5)).toBeGreaterThan(0);
    expect(change(4)).toBeGreaterThan(2 * change(0.5));
  });
});

describe('what does not match', () => {
  test('another scene changes nothing, and hardly anything at low quality', () => {
    const source = clean(0);
    const other = [{ distance: 1, picture: picture('noise', WIDTH, HEIGHT, 0) }];
    expect(filter(source, other, { q: 30 })).toEqual(source);
    expect(meanSquare(filter(source, other, { q: 24 }).y, source.y)).toBeLessThan(0.5);
  });

  test('an edge that neighbours do not have stays sharp, beside noise that goes', () => {
    // A bright square that is there in one frame only.
    const flat = { y: new Uint8Array(WIDTH * HEIGHT).fill(90), u: clean(0).u, v: clean(0).v };
    const isSquare = (at: number): boolean => {
      const [row, column] = [Math.floor(at / WIDTH), at % WIDTH];
      return row >= 37 && row < 61 && column >= 51 && column < 85;
    };
    const noise = withNoise(flat, 4, 10);
    const source = { ...noise, y: noise.y.map((value, at) => (isSquare(at) ? value + 120 : value)) };
    const neighbours = DISTANCES.map((distance) => ({ distance, picture: withNoise(flat, 4, 10 + distance) }));
    const { y } = filter(source, neighbours);
    let outside = 0;
    y.forEach((value, at) => {
      if (isSquare(at)) expect(value).toBe(source.y[at]);
      else outside += (value - 90) ** 2;
    });
    const before = meanSquare(noise.y, flat.y) * WIDTH * HEIGHT;
    expect(outside).toBeLessThan(0.5 * before);
  });
});

test('pictures without neighbours, and those of all sizes', () => {
  const source = withNoise(clean(0), 8, 1);
  expect(filter(source, [])).toEqual(source);
  for (const [width, height] of [
    [1, 1],
    [17, 33],
    [200, 2],
  ] as const) {
    const still = picture('pan', width, height, 0);
    const { y, u, v } = still;
    const neighbours = DISTANCES.map((distance) => ({ distance, picture: still }));
    expect(filter(still, neighbours, { of: new Geometry(width, height) })).toEqual({ y, u, v });
  }
});
