import { RansDecoder } from '../../entropy/rans-decoder.js';
import { RansEncoder } from '../../entropy/rans-encoder.js';
import { SymbolReader, SymbolWriter, type SymbolCoder } from '../../entropy/symbol-coder.js';
import { BitstreamError } from '../../errors.js';
import type { PackTables } from './pack-tables.js';
import { CoefficientSyntax } from './coefficient-syntax.js';
import type { FrameHead } from '../frame-head.js';
import { FrameTokens, type Geometry } from './frame-tokens.js';
import { ModeSyntax } from './mode-syntax.js';
import { FramePrior, type PriorGraphs, type TokenMemory } from './prior.js';
import { SyntaxTables } from './syntax-tables.js';
import { release } from '../../platform/index.js';

/**
 * Turns the tokens of frames into the bytes of packets and back, in coding order. Holds what later frames' parsing needs
 * of earlier ones: adapted tables and the token memory of each reference slot. Pictures play no part in it.
 */
export class TokenCodec {
  readonly #geometry: Geometry;
  readonly #graphs: PriorGraphs;
  readonly #tables: SyntaxTables;
  readonly #modes: ModeSyntax;
  readonly #coefficients: CoefficientSyntax;
  readonly #memories = new Map<number, TokenMemory>();
  readonly #encoder = new RansEncoder();
  /** The prior of the last frame, until the next one is coded: for the developer's dump of training data, too. */
  lastPrior: FramePrior | undefined;

  constructor(geometry: Geometry, pack: PackTables, graphs: PriorGraphs) {
    this.#geometry = geometry;
    this.#graphs = graphs;
    this.#tables = new SyntaxTables(pack);
    this.#modes = new ModeSyntax(this.#tables, pack);
    this.#coefficients = new CoefficientSyntax(this.#tables, pack);
  }

  /** Bytes of a frame's tokens. */
  async write(head: FrameHead, tokens: FrameTokens): Promise<Uint8Array> {
    await this.#code(new SymbolWriter(this.#encoder), head, tokens);
    return this.#encoder.finish();
  }

  /**
   * Tokens of a packet's bytes.
   *
   * @throws BitstreamError if the bytes are no frame of this stream, or a frame it refers to has not been read.
   */
  async read(head: FrameHead, bytes: Uint8Array): Promise<FrameTokens> {
    const tokens = new FrameTokens(this.#geometry);
    const decoder = new RansDecoder(bytes);
    await this.#code(new SymbolReader(decoder), head, tokens);
    decoder.finish();
    return tokens;
  }

  async #code(coder: SymbolCoder, head: FrameHead, tokens: FrameTokens): Promise<void> {
    if (this.lastPrior !== undefined) release(this.lastPrior.buffers());
    this.lastPrior = undefined;
    if (head.kind === 'key') {
      this.#tables.reset();
      release(Array.from(this.#memories.values(), ({ buffer }) => buffer));
      this.#memories.clear();
    }
    this.#modes.code(coder, head, tokens);
    const memories = [this.#memory(head.reference0), this.#memory(head.reference1)] as const;
    const prior = new FramePrior(head, tokens, memories);
    this.#coefficients.code(coder, tokens, 0, await prior.first(this.#graphs));
    this.#coefficients.code(coder, tokens, 1, await prior.second(this.#graphs));
    if (head.fills !== null) this.#fill(head.fills, prior.nextMemory());
    this.lastPrior = prior;
  }

  #fill(slot: number, memory: TokenMemory): void {
    const before = this.#memories.get(slot);
    if (before !== undefined) release([before.buffer]);
    this.#memories.set(slot, memory);
  }

  #memory(slot: number | null): TokenMemory | null {
    if (slot === null) return null;
    const memory = this.#memories.get(slot);
    if (memory === undefined) {
      throw new BitstreamError(`the frame refers to slot ${String(slot)}, which is empty`, { field: 'reference' });
    }
    return memory;
  }
}
