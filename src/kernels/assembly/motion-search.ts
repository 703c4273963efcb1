import { blockSad, blockSatd } from './distortion';
import { compensateSquare } from './compensation';
import { searchBlock } from './scratch';

/** Parameters of a search and what it found. `kernels/motion-search.ts` fills them word by word, in this order. */
@unmanaged
class SearchParameters {
  /** The block to search for. */
  wanted: usize;
  wantedStride: i32;
  size: i32;
  /** Its position in the extended reference plane. */
  reference: usize;
  referenceStride: i32;
  /** The predicted vector. */
  predictedX: i32;
  predictedY: i32;
  /** The limits of vectors, whole samples. */
  minX: i32;
  maxX: i32;
  minY: i32;
  maxY: i32;
  /** Distortion per bit. */
  lambda: f32;
  /** The starting points, int16 pairs. */
  starts: usize;
  startCount: i32;
  /** The largest number of hexagon steps. */
  steps: i32;
  /** int16 [4, tapCount]; 4 or 8 taps. */
  taps: usize;
  tapCount: i32;
  /** Parts of a sample are searched beside, above and below the best place, not across its corners. */
  isCross: bool;
  /** The vector that was found. */
  foundX: i32;
  foundY: i32;
}

/**
 * Rate-aware motion search of one square block (encoder only).
 *
 * Vectors are quarter samples. Whole samples are searched by a hexagon with SAD, then halves and quarters with SATD.
 * Bits of a difference are estimated as Elias gamma codes.
 *
 * Writes the best vector into the parameters and returns its cost, SATD + lambda * bits.
 */
export function searchMotion(search: SearchParameters): f32 {
  const current = search.wanted;
  const currentStride = search.wantedStride;
  const size = search.size;
  const reference = search.reference;
  const referenceStride = search.referenceStride;
  const predictedX = search.predictedX;
  const predictedY = search.predictedY;
  const minX = search.minX;
  const maxX = search.maxX;
  const minY = search.minY;
  const maxY = search.maxY;
  const lambda = search.lambda;
  const starts = search.starts;
  const startCount = search.startCount;
  const steps = search.steps;
  const taps = search.taps;
  const tapCount = search.tapCount;
  const isCross = search.isCross;
  let bestX = 0;
  let bestY = 0;
  let best: f32 = f32.MAX_VALUE;
  for (let i = 0; i < startCount; i++) {
    const x = max(minX, min(maxX, (<i32>load<i16>(starts + (i << 2)) + 2) >> 2));
    const y = max(minY, min(maxY, (<i32>load<i16>(starts + (i << 2), 2) + 2) >> 2));
    if (i > 0 && x == bestX && y == bestY) continue;
    const cost =
      <f32>blockSad(current, currentStride, reference + y * referenceStride + x, referenceStride, size) +
      lambda * vectorBits((x << 2) - predictedX, (y << 2) - predictedY);
    if (cost < best) {
      best = cost;
      bestX = x;
      bestY = y;
    }
  }
  // Hexagon of radius 2 while it improves, then the 8 neighbours.
  for (let step = 0; step < steps; step++) {
    const centreX = bestX;
    const centreY = bestY;
    for (let i = 0; i < 6; i++) {
      const x = centreX + (i == 0 ? -2 : i == 1 || i == 5 ? -1 : i == 2 || i == 4 ? 1 : 2);
      const y = centreY + (i == 0 || i == 3 ? 0 : i < 3 ? -2 : 2);
      if (x < minX || x > maxX || y < minY || y > maxY) continue;
      const cost =
        <f32>blockSad(current, currentStride, reference + y * referenceStride + x, referenceStride, size) +
        lambda * vectorBits((x << 2) - predictedX, (y << 2) - predictedY);
      if (cost < best) {
        best = cost;
        bestX = x;
        bestY = y;
      }
    }
    if (bestX == centreX && bestY == centreY) break;
  }
  const centreX = bestX;
  const centreY = bestY;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const x = centreX + dx;
      const y = centreY + dy;
      if (x < minX || x > maxX || y < minY || y > maxY) continue;
      const cost =
        <f32>blockSad(current, currentStride, reference + y * referenceStride + x, referenceStride, size) +
        lambda * vectorBits((x << 2) - predictedX, (y << 2) - predictedY);
      if (cost < best) {
        best = cost;
        bestX = x;
        bestY = y;
      }
    }
  }
  bestX <<= 2;
  bestY <<= 2;
  best =
    <f32>blockSatd(
      current,
      currentStride,
      reference + (bestY >> 2) * referenceStride + (bestX >> 2),
      referenceStride,
      size,
    ) +
    lambda * vectorBits(bestX - predictedX, bestY - predictedY);
  for (let step = 2; step >= 1; step--) {
    const centreX = bestX;
    const centreY = bestY;
    for (let dy = -step; dy <= step; dy += step) {
      for (let dx = -step; dx <= step; dx += step) {
        if ((dx == 0 && dy == 0) || (isCross && dx != 0 && dy != 0)) continue;
        const x = centreX + dx;
        const y = centreY + dy;
        const rate = lambda * vectorBits(x - predictedX, y - predictedY);
        if (rate >= best) continue;
        compensateSquare(
          reference + (y >> 2) * referenceStride + (x >> 2),
          referenceStride,
          searchBlock,
          size,
          size,
          taps,
          tapCount,
          x & 3,
          y & 3,
        );
        const cost = <f32>blockSatd(current, currentStride, searchBlock, size, size) + rate;
        if (cost < best) {
          best = cost;
          bestX = x;
          bestY = y;
        }
      }
    }
  }
  search.foundX = bestX;
  search.foundY = bestY;
  return best;
}

// @ts-ignore: decorator
@inline
function vectorBits(dx: i32, dy: i32): f32 {
  return <f32>(componentBits(dx) + componentBits(dy));
}

// @ts-ignore: decorator
@inline
function componentBits(d: i32): i32 {
  return d == 0 ? 1 : 2 * (32 - clz(abs(d))) + 1;
}
