import { tokenMagnitudes, tokenSums } from './scratch';
import { CONTEXTS, ESCAPE, MAGNITUDE_LIMIT, NEIGHBOURS, NEIGHBOUR_LIMIT, NO_NEIGHBOUR } from './sizes';

/** Bytes of a table of costs, float32 [MAGNITUDES], as a shift. */
const TABLE_SHIFT: i32 = 6;
/** Marks a dependent that does not exist: the first token has no neighbours. */
const NO_DEPENDENT: i32 = 0;

/** The common parameters of blocks of one kind. `kernels/token-quantiser.ts` fills it word by word, in this order. */
@unmanaged
class QuantiserParameters {
  /** int32 [count], orthonormal times 2^15. */
  coefficients: usize;
  /** int16 [count], rounded up to a multiple of 8, the output; chosen tokens after the last coded group are zero. */
  tokens: usize;
  count: i32;
  /**
   * Only every `stride`-th token from `first` on is chosen (one 8x8 sub-block of four). The other tokens may be
   * contexts.
   */
  first: i32;
  stride: i32;
  /** uint8 [256, 6] of the token kind, 255 is none. */
  neighbours: usize;
  /** uint8 [19]. */
  contextOfSum: usize;
  /** float32 [16 groups, 8 contexts, 16 magnitudes] in bits, sign included. */
  costs: usize;
  /** int32 [groupCount + 1]: the number of tokens for each number of groups. */
  limits: usize;
  groupCount: i32;
  /** Reconstruction offsets of magnitude 1 and of larger ones, in steps. */
  offset1: f32;
  offset2: f32;
  /** The Lagrangian cost of the last choice. */
  cost: f32;
  /** uint8 [256, 6] of the token kind: the tokens that have each one as a neighbour, in their order, 0 is none. */
  dependents: usize;
  /** uint8 [256]: the group of each token. */
  groupOfToken: usize;
}

/**
 * Rate-aware choice of the tokens of one block (encoder only; the bit costs are estimates): in their order, then again.
 *
 * - `steps`: int32 [count], in 1/8.
 * - `groupCosts`: float32 [groupCount + 1] in bits.
 *
 * Returns the number of coded groups and leaves their Lagrangian cost in `kind`.
 */
export function quantiseTokens(kind: QuantiserParameters, steps: usize, groupCosts: usize, lambda: f32): i32 {
  const groups = chooseTokens(kind, steps, groupCosts, lambda);
  return groups == 0 ? 0 : refineTokens(kind, steps, groupCosts, lambda, groups);
}

/**
 * Each coefficient takes its rounded magnitude, the next lower one, or zero. It takes the one with the least distortion
 * + lambda * bits, given the tokens chosen before it. Then the number of coded groups is chosen in the same way.
 */
function chooseTokens(kind: QuantiserParameters, steps: usize, groupCosts: usize, lambda: f32): i32 {
  const coefficients = kind.coefficients;
  const tokens = kind.tokens;
  const count = kind.count;
  const first = kind.first;
  const stride = kind.stride;
  const neighbours = kind.neighbours;
  const contextOfSum = kind.contextOfSum;
  const costs = kind.costs;
  const limits = kind.limits;
  const groupCount = kind.groupCount;
  const offset1 = kind.offset1;
  const offset2 = kind.offset2;
  const unit: f32 = 1.0 / 32768.0;
  const eighth: f32 = 0.125;
  // What contexts count; the place of a missing neighbour holds zero.
  const magnitudes = tokenMagnitudes;
  const sums = tokenSums;
  // All tokens after the last coefficient of at least 0.5 step are zero.
  let last = -1;
  let energy: f32 = 0;
  let start = first;
  if (stride == 1) {
    const units = f32x4.splat(unit);
    const halves = f32x4.splat(eighth * 0.5);
    let squares = f32x4.splat(0);
    for (start = 0; start + 4 <= count; start += 4) {
      store<i64>(tokens + (start << 1), 0);
      store<i32>(magnitudes + start, 0);
      const values = f32x4.mul(f32x4.convert_i32x4_s(v128.load(coefficients + (start << 2))), units);
      const least = f32x4.mul(f32x4.convert_i32x4_s(v128.load(steps + (start << 2))), halves);
      squares = f32x4.add(squares, f32x4.mul(values, values));
      const larger = i32x4.bitmask(f32x4.gt(f32x4.abs(values), least));
      if (larger) last = start + 31 - clz(larger);
    }
    energy =
      f32x4.extract_lane(squares, 0) +
      f32x4.extract_lane(squares, 1) +
      (f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3));
  }
  for (let i = start; i < count; i += stride) {
    store<i16>(tokens + (i << 1), 0);
    const c = <f32>load<i32>(coefficients + (i << 2)) * unit;
    energy += c * c;
    if (abs(c) > <f32>load<i32>(steps + (i << 2)) * eighth * 0.5) last = i;
  }
  // Magnitudes of tokens that are not chosen here.
  const limit = i16x8.splat(<i16>NEIGHBOUR_LIMIT);
  for (let i = start & -8; i < count; i += 8) {
    const sizes = i16x8.min_u(i16x8.abs(v128.load(tokens + (i << 1))), limit);
    v128.store64_lane(magnitudes + i, i8x16.narrow_i16x8_u(sizes, sizes), 0);
  }
  store<u8>(magnitudes + NO_NEIGHBOUR, 0);
  let best = energy + lambda * load<f32>(groupCosts);
  let bestGroup = 0;
  let cost: f32 = energy; // distortion so far, with everything not yet visited as zero, plus lambda * bits
  let group = 0;
  let at = first;
  while (group < groupCount && at <= last) {
    const end = min(load<i32>(limits + ((group + 1) << 2)), count);
    const groupTable = costs + ((group * CONTEXTS) << TABLE_SHIFT);
    for (; at < end; at += stride) {
      const value = <f32>load<i32>(coefficients + (at << 2)) * unit;
      const c = abs(value);
      const step = <f32>load<i32>(steps + (at << 2)) * eighth;
      const list = neighbours + at * NEIGHBOURS;
      const sum =
        magnitudeOf(magnitudes, list) +
        magnitudeOf(magnitudes, list + 1) +
        magnitudeOf(magnitudes, list + 2) +
        magnitudeOf(magnitudes, list + 3) +
        magnitudeOf(magnitudes, list + 4) +
        magnitudeOf(magnitudes, list + 5);
      store<u8>(sums + at, sum);
      const table = groupTable + (<usize>load<u8>(contextOfSum + sum) << TABLE_SHIFT);
      let choice = 0;
      let choiceCost = lambda * load<f32>(table);
      // Most are zero; the conversion to an integer takes long.
      const rounded = c / step + 0.5;
      if (rounded >= 1) {
        const top = min(<i32>rounded, MAGNITUDE_LIMIT);
        if (top > 1) {
          const total = costOf(top - 1, c, step, offset1, offset2, table, lambda);
          if (total < choiceCost) {
            choice = top - 1;
            choiceCost = total;
          }
        }
        const total = costOf(top, c, step, offset1, offset2, table, lambda);
        if (total < choiceCost) {
          choice = top;
          choiceCost = total;
        }
      }
      store<i16>(tokens + (at << 1), <i16>(value < 0 ? -choice : choice));
      store<u8>(magnitudes + at, min(choice, NEIGHBOUR_LIMIT));
      cost += choiceCost;
    }
    group++;
    const total = cost + lambda * load<f32>(groupCosts + (group << 2));
    if (total < best) {
      best = total;
      bestGroup = group;
    }
  }
  const keep = min(load<i32>(limits + (bestGroup << 2)), count);
  for (let i = first; i < at; i += stride) {
    if (i >= keep) store<i16>(tokens + (i << 1), 0);
  }
  kind.cost = best;
  return bestGroup;
}

/**
 * Chooses the tokens of `groups` groups again, from the last to the first, each one given all others: now with the bits of
 * the later tokens whose context it changes. Then the number of groups, which may become smaller.
 *
 * In order alone, a token is too cheap: it makes those after it dearer. LOG, "Tokens that know what they cost others".
 */
function refineTokens(kind: QuantiserParameters, steps: usize, groupCosts: usize, lambda: f32, groups: i32): i32 {
  const coefficients = kind.coefficients;
  const tokens = kind.tokens;
  const first = kind.first;
  const stride = kind.stride;
  const limits = kind.limits;
  const offset1 = kind.offset1;
  const offset2 = kind.offset2;
  const unit: f32 = 1.0 / 32768.0;
  const eighth: f32 = 0.125;
  const sums = tokenSums;
  const keep = min(load<i32>(limits + (groups << 2)), kind.count);
  const last = first + ((keep - 1 - first) & -stride);
  let cost = kind.cost;
  for (let at = last; at >= first; at -= stride) {
    const value = <f32>load<i32>(coefficients + (at << 2)) * unit;
    const c = abs(value);
    const step = <f32>load<i32>(steps + (at << 2)) * eighth;
    const rounded = c / step + 0.5;
    if (rounded < 1) continue;
    const top = min(<i32>rounded, MAGNITUDE_LIMIT);
    const before = abs(<i32>load<i16>(tokens + (at << 1)));
    const size = min(before, NEIGHBOUR_LIMIT);
    const table = tableOf(kind, at);
    let choice = 0;
    let choiceCost = lambda * (load<f32>(table) + bitsOfDependents(kind, at, -size, keep));
    let beforeCost = choiceCost;
    for (let m = max(1, top - 1); m <= top; m++) {
      const bits = bitsOfDependents(kind, at, min(m, NEIGHBOUR_LIMIT) - size, keep);
      const total = costOf(m, c, step, offset1, offset2, table, lambda) + lambda * bits;
      if (m == before) beforeCost = total;
      if (total < choiceCost) {
        choice = m;
        choiceCost = total;
      }
    }
    if (choice == before) continue;
    cost += choiceCost - beforeCost;
    store<i16>(tokens + (at << 1), <i16>(value < 0 ? -choice : choice));
    const change = min(choice, NEIGHBOUR_LIMIT) - size;
    const list = kind.dependents + at * NEIGHBOURS;
    for (let i = 0; i < NEIGHBOURS; i++) {
      const other = <i32>load<u8>(list + i);
      if (other == NO_DEPENDENT) break;
      store<u8>(sums + other, load<u8>(sums + other) + change);
    }
  }
  let best = cost;
  let bestGroup = groups;
  let at = last;
  for (let group = groups - 1; group >= 0; group--) {
    const start = load<i32>(limits + (group << 2));
    for (; at >= start; at -= stride) {
      const m = abs(<i32>load<i16>(tokens + (at << 1)));
      const table = tableOf(kind, at);
      if (m == 0) cost -= lambda * load<f32>(table);
      else {
        const c = abs(<f32>load<i32>(coefficients + (at << 2)) * unit);
        const step = <f32>load<i32>(steps + (at << 2)) * eighth;
        cost -= costOf(m, c, step, offset1, offset2, table, lambda);
      }
    }
    const fewer = groupCosts + (group << 2);
    cost += lambda * (load<f32>(fewer) - load<f32>(fewer, 4));
    if (cost < best) {
      best = cost;
      bestGroup = group;
    }
  }
  const end = load<i32>(limits + (bestGroup << 2));
  for (let i = last; i >= end; i -= stride) store<i16>(tokens + (i << 1), 0);
  kind.cost = best;
  return bestGroup;
}

/** The costs of the token `at`, by the magnitudes of its neighbours. */
// @ts-ignore: decorator
@inline
function tableOf(kind: QuantiserParameters, at: i32, change: i32 = 0): usize {
  const context = <i32>load<u8>(kind.contextOfSum + <i32>load<u8>(tokenSums + at) + change);
  const group = <i32>load<u8>(kind.groupOfToken + at);
  return kind.costs + ((group * CONTEXTS + context) << TABLE_SHIFT);
}

/**
 * The bits of the tokens below `keep` that have the token `at` as a neighbour, if the size that counts for them changes.
 * Tokens of other sub-blocks are left out: they are coded already, or not chosen yet.
 */
// @ts-ignore: decorator
@inline
function bitsOfDependents(kind: QuantiserParameters, at: i32, change: i32, keep: i32): f32 {
  const list = kind.dependents + at * NEIGHBOURS;
  const mask = kind.stride - 1;
  let bits: f32 = 0;
  for (let i = 0; i < NEIGHBOURS; i++) {
    const other = <i32>load<u8>(list + i);
    if (other == NO_DEPENDENT || other >= keep) break;
    if (((other - at) & mask) != 0) continue;
    const magnitude = min(abs(<i32>load<i16>(kind.tokens + (other << 1))), ESCAPE);
    bits += load<f32>(tableOf(kind, other, change) + (magnitude << 2));
  }
  return bits;
}

/** The magnitude of the token whose number stands at `neighbour`. */
// @ts-ignore: decorator
@inline
function magnitudeOf(magnitudes: usize, neighbour: usize): i32 {
  return load<u8>(magnitudes + load<u8>(neighbour));
}

/** What the magnitude `m` adds to the cost of a coefficient of magnitude `c`, if zero adds only its rate. */
// @ts-ignore: decorator
@inline
function costOf(m: i32, c: f32, step: f32, offset1: f32, offset2: f32, table: usize, lambda: f32): f32 {
  const rebuilt = step * (<f32>m - (m == 1 ? offset1 : offset2));
  const change = (c - rebuilt) * (c - rebuilt) - c * c;
  let rate: f32;
  if (m < ESCAPE) rate = load<f32>(table + (m << 2));
  else {
    const escapeBits: i32 = 2 * (31 - clz(m - (ESCAPE - 1))) + 1;
    rate = load<f32>(table, ESCAPE << 2) + <f32>escapeBits;
  }
  return change + lambda * rate;
}
