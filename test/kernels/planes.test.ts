import { expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { SharedPlane, texture } from './arena.js';
import { extendEdges } from './twins/planes.js';

const side = fc.integer({ min: 1, max: 40 });

test.prop({ width: side, height: side, border: fc.integer({ min: 1, max: 32 }), seed: fc.nat() }, { numRuns: 40 })(
  'extendEdges equals its twin',
  ({ width, height, border, seed }) => {
    const plane = new SharedPlane(new Kernels(), width + 2 * border, height + 2 * border);
    plane.set(texture('noise', seed));
    const inner = Uint8Array.from({ length: width * height }, (_, i) => {
      const { data, at, stride } = plane.block(border, border);
      return data[at + Math.floor(i / width) * stride + (i % width)]!;
    });
    plane.kernels.call.extendEdges(plane.at(border, border), plane.stride, width, height, border);
    expect(plane.now()).toEqual(extendEdges(inner, width, height, border));
  },
);
