/** Steps of the golden ratio: the fractions of any run of numbers cover 0..1 evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Returns a whole quality for one of many frames or regions that share a quality with a fraction. The mean over many
 * is the shared quality. A shared quality without a fraction is returned as it is.
 *
 * @param index the number of the frame or region, from 0.
 */
export function wholeQuality(quality: number, index: number): number {
  return Math.floor(quality + ((index * GOLDEN) % 1));
}
