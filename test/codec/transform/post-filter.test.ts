import { expect, test } from '@jest/globals';
import { Geometry } from '../../../src/codec/transform/frame-tokens.js';
import { NOISE_PLANES, noisePlanes } from '../../../src/codec/transform/post-filter.js';

const geometry = new Geometry(640, 360);
const cells = 80 * 46;

test('noise is the same for the same picture and another for the next', () => {
  const noise = noisePlanes(geometry, 7);
  expect(noise).toHaveLength(NOISE_PLANES * cells);
  expect(noisePlanes(geometry, 7)).toEqual(noise);
  const next = noisePlanes(geometry, 8);
  const same = noise.filter((value, i) => value === next[i]).length;
  expect(same / noise.length).toBeLessThan(0.01);
});

test('noise has all bytes alike, and no plane follows another, a neighbour or the picture before', () => {
  const noise = noisePlanes(geometry, 123456);
  const next = noisePlanes(geometry, 123457);
  const planes = Array.from({ length: NOISE_PLANES }, (_, plane) => noise.subarray(plane * cells, (plane + 1) * cells));
  const following = [
    ...planes.map((plane) => [plane, plane.subarray(1)]),
    ...planes.map((plane) => [plane, plane.subarray(80)]),
    ...planes.slice(1).map((plane) => [planes[0]!, plane]),
    [noise, next],
    [noise, next.subarray(1)],
    [noise.subarray(1), next],
  ];
  for (const [a, b] of following) expect(Math.abs(correlation(a!, b!))).toBeLessThan(0.06);
  for (const plane of planes) {
    expect(Math.abs(mean(plane) - 127.5)).toBeLessThan(4);
    expect(new Set(plane).size).toBe(256);
  }
});

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Correlation of uniform bytes. */
function correlation(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[i]! - 127.5) * (b[i]! - 127.5);
  return sum / length / (256 ** 2 / 12);
}
