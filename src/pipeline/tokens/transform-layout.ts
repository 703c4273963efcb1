import { TOKENS_PER_BLOCK, type Geometry, type TokenArrays } from '../../codec/transform/frame-tokens.js';
import type { ArrayLayout, NamedArrays } from './token-source.js';

/** The arrays of `FrameTokens` that say all; the two that are left out follow from them. */
export function transformLayout({ rows, columns, regionRows, regionColumns }: Geometry): ArrayLayout[] {
  const blocks = [rows, columns];
  const subBlocks = [2 * rows, 2 * columns];
  const regions = [regionRows, regionColumns];
  return [
    { name: 'type', dtype: 'uint8', shape: blocks },
    { name: 'transform', dtype: 'uint8', shape: blocks },
    { name: 'basis', dtype: 'uint8', shape: blocks },
    { name: 'lumaGroups', dtype: 'uint8', shape: blocks },
    { name: 'chromaGroups', dtype: 'uint8', shape: blocks },
    { name: 'intraMode', dtype: 'uint8', shape: subBlocks },
    { name: 'reference', dtype: 'int8', shape: subBlocks },
    { name: 'motion', dtype: 'int16', shape: [...subBlocks, 4] },
    { name: 'qOffset', dtype: 'int8', shape: regions },
    { name: 'filtered', dtype: 'uint8', shape: regions },
    { name: 'coefficients', dtype: 'int16', shape: [...blocks, TOKENS_PER_BLOCK] },
  ] satisfies (ArrayLayout & { readonly name: keyof TokenArrays })[];
}

/** Those arrays of a frame's tokens that the layout names. */
export function pickArrays(layout: readonly ArrayLayout[], tokens: TokenArrays): NamedArrays {
  return Object.fromEntries(layout.map(({ name }) => [name, tokens[name as keyof TokenArrays]]));
}
