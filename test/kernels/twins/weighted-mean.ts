import { clip, fill, sample, type Block } from './block.js';

/** A prediction of a block and how much it counts. */
export interface WeightedPrediction {
  readonly prediction: Block;
  readonly weight: number;
  readonly falloff: number;
}

/** The weighted mean of a block and its predictions, `width` x `height`, packed. */
export function weightedMean(
  block: Block,
  predictions: readonly WeightedPrediction[],
  width: number,
  height: number,
): Uint8Array {
  return fill(width, height, (row, column) => {
    const own = sample(block, row, column);
    let sum = 0;
    let weights = 0;
    for (const { prediction, weight, falloff } of predictions) {
      const difference = sample(prediction, row, column) - own;
      const lost = Math.abs(difference) > 127 ? 256 : Math.floor((difference ** 2 * falloff) / 2 ** 15 + 0.5);
      const left = Math.floor((Math.max(0, 256 - lost) * weight) / 256);
      sum += left * difference;
      weights += left;
    }
    return clip(own + roundHalfToEven(Math.fround(sum / (64 + weights))), 0, 255);
  });
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
