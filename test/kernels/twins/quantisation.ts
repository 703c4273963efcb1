const f = Math.fround;

/** What the kernel's parameters of the same names point at. */
export interface QuantiserInput {
  /** [count], times 2^15. */
  readonly coefficients: Int32Array;
  readonly first: number;
  readonly stride: number;
  /** [count], in 1/8. */
  readonly steps: Int32Array;
  /** [256, 6]. */
  readonly neighbours: Uint8Array;
  readonly contextOfSum: Uint8Array;
  /** [16 groups, 8 contexts, 16 magnitudes]. */
  readonly costs: Float32Array;
  /** [groupCount + 1]. */
  readonly groupCosts: Float32Array;
  readonly limits: Int32Array;
  /** Reconstruction offsets of magnitude 1 and of larger ones, in steps. */
  readonly offsets: readonly [number, number];
  readonly lambda: number;
  /** [count]: tokens of the other sub-blocks; the chosen ones are written into a copy. */
  readonly tokens: Int16Array;
}

export interface Quantised {
  readonly groups: number;
  readonly cost: number;
  readonly tokens: Int16Array;
}

const LARGEST_MAGNITUDE = 16383;

/** Rate-aware choice of tokens; every operation is rounded to 32 bits, in the order of the kernel. */
export function quantiseTokens(input: QuantiserInput): Quantised {
  const first = chooseTokens(input);
  return first.groups === 0 ? first : refineTokens(input, first);
}

/** The choice in order. */
export function chooseTokens(input: QuantiserInput): Quantised {
  const { first, stride, offsets, limits } = input;
  const tokens = input.tokens.slice();
  const count = tokens.length;
  const lambda = f(input.lambda);
  const own: number[] = [];
  for (let i = first; i < count; i += stride) own.push(i);

  const value = (i: number): number => f(f(input.coefficients[i]!) / 32768);
  const step = (i: number): number => f(input.steps[i]! / 8);
  // Four sums side by side, as far as four coefficients follow each other, then the others.
  const whole = stride === 1 ? count - (count % 4) : 0;
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < whole; i++) sums[i % 4] = f(sums[i % 4]! + f(value(i) * value(i)));
  let energy = f(f(sums[0]! + sums[1]!) + f(sums[2]! + sums[3]!));
  for (const i of own) if (i >= whole) energy = f(energy + f(value(i) * value(i)));
  let last = -1;
  for (const i of own) {
    tokens[i] = 0;
    if (Math.abs(value(i)) > f(step(i) * 0.5)) last = i;
  }

  const groupBits = (group: number): number => input.groupCosts[group]!;
  let best = { group: 0, cost: f(energy + f(lambda * groupBits(0))) };
  let cost = energy;
  let at = first;
  for (let group = 1; group < limits.length && at <= last; group++) {
    for (; at < Math.min(limits[group]!, count); at += stride) {
      const table = costRow(input, tokens, at, group - 1);
      const chosen = chooseToken(Math.abs(value(at)), step(at), table, offsets, lambda);
      tokens[at] = value(at) < 0 ? -chosen.magnitude : chosen.magnitude;
      cost = f(cost + chosen.cost);
    }
    const total = f(cost + f(lambda * groupBits(group)));
    if (total < best.cost) best = { group, cost: total };
  }
  for (const i of own) if (i >= limits[best.group]!) tokens[i] = 0;
  return { groups: best.group, cost: best.cost, tokens };
}

/** The choice of all tokens again, from the last to the first. */
function refineTokens(input: QuantiserInput, chosen: Quantised): Quantised {
  const { first, stride, offsets, limits } = input;
  const tokens = chosen.tokens.slice();
  const lambda = f(input.lambda);
  const keep = Math.min(limits[chosen.groups]!, tokens.length);
  const own: number[] = [];
  for (let i = first; i < keep; i += stride) own.push(i);
  own.reverse();
  const groupOf = (at: number): number => limits.findLastIndex((limit) => limit <= at);
  const row = (at: number): Float32Array => costRow(input, tokens, at, groupOf(at));
  const value = (i: number): number => f(f(input.coefficients[i]!) / 32768);
  const step = (i: number): number => f(input.steps[i]! / 8);
  const itsCost = (i: number, m: number): number => costOf(m, Math.abs(value(i)), step(i), row(i), offsets, lambda);

  let cost = chosen.cost;
  for (const at of own) {
    const top = topOf(Math.abs(value(at)), step(at));
    if (top === 0) continue;
    const dependents = own.filter((i) => input.neighbours.subarray(6 * i, 6 * i + 6).includes(at)).reverse();
    const total = (m: number): number => {
      const before = tokens[at]!;
      tokens[at] = m;
      const bits = dependents.reduce((sum, i) => f(sum + row(i)[Math.min(15, Math.abs(tokens[i]!))]!), 0);
      tokens[at] = before;
      return m === 0 ? f(lambda * f(row(at)[0]! + bits)) : f(itsCost(at, m) + f(lambda * bits));
    };
    let best = { magnitude: 0, cost: total(0) };
    for (let m = Math.max(1, top - 1); m <= top; m++) {
      if (total(m) < best.cost) best = { magnitude: m, cost: total(m) };
    }
    const before = Math.abs(tokens[at]!);
    if (best.magnitude === before) continue;
    cost = f(cost + f(best.cost - total(before)));
    tokens[at] = value(at) < 0 ? -best.magnitude : best.magnitude;
  }

  let best = { groups: chosen.groups, cost };
  for (let group = chosen.groups - 1; group >= 0; group--) {
    for (const i of own) if (groupOf(i) === group) cost = f(cost - itsCost(i, Math.abs(tokens[i]!)));
    cost = f(cost + f(lambda * f(input.groupCosts[group]! - input.groupCosts[group + 1]!)));
    if (cost < best.cost) best = { groups: group, cost };
  }
  for (const i of own) if (i >= limits[best.groups]!) tokens[i] = 0;
  return { ...best, tokens };
}

/** Bits of the magnitudes of token `at`, given its neighbours. */
function costRow(input: QuantiserInput, tokens: Int16Array, at: number, group: number): Float32Array {
  let sum = 0;
  for (const neighbour of input.neighbours.subarray(6 * at, 6 * at + 6)) {
    if (neighbour !== 255) sum += Math.min(3, Math.abs(tokens[neighbour]!));
  }
  const row = 16 * (8 * group + input.contextOfSum[sum]!);
  return input.costs.subarray(row, row + 16);
}

interface Choice {
  readonly magnitude: number;
  readonly cost: number;
}

/** Zero, the rounded magnitude or the next lower one: what costs least; the smaller one of equals. */
function chooseToken(
  c: number,
  step: number,
  table: Float32Array,
  offsets: readonly [number, number],
  lambda: number,
): Choice {
  let best: Choice = { magnitude: 0, cost: costOf(0, c, step, table, offsets, lambda) };
  const top = topOf(c, step);
  for (let m = Math.max(1, top - 1); m <= top; m++) {
    const cost = costOf(m, c, step, table, offsets, lambda);
    if (cost < best.cost) best = { magnitude: m, cost };
  }
  return best;
}

/** The rounded magnitude. */
function topOf(c: number, step: number): number {
  return Math.min(LARGEST_MAGNITUDE, Math.floor(f(f(c / step) + 0.5)));
}

/** What the magnitude `m` adds to the cost of a coefficient, if zero adds only its rate. */
function costOf(
  m: number,
  c: number,
  step: number,
  table: Float32Array,
  offsets: readonly [number, number],
  lambda: number,
): number {
  if (m === 0) return f(lambda * table[0]!);
  const rebuilt = f(step * f(m - f(offsets[m === 1 ? 0 : 1])));
  const error = f(c - rebuilt);
  const change = f(f(error * error) - f(c * c));
  const bits = m < 15 ? table[m]! : f(table[15]! + 2 * Math.floor(Math.log2(m - 14)) + 1);
  return f(change + f(lambda * bits));
}
