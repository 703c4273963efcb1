import type { Frame } from '../../src/video/frame.js';
import { noise } from './frames.js';

/**
 * A picture of edges and texture and one that differs by noise of `strength` (0..255) and a darker corner: the ones that
 * scripts/make-metric-vectors.py draws. Chroma is taken from luma.
 */
export function drawPair(
  width: number,
  height: number,
  seed: number,
  strength: number,
): { original: Frame; decoded: Frame } {
  const next = noise(seed);
  const original = new Uint8Array(width * height);
  const decoded = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isCurved = (Math.floor(x / 24) + Math.floor(y / 16)) % 2 === 1;
      const shape = isCurved ? Math.floor((x * x) / 64) + y * 3 : x * 5 + Math.floor((y * y) / 32);
      const value = Math.floor((3 * (shape % 256) + next()) / 4);
      const error = Math.floor(((next() - 128) * strength) / 255);
      const dark = x < Math.floor(width / 3) && y < Math.floor(height / 3) ? 20 : 0;
      original[y * width + x] = value;
      decoded[y * width + x] = Math.min(255, Math.max(0, value + error - dark));
    }
  }
  const withChroma = (luma: Uint8Array): Frame => {
    const [columns, rows] = [(width + 1) >> 1, (height + 1) >> 1];
    const u = Uint8Array.from(
      { length: columns * rows },
      (_, at) => luma[2 * Math.floor(at / columns) * width + 2 * (at % columns)]!,
    );
    return { width, height, y: luma, u, v: u.map((value) => 255 - (value >> 1)), pts: 0n, duration: 1n };
  };
  return { original: withChroma(original), decoded: withChroma(decoded) };
}
