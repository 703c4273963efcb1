import type { Frame } from '../../src/video/frame.js';

/** A frame whose samples come from functions of plane position; values are stored modulo 256. */
export function makeFrame(
  width: number,
  height: number,
  luma: (x: number, y: number) => number,
  chroma: (x: number, y: number, plane: 0 | 1) => number = () => 128,
): Frame {
  const columns = (width + 1) >> 1;
  const rows = (height + 1) >> 1;
  const fill = (w: number, h: number, sample: (x: number, y: number) => number): Uint8Array =>
    Uint8Array.from({ length: w * h }, (_, at) => sample(at % w, Math.floor(at / w)));
  return {
    width,
    height,
    y: fill(width, height, luma),
    u: fill(columns, rows, (x, y) => chroma(x, y, 0)),
    v: fill(columns, rows, (x, y) => chroma(x, y, 1)),
    pts: 0n,
    duration: 1n,
  };
}

/** Repeatable noise, 0..255. */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}
