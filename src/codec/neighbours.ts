/** An offset in rows and columns. */
export type Offset = readonly [number, number];

/** Neighbours in the order of the priors' inputs: left, above, right, below, then the corners. */
export const AROUND: readonly Offset[] = [
  [0, -1],
  [-1, 0],
  [0, 1],
  [1, 0],
  [-1, -1],
  [-1, 1],
  [1, -1],
  [1, 1],
];
