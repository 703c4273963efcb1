import { compensate } from './compensation';
import { blockSatd, sadCost, satdCost, smallSad, twoRows } from './distortion';
import { before, filterAcross, filterColumn, filterDown, filterSums, filterSumsColumn, roundSums, sumColumns } from './interpolation';
import { betweenBoth, betweenColumns, betweenRows, columnSums, SEARCH_STRIDE } from './scratch';
import { SUB_BLOCK } from './sizes';

/** Corners of the hexagon, in order around it, plus 2: four bits each, from the lowest on. */
const HEXAGON_X: i32 = 0x134310;
const HEXAGON_Y: i32 = 0x442002;

/** Parameters of a search and what it found. `kernels/motion-search.ts` fills them word by word, in this order. */
@unmanaged
export class SearchParameters {
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
  /** int16 [4, tapCount]; 2, 4 or 8 taps. */
  taps: usize;
  tapCount: i32;
  /** Directions in which parts of a sample are searched: 8; 4, not across the corners; or 0, whole samples alone. */
  directions: i32;
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
 * Writes the best vector into the parameters and returns its cost, SATD + lambda * bits, or SAD + lambda * bits if whole
 * samples alone are searched.
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
  // A small block stays in registers.
  const isSmall = size == SUB_BLOCK;
  const rows0 = twoRows(current, currentStride);
  const rows2 = twoRows(current + 2 * currentStride, currentStride);
  const rows4 = twoRows(current + 4 * currentStride, currentStride);
  const rows6 = twoRows(current + 6 * currentStride, currentStride);
  let bestX = 0;
  let bestY = 0;
  let best: f32 = f32.MAX_VALUE;
  for (let i = 0; i < startCount; i++) {
    const x = max(minX, min(maxX, (<i32>load<i16>(starts + (i << 2)) + 2) >> 2));
    const y = max(minY, min(maxY, (<i32>load<i16>(starts + (i << 2), 2) + 2) >> 2));
    if (i > 0 && x == bestX && y == bestY) continue;
    const rate = lambda * vectorBits((x << 2) - predictedX, (y << 2) - predictedY);
    const place = reference + y * referenceStride + x;
    const cost = isSmall
        ? <f32>smallSad(rows0, rows2, rows4, rows6, place, referenceStride) + rate
        : sadCost(current, currentStride, place, referenceStride, size, rate, best);
    if (cost < best) {
      best = cost;
      bestX = x;
      bestY = y;
    }
  }
  // Hexagon of radius 2 while it improves. After a step, three of its corners are new: that of the step's direction and
  // those beside it.
  let direction = -1;
  for (let step = 0; step < steps; step++) {
    const centreX = bestX;
    const centreY = bestY;
    const last = direction;
    direction = -1;
    for (let i = 0; i < 6; i++) {
      const turn = abs(i - last);
      if (last >= 0 && turn > 1 && turn < 5) continue;
      const x = centreX + ((HEXAGON_X >> (i << 2)) & 15) - 2;
      const y = centreY + ((HEXAGON_Y >> (i << 2)) & 15) - 2;
      if (x < minX || x > maxX || y < minY || y > maxY) continue;
      const rate = lambda * vectorBits((x << 2) - predictedX, (y << 2) - predictedY);
      const place = reference + y * referenceStride + x;
      const cost = isSmall
        ? <f32>smallSad(rows0, rows2, rows4, rows6, place, referenceStride) + rate
        : sadCost(current, currentStride, place, referenceStride, size, rate, best);
      if (cost < best) {
        best = cost;
        bestX = x;
        bestY = y;
        direction = i;
      }
    }
    if (direction < 0) break;
  }
  const centreX = bestX;
  const centreY = bestY;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const x = centreX + dx;
      const y = centreY + dy;
      if ((dx == 0 && dy == 0) || x < minX || x > maxX || y < minY || y > maxY) continue;
      const rate = lambda * vectorBits((x << 2) - predictedX, (y << 2) - predictedY);
      const place = reference + y * referenceStride + x;
      const cost = isSmall
        ? <f32>smallSad(rows0, rows2, rows4, rows6, place, referenceStride) + rate
        : sadCost(current, currentStride, place, referenceStride, size, rate, best);
      if (cost < best) {
        best = cost;
        bestX = x;
        bestY = y;
      }
    }
  }
  bestX <<= 2;
  bestY <<= 2;
  search.foundX = bestX;
  search.foundY = bestY;
  if (search.directions == 0) return best;
  best =
    <f32>blockSatd(
      current,
      currentStride,
      reference + (bestY >> 2) * referenceStride + (bestX >> 2),
      referenceStride,
      size,
    ) +
    lambda * vectorBits(bestX - predictedX, bestY - predictedY);
  best = searchHalves(search, best);
  return searchQuarters(search, best);
}

/**
 * Searches the halves of a sample around the vector found so far, whose cost is `best`. What lies between samples is
 * interpolated once for all of them. Returns the least cost.
 */
function searchHalves(search: SearchParameters, best: f32): f32 {
  const size = search.size;
  const stride = search.referenceStride;
  const tapCount = search.tapCount;
  const taps = search.taps + ((2 * tapCount) << 1);
  const centreX = search.foundX;
  const centreY = search.foundY;
  const place = search.reference + (centreY >> 2) * stride + (centreX >> 2);
  if (search.directions == 8) {
    const ahead = before(tapCount) + 1;
    const lastSums = columnSums + (size << 1);
    sumColumns(place - stride - ahead, stride, columnSums, size + 8, size + 1, taps, tapCount);
    roundSums(columnSums + (ahead << 1), betweenRows, SEARCH_STRIDE, size, size + 1);
    filterSums(columnSums, betweenBoth, SEARCH_STRIDE, size, size + 1, taps, tapCount);
    filterSumsColumn(lastSums, betweenBoth + size, SEARCH_STRIDE, size + 1, taps, tapCount);
  } else {
    filterDown(place - stride, stride, betweenRows, SEARCH_STRIDE, size, size + 1, taps, tapCount);
  }
  filterAcross(place - 1, stride, betweenColumns, SEARCH_STRIDE, size, size, taps, tapCount);
  filterColumn(place - 1 + size, stride, betweenColumns + size, SEARCH_STRIDE, size, taps, tapCount);
  for (let dy = -2; dy <= 2; dy += 2) {
    for (let dx = -2; dx <= 2; dx += 2) {
      if ((dx == 0 && dy == 0) || (search.directions == 4 && dx != 0 && dy != 0)) continue;
      const x = centreX + dx;
      const y = centreY + dy;
      const rate = search.lambda * vectorBits(x - search.predictedX, y - search.predictedY);
      if (rate >= best) continue;
      const samples = dy == 0 ? betweenColumns : dx == 0 ? betweenRows : betweenBoth;
      const offset: i32 = (dy > 0 ? SEARCH_STRIDE : 0) + (dx > 0 ? 1 : 0);
      const at = samples + offset;
      const cost = satdCost(search.wanted, search.wantedStride, at, SEARCH_STRIDE, size, rate, best);
      if (cost < best) {
        best = cost;
        search.foundX = x;
        search.foundY = y;
      }
    }
  }
  return best;
}

/**
 * Searches the quarters of a sample around the vector found so far, whose cost is `best`, row by row: those in one row
 * share a stage of interpolation. Returns the least cost.
 */
function searchQuarters(search: SearchParameters, best: f32): f32 {
  const size = search.size;
  const stride = search.referenceStride;
  const tapCount = search.tapCount;
  const centreX = search.foundX;
  const centreY = search.foundY;
  const left = (centreX - 1) >> 2;
  for (let dy = -1; dy <= 1; dy++) {
    const y = centreY + dy;
    const row = search.reference + (y >> 2) * stride;
    const tapsY = search.taps + (((y & 3) * tapCount) << 1);
    let isFiltered = false;
    for (let dx = -1; dx <= 1; dx++) {
      if ((dx == 0 && dy == 0) || (search.directions == 4 && dx != 0 && dy != 0)) continue;
      const x = centreX + dx;
      const rate = search.lambda * vectorBits(x - search.predictedX, y - search.predictedY);
      if (rate >= best) continue;
      const tapsX = search.taps + (((x & 3) * tapCount) << 1);
      if ((y & 3) == 0) {
        filterAcross(row + (x >> 2), stride, betweenRows, SEARCH_STRIDE, size, size, tapsX, tapCount);
      } else if (search.directions == 4 && dy != 0) {
        // The only one in this row.
        const from = row + (x >> 2);
        compensate(from, stride, betweenRows, SEARCH_STRIDE, size, size, search.taps, tapCount, x & 3, y & 3);
      } else {
        if (!isFiltered) {
          sumColumns(row + left - before(tapCount), stride, columnSums, size + 8, size, tapsY, tapCount);
          isFiltered = true;
        }
        const sums = columnSums + (((x >> 2) - left) << 1);
        if ((x & 3) == 0) {
          roundSums(sums + (before(tapCount) << 1), betweenRows, SEARCH_STRIDE, size, size);
        } else {
          filterSums(sums, betweenRows, SEARCH_STRIDE, size, size, tapsX, tapCount);
        }
      }
      const cost = satdCost(search.wanted, search.wantedStride, betweenRows, SEARCH_STRIDE, size, rate, best);
      if (cost < best) {
        best = cost;
        search.foundX = x;
        search.foundY = y;
      }
    }
  }
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
