import type { FrameHeader } from '../frame-header.js';
import type { ArrayLayout, NamedArrays, TokenArrayConverter } from '../token-arrays.js';
import type { FrameArrays } from '../workers/messages.js';
import { TOKENS_PER_BLOCK, type Geometry, type TokenArrays } from './frame-tokens.js';
import type { PackTables } from './pack-tables.js';
import { TokenAssembler } from './token-assembler.js';

/** Modes, motion and transform tokens of each frame as arrays. */
export class TransformTokenArrays implements TokenArrayConverter {
  readonly layout: readonly ArrayLayout[];
  readonly #assembler: TokenAssembler;

  constructor(geometry: Geometry, tables: PackTables, isResilient = false) {
    this.layout = transformLayout(geometry);
    this.#assembler = new TokenAssembler(geometry, this.layout, tables, isResilient);
  }

  layoutOf(): readonly ArrayLayout[] {
    return this.layout;
  }

  tokenGridsOf(): number {
    return 1;
  }

  arraysOf(tokens: FrameArrays): NamedArrays {
    return pickArrays(this.layout, tokens as TokenArrays);
  }

  tokensOf(header: FrameHeader, arrays: NamedArrays | null): FrameArrays {
    return this.#assembler.assemble(header, arrays!).arrays();
  }
}

/** The arrays of `FrameTokens` that hold all information. The two other arrays follow from them. */
export function transformLayout({ rows, columns, regionRows, regionColumns }: Geometry): ArrayLayout[] {
  const blocks = [rows, columns];
  const subBlocks = [2 * rows, 2 * columns];
  const regions = [regionRows, regionColumns];
  return [
    { name: 'blockSize', dtype: 'uint8', shape: blocks },
    { name: 'type', dtype: 'uint8', shape: blocks },
    { name: 'transform', dtype: 'uint8', shape: blocks },
    { name: 'basis', dtype: 'uint8', shape: blocks },
    { name: 'lumaGroups', dtype: 'uint8', shape: blocks },
    { name: 'chromaGroups', dtype: 'uint8', shape: blocks },
    { name: 'chromaFromLuma', dtype: 'uint8', shape: blocks },
    { name: 'intraMode', dtype: 'uint8', shape: subBlocks },
    { name: 'referenceIndex', dtype: 'int8', shape: subBlocks },
    { name: 'motion', dtype: 'int16', shape: [...subBlocks, 4] },
    { name: 'qOffset', dtype: 'int8', shape: regions },
    { name: 'filtered', dtype: 'uint8', shape: regions },
    { name: 'coefficients', dtype: 'int16', shape: [...blocks, TOKENS_PER_BLOCK] },
  ] satisfies (ArrayLayout & { readonly name: keyof TokenArrays })[];
}

/** Returns the arrays of a frame's tokens that the layout names. */
export function pickArrays(layout: readonly ArrayLayout[], tokens: TokenArrays): NamedArrays {
  return Object.fromEntries(layout.map(({ name }) => [name, tokens[name as keyof TokenArrays]]));
}
