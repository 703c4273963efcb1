import { sample, type Block } from './block.js';
import { hadamard8 } from './distortion.js';

/** What an 8x8 block costs, how many of its coefficients are worth coding, and how many of these follow the reference. */
export interface RateDistortion {
  readonly cost: number;
  readonly coded: number;
  readonly followed: number;
}

export function rateDistortion(block: Block, prediction: Block, scale: number, noise: number): RateDistortion {
  const own = hadamard8((row, column) => sample(block, row, column));
  const predicted = hadamard8((row, column) => sample(prediction, row, column));
  const result = { cost: 0, coded: 0, followed: 0 };
  for (const [i, value] of own.entries()) {
    const variance = scale * value ** 2;
    const share = variance / (1 + variance);
    const left = scale * (value - predicted[i]!) ** 2 + noise * share;
    result.cost += left < 1 ? left : 1 + Math.log(left);
    result.coded += share ** 2;
    result.followed += share ** 2 / Math.max(1, left);
  }
  return result;
}
