/** Values of one SIMD vector. */
export const LANES = 8;

/** Channels of a position in memory, with zeros behind those of the grid. Planes have no gaps. */
export function paddedChannels(channels: number): number {
  return channels === 1 ? 1 : Math.ceil(channels / LANES) * LANES;
}
