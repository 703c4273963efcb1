import { CHROMA_LIMIT, LUMA_LIMIT } from '../../../../src/codec/transform/frame-tokens.js';
import { tokenClass, type RateModel } from '../../../../src/codec/transform/encoder/rate-model.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import type { Kernels } from '../../../../src/kernels/kernels.js';

/** What the rate model is asked about: kind 0 (16x16), 1 (four 8x8), 2 (chroma), or 3, 4: luma and chroma of large blocks. */
export interface TokenKind {
  readonly kind: 0 | 1 | 2 | 3 | 4;
  readonly intra: boolean;
}

/**
 * Bits of the tokens of one block by the rate model, one token after another.
 *
 * @param groups number of coded groups; their own bits are not counted.
 * @param counts which tokens are counted; the others are only contexts.
 */
export function tokenBits(
  kernels: Kernels,
  pack: PackTables,
  rates: RateModel,
  { kind, intra }: TokenKind,
  tokens: Int16Array,
  groups: number,
  counts: (index: number) => boolean = () => true,
): number {
  // Large blocks have the contexts of 16x16 and of chroma.
  const contextKind = [0, 1, 2, 0, 2][kind]!;
  const limits = contextKind === 2 ? CHROMA_LIMIT : LUMA_LIMIT;
  const costs = rates.tokenCosts[tokenClass(kind, intra)]! / 4;
  const { basis16, basis8, basisChroma } = pack;
  const available = [basis16.atoms, 4 * basis8.atoms, 2 * basisChroma.atoms, 256, 128][kind]!;
  const coded = Math.min(limits[groups]!, available);
  let bits = 0;
  for (let index = 0; index < coded; index++) {
    if (!counts(index)) continue;
    const group = limits.findIndex((limit) => limit > index) - 1;
    const list = (contextKind * 256 + index) * 6;
    let sum = 0;
    for (const neighbour of pack.contextNeighbours.subarray(list, list + 6)) {
      if (neighbour !== 255) sum += Math.min(3, Math.abs(tokens[neighbour]!));
    }
    const row = costs + (group * 8 + pack.contextOfSum[sum]!) * 16;
    const magnitude = Math.abs(tokens[index]!);
    bits += kernels.f32[row + Math.min(15, magnitude)]!;
    if (magnitude >= 15) bits += 2 * Math.floor(Math.log2(magnitude - 14)) + 1;
  }
  return bits;
}
