import type { FrameHead } from '../../codec/frame-head.js';
import type { CellGrid } from '../../codec/lookup-free/cell-grid.js';
import { hasOwnTokens } from '../../codec/lookup-free/cell-tokens.js';
import type { FrameArrays } from '../../codec/workers/messages.js';
import { InputError } from '../../errors.js';
import { TOKEN_CHANNELS } from '../../model/bit-tables.js';
import type { TokenFamily } from './token-family.js';
import { placeOf, type ArrayLayout, type NamedArrays } from './token-source.js';

/** The family `lookup-free`: one id for each cell of a token frame, which shows up to four pictures. */
export class LookupFreeFamily implements TokenFamily {
  readonly name = 'lookup-free';
  readonly layout: readonly ArrayLayout[];

  constructor({ rows, columns }: CellGrid) {
    this.layout = [{ name: 'ids', dtype: 'uint32', shape: [rows, columns] }];
  }

  hasTokens(head: FrameHead): boolean {
    return hasOwnTokens(head);
  }

  arraysOf(tokens: FrameArrays): NamedArrays {
    return tokens;
  }

  tokensOf({ q }: FrameHead, arrays: NamedArrays | null): FrameArrays {
    const ids = Uint32Array.from(arrays?.['ids'] ?? []);
    if (q < 1 || q > TOKEN_CHANNELS) throw new InputError(`q is ${q}; tokens have 1..${TOKEN_CHANNELS} channels`);
    const at = ids.findIndex((id) => id >= 2 ** q);
    if (at >= 0) {
      throw new InputError(
        `ids${placeOf(this.layout[0]!, at)} is ${ids[at]!}; with q ${q} it must be 0..${2 ** q - 1}`,
      );
    }
    return { ids };
  }
}
