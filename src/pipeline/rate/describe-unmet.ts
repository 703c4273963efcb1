/** Returns why a bit rate cannot be met, and the nearest one that can. */
export function describeUnmetRate(wanted: number, least: number): string {
  return (
    `a bit rate of ${describeRate(wanted)} cannot be met: this video needs ${describeRate(least)} at the lowest quality; ` +
    `give at least that, or scale the video down`
  );
}

/** `800 bit/s`, `12.3 kbit/s`, `1.23 Mbit/s`. */
export function describeRate(bitsPerSecond: number): string {
  if (bitsPerSecond < 1000) return `${Math.ceil(bitsPerSecond)} bit/s`;
  if (bitsPerSecond < 1e6) return `${(bitsPerSecond / 1000).toFixed(1)} kbit/s`;
  return `${(bitsPerSecond / 1e6).toFixed(3)} Mbit/s`;
}
