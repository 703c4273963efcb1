import type { FrameHead } from '../../codec/frame-head.js';
import type { Geometry, TokenArrays } from '../../codec/transform/frame-tokens.js';
import type { FrameArrays } from '../../codec/workers/messages.js';
import type { PackTables } from '../../codec/transform/pack-tables.js';
import type { TokenFamily } from './token-family.js';
import type { ArrayLayout, NamedArrays } from './token-source.js';
import { TransformAssembler } from './transform-assembler.js';
import { pickArrays, transformLayout } from './transform-layout.js';

/** The family `transform`: modes, motion and transform tokens of each frame. */
export class TransformFamily implements TokenFamily {
  readonly name = 'transform';
  readonly layout: readonly ArrayLayout[];
  readonly #assembler: TransformAssembler;

  constructor(geometry: Geometry, tables: PackTables) {
    this.layout = transformLayout(geometry);
    this.#assembler = new TransformAssembler(geometry, this.layout, tables);
  }

  layoutOf(): readonly ArrayLayout[] {
    return this.layout;
  }

  tokenFramesOf(): number {
    return 1;
  }

  arraysOf(tokens: FrameArrays): NamedArrays {
    return pickArrays(this.layout, tokens as TokenArrays);
  }

  tokensOf(head: FrameHead, arrays: NamedArrays | null): FrameArrays {
    return this.#assembler.assemble(head, arrays!).arrays();
  }
}
