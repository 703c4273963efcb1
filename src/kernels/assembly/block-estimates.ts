import { averageBlocks, compensate } from './compensation';
import { searchMotion, SearchParameters } from './motion-search';
import { rateDistortion, rateDistortionOfMean } from './rate-distortion';
import { betweenBoth, betweenColumns, betweenRows } from './scratch';
import { SUB_BLOCK } from './sizes';

/** Bytes of what `rateDistortion` writes. */
const ESTIMATE_BYTES: i32 = 12;

/**
 * The 8x8 blocks of a plane and what is estimated about them, in raster order (encoder only).
 * `kernels/block-estimates.ts` fills it word by word, in this order.
 */
@unmanaged
class EstimateParameters {
  /** First samples of the plane and of two planes to predict from, with edges that are extended as far as vectors lead. */
  plane: usize;
  first: usize;
  second: usize;
  stride: i32;
  columns: i32;
  rows: i32;
  /** int16 [blocks, 2]: vectors to the two planes, quarter samples. */
  firstMotion: usize;
  secondMotion: usize;
  /** How blocks are searched. */
  search: SearchParameters;
  /** Taps of all predictions, as those of a search. */
  taps: usize;
  tapCount: i32;
  /** Samples that blocks may lie outside the plane: to the left and above, to the right and below. */
  outsideBefore: i32;
  outsideAfter: i32;
  /** Fields like `firstMotion` in which searches begin too, or 0; and what the vectors of the first one are multiplied by. */
  firstStarts: usize;
  secondStarts: usize;
  startScale: i32;
  /** As those of `rateDistortion`. */
  scale: f32;
  noise: f32;
  /** uint8 [blocks]: 0 where no average is estimated. */
  isWanted: usize;
  /** float32 [blocks, 3]: what `rateDistortion` writes. */
  estimates: usize;
  /** float32 [blocks]. */
  satds: usize;
}

/** Estimates each block, predicted as its rounded mean. `satds` gets the SATD of this prediction. */
export function estimateAlone(blocks: EstimateParameters): void {
  const stride = blocks.stride;
  let estimate = blocks.estimates;
  let satd = blocks.satds;
  for (let row = 0; row < blocks.rows; row++) {
    let block = blocks.plane + row * SUB_BLOCK * stride;
    for (let column = 0; column < blocks.columns; column++) {
      store<f32>(satd, <f32>rateDistortionOfMean(block, stride, blocks.scale, estimate));
      block += SUB_BLOCK;
      estimate += ESTIMATE_BYTES;
      satd += 4;
    }
  }
}

/**
 * Searches each block in the plane `first`, from no motion, the vectors of its neighbours and those of two fields on.
 * Writes `firstMotion`, the estimates of the predictions, and to `satds` the costs that `searchMotion` returns.
 */
export function estimateSearched(blocks: EstimateParameters): void {
  const search = blocks.search;
  const stride = blocks.stride;
  const columns = blocks.columns;
  const rowBytes = columns << 2;
  search.wantedStride = stride;
  search.referenceStride = stride;
  search.size = SUB_BLOCK;
  let at = 0;
  for (let row = 0; row < blocks.rows; row++) {
    const top = row * SUB_BLOCK;
    search.minY = -top - blocks.outsideBefore;
    search.maxY = (blocks.rows - 1) * SUB_BLOCK - top + blocks.outsideAfter;
    for (let column = 0; column < columns; column++) {
      const left = column * SUB_BLOCK;
      const offset = top * stride + left;
      const vector = blocks.firstMotion + (at << 2);
      const starts = search.starts;
      store<i32>(starts, 0);
      let count = 1;
      if (column > 0) count = addStart(starts, count, load<i32>(vector - 4));
      if (row > 0) {
        count = addStart(starts, count, load<i32>(vector - rowBytes));
        if (column + 1 < columns) count = addStart(starts, count, load<i32>(vector - rowBytes + 4));
      }
      if (blocks.firstStarts != 0) {
        const start = blocks.firstStarts + (at << 2);
        const x = blocks.startScale * load<i16>(start);
        const y = blocks.startScale * load<i16>(start, 2);
        count = addStart(starts, count, (x & 0xffff) | (y << 16));
      }
      if (blocks.secondStarts != 0) count = addStart(starts, count, load<i32>(blocks.secondStarts + (at << 2)));
      search.startCount = count;
      const nearest = column > 0 ? vector - 4 : vector - rowBytes;
      search.predictedX = at > 0 ? load<i16>(nearest) : 0;
      search.predictedY = at > 0 ? load<i16>(nearest, 2) : 0;
      search.minX = -left - blocks.outsideBefore;
      search.maxX = (columns - 1) * SUB_BLOCK - left + blocks.outsideAfter;
      search.wanted = blocks.plane + offset;
      search.reference = blocks.first + offset;
      store<f32>(blocks.satds + (at << 2), searchMotion(search));
      store<i16>(vector, search.foundX);
      store<i16>(vector, search.foundY, 2);
      const prediction = predict(blocks, search.reference, vector, betweenColumns);
      const predictionStride = prediction == betweenColumns ? SUB_BLOCK : stride;
      const estimate = blocks.estimates + at * ESTIMATE_BYTES;
      rateDistortion(search.wanted, stride, prediction, predictionStride, blocks.scale, blocks.noise, estimate);
      at++;
    }
  }
}

/** Estimates the wanted blocks, predicted as the averages of what their vectors in both planes find. */
export function estimateAverages(blocks: EstimateParameters): void {
  const stride = blocks.stride;
  let at = 0;
  for (let row = 0; row < blocks.rows; row++) {
    let offset = row * SUB_BLOCK * stride;
    for (let column = 0; column < blocks.columns; column++) {
      if (load<u8>(blocks.isWanted + at) != 0) {
        const a = predict(blocks, blocks.first + offset, blocks.firstMotion + (at << 2), betweenColumns);
        const b = predict(blocks, blocks.second + offset, blocks.secondMotion + (at << 2), betweenRows);
        const strideA = a == betweenColumns ? SUB_BLOCK : stride;
        const strideB = b == betweenRows ? SUB_BLOCK : stride;
        averageBlocks(a, strideA, b, strideB, betweenBoth, SUB_BLOCK, SUB_BLOCK, SUB_BLOCK);
        const estimate = blocks.estimates + at * ESTIMATE_BYTES;
        const block = blocks.plane + offset;
        rateDistortion(block, stride, betweenBoth, SUB_BLOCK, blocks.scale, blocks.noise, estimate);
      }
      offset += SUB_BLOCK;
      at++;
    }
  }
}

/** Adds a vector, two int16, to `count` starting points unless it is there already; returns their number. */
// @ts-ignore: decorator
@inline
function addStart(starts: usize, count: i32, vector: i32): i32 {
  for (let i = 0; i < count; i++) if (load<i32>(starts + (i << 2)) == vector) return count;
  store<i32>(starts + (count << 2), vector);
  return count + 1;
}

/** Where the block lies to which a vector leads: in its plane, or interpolated in `buffer`, packed. */
function predict(blocks: EstimateParameters, place: usize, vector: usize, buffer: usize): usize {
  const x: i32 = load<i16>(vector);
  const y: i32 = load<i16>(vector, 2);
  const from = place + (y >> 2) * blocks.stride + (x >> 2);
  if (((x | y) & 3) == 0) return from;
  const size = SUB_BLOCK;
  compensate(from, blocks.stride, buffer, size, size, size, blocks.taps, blocks.tapCount, x & 3, y & 3);
  return buffer;
}
