/** Values of one SIMD vector. */
export const LANES = 8;

/** Values of int16 grids lie in -INT16_LIMIT .. INT16_LIMIT - 1. */
export const INT16_LIMIT = 2 ** 15;

/** Channels of a position in memory, with zeros behind those of the grid. Planes have no gaps. */
export function paddedChannels(channels: number): number {
  return channels === 1 ? 1 : Math.ceil(channels / LANES) * LANES;
}
