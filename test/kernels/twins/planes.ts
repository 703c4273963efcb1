import { clip } from './block.js';

/** A plane [height, width] with its edge samples repeated `border` samples outwards. */
export function extendEdges(plane: Uint8Array, width: number, height: number, border: number): Uint8Array {
  const stride = width + 2 * border;
  return Uint8Array.from({ length: stride * (height + 2 * border) }, (_, i) => {
    const row = clip(Math.floor(i / stride) - border, 0, height - 1);
    const column = clip((i % stride) - border, 0, width - 1);
    return plane[row * width + column]!;
  });
}
