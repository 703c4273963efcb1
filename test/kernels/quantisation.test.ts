import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { TokenQuantiser } from '../../src/kernels/token-quantiser.js';
import { dependentsOf } from '../../src/codec/transform/kernel-tables.js';
import { CHROMA_LIMIT, LUMA_LIMIT } from '../../src/codec/transform/frame-tokens.js';
import { seededRandom } from '../entropy/random.js';
import { integer } from './arena.js';
import { chooseTokens, quantiseTokens, type Quantised, type QuantiserInput } from './twins/quantisation.js';

const kernels = new Kernels();
const at = {
  coefficients: kernels.allocate(256 * 4),
  steps: kernels.allocate(256 * 4),
  neighbours: kernels.allocate(256 * 6),
  dependents: kernels.allocate(256 * 6),
  groupOfToken: kernels.allocate(256),
  contextOfSum: kernels.allocate(19),
  costs: kernels.allocate(16 * 8 * 16 * 4),
  groupCosts: kernels.allocate(17 * 4),
  limits: kernels.allocate(17 * 4),
  tokens: kernels.allocate(256 * 2),
};

function runKernel(input: QuantiserInput): Quantised {
  kernels.i32.set(input.coefficients, at.coefficients >> 2);
  kernels.i32.set(input.steps, at.steps >> 2);
  kernels.u8.set(input.neighbours, at.neighbours);
  kernels.u8.set(dependentsOf(input.neighbours), at.dependents);
  for (let i = 0; i < 256; i++) {
    kernels.u8[at.groupOfToken + i] = input.limits.findLastIndex((limit) => limit <= i);
  }
  kernels.u8.set(input.contextOfSum, at.contextOfSum);
  kernels.f32.set(input.costs, at.costs >> 2);
  kernels.f32.set(input.groupCosts, at.groupCosts >> 2);
  kernels.i32.set(input.limits, at.limits >> 2);
  kernels.i16.set(input.tokens, at.tokens >> 1);
  const count = input.tokens.length;
  const quantiser = new TokenQuantiser(kernels, {
    ...{ coefficients: at.coefficients, tokens: at.tokens, count, first: input.first, stride: input.stride },
    ...{ neighbours: at.neighbours, dependents: at.dependents, contextOfSum: at.contextOfSum, costs: at.costs },
    ...{ limits: at.limits, groupOfToken: at.groupOfToken },
    ...{ groupCount: input.limits.length - 1, offset1: input.offsets[0], offset2: input.offsets[1] },
  });
  const groups = quantiser.quantise(at.steps, at.groupCosts, input.lambda);
  const tokens = kernels.i16.slice(at.tokens >> 1, (at.tokens >> 1) + count);
  return { groups, cost: quantiser.cost, tokens };
}

interface Shape {
  readonly seed: number;
  readonly isChroma: boolean;
  readonly sub: number;
  readonly amplitude: number;
  readonly largestStep: number;
  readonly lambda: number;
}

/** Up to six earlier tokens of each one; each token is a neighbour of at most six others. */
function makeNeighbours(random: () => number, count: number): Uint8Array {
  const neighbours = new Uint8Array(256 * 6).fill(255);
  const uses = new Uint8Array(256);
  for (let token = 1; token < 256; token++) {
    for (let i = 0; i < 6; i++) {
      const most = Math.min(token, count) - 1;
      const neighbour = random() < 0.5 ? integer(random, 0, most) : integer(random, Math.max(0, most - 8), most);
      const isListed = neighbours.subarray(6 * token, 6 * token + i).includes(neighbour);
      if (random() < 0.3 || isListed || uses[neighbour] === 6) continue;
      neighbours[6 * token + i] = neighbour;
      uses[neighbour]!++;
    }
  }
  return neighbours;
}

function makeInput({ seed, isChroma, sub, amplitude, largestStep, lambda }: Shape): QuantiserInput {
  const random = seededRandom(seed + 1);
  const allLimits = isChroma ? CHROMA_LIMIT : LUMA_LIMIT;
  const groupCount = integer(random, 1, allLimits.length - 1);
  const limits = Int32Array.from(allLimits.slice(0, groupCount + 1));
  const stride = sub < 0 ? 1 : 4;
  // Atoms need not fill the last group.
  const count = Math.max(stride, limits[groupCount]! - (random() < 0.5 ? integer(random, 0, 3) : 0));
  const decay = 1 - 0.1 * random();
  return {
    coefficients: Int32Array.from({ length: count }, (_, i) =>
      Math.round((random() - 0.5) * 2 * amplitude * 32768 * decay ** i),
    ),
    first: Math.max(0, sub),
    stride,
    steps: Int32Array.from({ length: count }, () => integer(random, 1, largestStep)),
    neighbours: makeNeighbours(random, count),
    contextOfSum: Uint8Array.from({ length: 19 }, (_, sum) => Math.min(7, Math.floor(sum / 2))),
    costs: Float32Array.from({ length: 16 * 8 * 16 }, (_, i) => 0.05 + random() * (1 + (i % 16))),
    groupCosts: Float32Array.from({ length: groupCount + 1 }, () => random() * 8),
    limits,
    offsets: [random() * 0.3, random() * 0.2],
    lambda,
    tokens: Int16Array.from({ length: count }, () => (random() < 0.3 ? integer(random, -5, 5) : 0)),
  };
}

describe('quantiseTokens', () => {
  test.prop(
    {
      seed: fc.nat(),
      isChroma: fc.boolean(),
      sub: fc.integer({ min: -1, max: 3 }),
      amplitude: fc.constantFrom(0, 0.4, 5, 60, 4000),
      largestStep: fc.constantFrom(1, 8, 100, 3000),
      lambda: fc.constantFrom(0, 0.01, 1, 50, 3000),
    },
    { numRuns: 400 },
  )('equals its twin', (shape) => {
    const input = makeInput(shape);
    expect(runKernel(input)).toEqual(quantiseTokens(input));
  });

  test('saves what a choice in order alone does not see', () => {
    const inputs = Array.from({ length: 50 }, (_, seed) =>
      makeInput({ seed: 1e8 * (seed + 1), isChroma: false, sub: -1, amplitude: 60, largestStep: 100, lambda: 50 }),
    );
    const saved = inputs.map((input) => 1 - quantiseTokens(input).cost / chooseTokens(input).cost);
    expect(Math.min(...saved)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...saved)).toBeGreaterThan(0.1);
  });

  test('never gives a token that cannot be coded', () => {
    const input = makeInput({ seed: 1, isChroma: false, sub: -1, amplitude: 4080, largestStep: 1, lambda: 0 });
    input.coefficients.fill(4080 * 32768);
    const { tokens } = runKernel(input);
    expect(Math.max(...tokens)).toBe(16383);
    expect(quantiseTokens(input).tokens).toEqual(tokens);
  });
});
