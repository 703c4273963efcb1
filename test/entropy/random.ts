/** Seeded uniform numbers in [0, 1): xorshift32, so that test data are the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A valid table of `symbols` frequencies that falls about geometrically by `decay`. */
export function geometricTable(symbols: number, decay: number): Uint16Array {
  const weights = Array.from({ length: symbols }, (_, symbol) => decay ** symbol);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const table = Uint16Array.from(weights, (weight) => 1 + Math.floor(((32768 - symbols) * weight) / total));
  const sum = table.reduce((before, frequency) => before + frequency, 0);
  table[0] = (table[0] ?? 0) + 32768 - sum;
  return table;
}

/** Draws a symbol with the probabilities of a table. */
export function drawSymbol(table: Uint16Array, random: () => number): number {
  let slot = Math.floor(random() * 32768);
  let symbol = 0;
  while (slot >= (table[symbol] ?? 32768)) slot -= table[symbol++] ?? 0;
  return symbol;
}
