import type { VisiblePlanes } from '../encoder/sequence-encoder.js';
import { GROUP, type CellGrid } from './cell-grid.js';
import type { PictureGroup } from './tokenizer.js';

/** One to four visible pictures as a group at coded size: edges are repeated, and so is the last picture. */
export function gatherPictures(grid: CellGrid, pictures: readonly VisiblePlanes[]): PictureGroup {
  const { width, height, codedWidth, codedHeight } = grid;
  const last = pictures.length - 1;
  const gather = (name: keyof VisiblePlanes, shift: 0 | 1): Uint8Array<ArrayBuffer> => {
    const size = (codedWidth >> shift) * (codedHeight >> shift);
    const target = new Uint8Array(GROUP * size);
    for (let index = 0; index < GROUP; index++) {
      const plane = pictures[Math.min(index, last)]![name];
      pad(plane, (width + shift) >> shift, (height + shift) >> shift, target, index * size, codedWidth >> shift);
    }
    return target;
  };
  return { y: gather('y', 0), u: gather('u', 1), v: gather('v', 1) };
}

/** Copies a plane into rows of `stride` samples that follow `to`, as many as make up cells, and repeats its edges. */
function pad(plane: Uint8Array, width: number, height: number, target: Uint8Array, to: number, stride: number): void {
  const rows = Math.ceil(target.length / GROUP / stride);
  for (let row = 0; row < rows; row++) {
    const from = Math.min(row, height - 1) * width;
    const start = to + row * stride;
    target.set(plane.subarray(from, from + width), start);
    if (width < stride) target.fill(plane[from + width - 1]!, start + width, start + stride);
  }
}
