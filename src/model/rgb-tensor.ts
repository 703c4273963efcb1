import type { FloatTensor } from './float-graph.js';

/**
 * Interleaved 8-bit RGB of pictures of one size as float32 planes [pictures, 3, height, width], -1..1.
 *
 * @param pictures each `width * height * 3` bytes.
 */
export function rgbToTensor(pictures: readonly Uint8Array[], width: number, height: number): FloatTensor {
  const size = width * height;
  const data = new Float32Array(pictures.length * 3 * size);
  pictures.forEach((rgb, picture) => {
    for (let channel = 0; channel < 3; channel++) {
      const to = (3 * picture + channel) * size;
      for (let at = 0; at < size; at++) data[to + at] = rgb[3 * at + channel]! / 127.5 - 1;
    }
  });
  return { data, dims: [pictures.length, 3, height, width] };
}
