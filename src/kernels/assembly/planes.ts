/** Repeats the edge samples of a plane `border` samples outwards; `plane` points at sample (0, 0). */
export function extendEdges(plane: usize, stride: i32, width: i32, height: i32, border: i32): void {
  for (let row = 0; row < height; row++) {
    const line = plane + row * stride;
    memory.fill(line - border, load<u8>(line), border);
    memory.fill(line + width, load<u8>(line + width - 1), border);
  }
  const bytes = width + 2 * border;
  const first = plane - border;
  const last = plane + (height - 1) * stride - border;
  for (let row = 1; row <= border; row++) {
    memory.copy(first - row * stride, first, bytes);
    memory.copy(last + row * stride, last, bytes);
  }
}

/** Copies a block. JavaScript copies memory that threads share word by word, which is slower. */
export function copyBlock(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
): void {
  for (let row = 0; row < height; row++) {
    memory.copy(target, source, width);
    source += sourceStride;
    target += targetStride;
  }
}
