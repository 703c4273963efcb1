import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { packMatrix } from '../../src/codec/transform/kernel-tables.js';
import { integer, SharedPlane, texture, TEXTURES } from './arena.js';
import { seededRandom } from '../entropy/random.js';
import * as twin from './twins/intra.js';

const kernels = new Kernels();
const plane = new SharedPlane(kernels, 160, 80);
const [luma, edgeLuma, edge] = [0, 1, 2].map(() => new SharedPlane(kernels, 160, 80)) as [
  SharedPlane,
  SharedPlane,
  SharedPlane,
];
const boundaryAt = kernels.allocate(208);
const smallAt = kernels.allocate(64);
const blockAt = kernels.allocate(256);
const matrixAt = kernels.allocate(256 * 56 * 2 + 2048);
const kind = fc.constantFrom(...TEXTURES);
const size = fc.constantFrom(8, 16);

describe('intra kernels equal their twins', () => {
  test.prop({
    kind,
    seed: fc.nat(),
    size: fc.constantFrom(8, 16, 32, 64),
    top: fc.boolean(),
    left: fc.boolean(),
    topRight: fc.boolean(),
  })('intraBoundary', ({ kind, seed, size, top, left, topRight }) => {
    plane.set(texture(kind, seed));
    kernels.u8.fill(9, boundaryAt, boundaryAt + 208);
    kernels.call.intraBoundary(plane.at(9, 11), plane.stride, size, top, left, topRight, boundaryAt);
    const expected = twin.intraBoundary(plane.block(9, 11), size, { top, left, topRight });
    expect(kernels.u8.slice(boundaryAt, boundaryAt + expected.length)).toEqual(expected);
    expect(kernels.u8[boundaryAt + expected.length]).toBe(9);
  });

  test.prop({
    kinds: fc.tuple(kind, kind, kind),
    seed: fc.nat(),
    size: fc.constantFrom(8, 16, 32),
    top: fc.boolean(),
    left: fc.boolean(),
  })('predictFromLuma', ({ kinds, seed, size, top, left }) => {
    const available = { top, left };
    edgeLuma.set(texture(kinds[0], seed));
    luma.set(texture(kinds[1], seed + 1));
    edge.set(texture(kinds[2], seed + 2));
    plane.set(() => 3);
    kernels.call.predictFromLuma(
      ...([edgeLuma.at(6, 8), luma.at(6, 8), luma.stride, edge.at(5, 7), plane.at(5, 7), plane.stride, size] as const),
      ...([top, left] as const),
    );
    const expected = twin.predictFromLuma(edgeLuma.block(6, 8), luma.block(6, 8), edge.block(5, 7), size, available);
    expect(Buffer.compare(plane.now(), plane.with(5, 7, size, expected))).toBe(0);
  });

  const shift = fc.constantFrom(1, 2);

  test.prop({ kind, seed: fc.nat(), shift })('shrinkBoundary', ({ kind, seed, shift }) => {
    const boundary = Uint8Array.from({ length: 1 + (48 << shift) }, texture(kind, seed));
    kernels.u8.set(boundary, boundaryAt);
    kernels.u8.fill(9, smallAt, smallAt + 64);
    kernels.call.shrinkBoundary(boundaryAt, shift, smallAt);
    expect(kernels.u8.slice(smallAt, smallAt + 49)).toEqual(twin.shrinkBoundary(boundary, 1 << shift));
    expect(kernels.u8[smallAt + 49]).toBe(9);
  });

  test.prop({ kinds: fc.tuple(kind, kind), seed: fc.nat(), shift })('enlargePrediction', ({ kinds, seed, shift }) => {
    const boundary = Uint8Array.from({ length: 1 + (48 << shift) }, texture(kinds[0], seed));
    const block = Uint8Array.from({ length: 256 }, texture(kinds[1], seed + 1));
    kernels.u8.set(boundary, boundaryAt);
    kernels.u8.set(block, blockAt);
    plane.set(() => 3);
    kernels.call.enlargePrediction(blockAt, boundaryAt, shift, plane.at(7, 5), plane.stride);
    const expected = twin.enlargePrediction(block, boundary, 1 << shift);
    expect(Buffer.compare(plane.now(), plane.with(7, 5, 16 << shift, expected))).toBe(0);
  });

  test.prop({
    kind,
    seed: fc.nat(),
    size,
    extreme: fc.boolean(),
    density: fc.constantFrom(0, 0.02, 0.3, 1),
  })('intraPredict', ({ kind, seed, size, extreme, density }) => {
    plane.set(() => 3);
    const columns = 3 * size + 1;
    const next = texture(kind, seed);
    const boundary = Uint8Array.from({ length: columns }, next);
    const random = seededRandom(seed + 1);
    const matrix = Int8Array.from({ length: size * size * columns }, () => {
      if (random() >= density) return 0;
      return extreme ? (random() < 0.5 ? -128 : 127) : integer(random, -20, 24);
    });
    kernels.u8.set(packMatrix(matrix, size), matrixAt);
    kernels.u8.set(boundary, boundaryAt);
    kernels.call.intraPredict(boundaryAt, size, matrixAt, plane.at(7, 5), plane.stride);
    expect(plane.now()).toEqual(plane.with(7, 5, size, twin.intraPredict(boundary, size, matrix)));
  });
});
