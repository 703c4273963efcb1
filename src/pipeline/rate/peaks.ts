/** A coded frame: its time in ticks and its bits. */
export interface TimedBits {
  readonly pts: bigint;
  readonly bits: number;
}

/**
 * Returns for each frame by how much the worst second that contains it exceeds a limit: bits of the second, divided by
 * the limit.
 *
 * @param frames in any order.
 * @param second ticks of a second.
 * @param limit bits of a second.
 */
export function peakRatios(frames: readonly TimedBits[], second: bigint, limit: number): number[] {
  const order = frames.map((_, at) => at).sort((a, b) => (frames[a]!.pts < frames[b]!.pts ? -1 : 1));
  const ratios = frames.map(() => 0);
  let sum = 0;
  let end = 0;
  order.forEach((first, start) => {
    const until = frames[first]!.pts + second;
    for (; end < order.length && frames[order[end]!]!.pts < until; end++) sum += frames[order[end]!]!.bits;
    for (let at = start; at < end; at++) ratios[order[at]!] = Math.max(ratios[order[at]!]!, sum / limit);
    sum -= frames[first]!.bits;
  });
  return ratios;
}
