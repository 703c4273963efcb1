import type { VisiblePlanes } from '../planes.js';
import { writePlane } from '../planes.js';
import { GROUP, type CellGrid } from './cell-grid.js';
import type { PictureGroup } from './tokenizer.js';

/** One to four visible pictures as a group at coded size: edges are repeated, and so is the last picture. */
export function gatherPictures(grid: CellGrid, pictures: readonly VisiblePlanes[]): PictureGroup {
  const { width, height, codedWidth, codedHeight } = grid;
  const last = pictures.length - 1;
  const gather = (name: keyof VisiblePlanes, shift: 0 | 1): Uint8Array<ArrayBuffer> => {
    const plane = { stride: codedWidth >> shift, width: codedWidth >> shift, height: codedHeight >> shift };
    const size = plane.width * plane.height;
    const target = new Uint8Array(GROUP * size);
    for (let index = 0; index < GROUP; index++) {
      const samples = pictures[Math.min(index, last)]![name];
      writePlane(target, { ...plane, at: index * size }, samples, (width + shift) >> shift, (height + shift) >> shift);
    }
    return target;
  };
  return { y: gather('y', 0), u: gather('u', 1), v: gather('v', 1) };
}

/** Sum of squared luma errors of the last of four pictures. */
export function lastPictureError({ y }: PictureGroup, decoded: PictureGroup): number {
  let sum = 0;
  for (let at = (y.length / GROUP) * (GROUP - 1); at < y.length; at++) sum += (y[at]! - decoded.y[at]!) ** 2;
  return sum;
}
