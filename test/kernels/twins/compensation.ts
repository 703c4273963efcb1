import { clip, fill, sample, type Block } from './block.js';

/** FORMAT.md section 10, "Motion compensation": `taps` is [phases][tapCount], tap t applies to offset `t - before`. */
export function compensate(
  source: Block,
  width: number,
  height: number,
  taps: readonly (readonly number[])[],
  phaseX: number,
  phaseY: number,
): Uint8Array {
  const horizontal = taps[phaseX]!;
  const vertical = taps[phaseY]!;
  const before = horizontal.length / 2 - 1;
  const row = (y: number, x: number): number =>
    horizontal.reduce((sum, tap, t) => (tap === 0 ? sum : sum + tap * sample(source, y, x + t - before)), 0);
  return fill(width, height, (y, x) => {
    const sum = vertical.reduce((total, tap, t) => (tap === 0 ? total : total + tap * row(y + t - before, x)), 0);
    return clip(Math.floor((sum + 2048) / 4096), 0, 255);
  });
}

/** `(a + b + 1) >> 1`. */
export function averageBlocks(a: Block, b: Block, width: number, height: number): Uint8Array {
  return fill(width, height, (y, x) => Math.floor((sample(a, y, x) + sample(b, y, x) + 1) / 2));
}

/** `2 a - b`, limited to 0..255. */
export function aimBlock(a: Block, b: Block, width: number, height: number): Uint8Array {
  return fill(width, height, (y, x) => clip(2 * sample(a, y, x) - sample(b, y, x), 0, 255));
}
