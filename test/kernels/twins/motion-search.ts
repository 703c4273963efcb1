import type { Block } from './block.js';
import { clip } from './block.js';
import { compensate } from './compensation.js';
import { blockSad, blockSatd } from './distortion.js';

const f = Math.fround;

export interface SearchInput {
  readonly current: Block;
  /** The same position in the reference. */
  readonly reference: Block;
  readonly size: number;
  /** Vectors in quarter samples. */
  readonly starts: readonly (readonly [number, number])[];
  readonly predicted: readonly [number, number];
  /** Whole samples: minX, maxX, minY, maxY. */
  readonly limits: readonly [number, number, number, number];
  readonly lambda: number;
  readonly steps: number;
  /** [4][2], [4][4] or [4][8]. */
  readonly taps: readonly (readonly number[])[];
  readonly directions: 0 | 4 | 8;
}

export interface Found {
  readonly x: number;
  readonly y: number;
  readonly cost: number;
}

const HEXAGON = [
  [-2, 0],
  [-1, -2],
  [1, -2],
  [2, 0],
  [1, 2],
  [-1, 2],
] as const;

/** The eight directions and the centre, in raster order. */
const SQUARE = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy] as const));

/** Length of the Elias gamma code of a signed difference. */
function gammaBits(difference: number): number {
  return difference === 0 ? 1 : 2 * Math.floor(Math.log2(2 * Math.abs(difference))) + 1;
}

function shifted({ data, at, stride }: Block, x: number, y: number): Block {
  return { data, at: at + y * stride + x, stride };
}

/** Rate-aware search: hexagon on whole samples by SAD, then, if there are directions, halves and quarters by SATD. */
export function searchMotion(input: SearchInput): Found {
  const { current, reference, size, predicted, lambda, taps } = input;
  const [minX, maxX, minY, maxY] = input.limits;
  const rate = (x: number, y: number): number =>
    f(f(lambda) * (gammaBits(x - predicted[0]) + gammaBits(y - predicted[1])));
  const wholeCost = (x: number, y: number): number =>
    f(blockSad(current, shifted(reference, x, y), size) + rate(4 * x, 4 * y));
  const isInside = (x: number, y: number): boolean => x >= minX && x <= maxX && y >= minY && y <= maxY;

  let best: Found = { x: 0, y: 0, cost: Infinity };
  const consider = (x: number, y: number, cost: number): void => {
    if (cost < best.cost) best = { x, y, cost };
  };
  for (const [x, y] of input.starts) {
    const wholeX = clip(Math.floor((x + 2) / 4), minX, maxX);
    const wholeY = clip(Math.floor((y + 2) / 4), minY, maxY);
    consider(wholeX, wholeY, wholeCost(wholeX, wholeY));
  }
  const around = (pattern: readonly (readonly [number, number])[]): boolean => {
    const centre = best;
    for (const [dx, dy] of pattern) {
      const [x, y] = [centre.x + dx, centre.y + dy];
      if (isInside(x, y)) consider(x, y, wholeCost(x, y));
    }
    return best.x !== centre.x || best.y !== centre.y;
  };
  let step = 0;
  while (step < input.steps && around(HEXAGON)) step++;
  around(SQUARE);

  const fine = (x: number, y: number): number => {
    const whole = shifted(reference, Math.floor(x / 4), Math.floor(y / 4));
    const predictedBlock = compensate(whole, size, size, taps, x & 3, y & 3);
    return f(blockSatd(current, { data: predictedBlock, at: 0, stride: size }, size) + rate(x, y));
  };
  const start = best;
  if (input.directions === 0) return { x: 4 * start.x, y: 4 * start.y, cost: start.cost };
  best = { x: 4 * start.x, y: 4 * start.y, cost: fine(4 * start.x, 4 * start.y) };
  for (const distance of [2, 1]) {
    const centre = best;
    for (const [dx, dy] of SQUARE) {
      const [x, y] = [centre.x + distance * dx, centre.y + distance * dy];
      const isCorner = dx !== 0 && dy !== 0;
      if ((dx !== 0 || dy !== 0) && !(input.directions === 4 && isCorner)) consider(x, y, fine(x, y));
    }
  }
  return best;
}
