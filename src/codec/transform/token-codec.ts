import { RansDecoder } from '../../entropy/rans-decoder.js';
import { RansEncoder } from '../../entropy/rans-encoder.js';
import { SymbolReader, SymbolWriter, type SymbolCoder } from '../../entropy/symbol-coder.js';
import { BitstreamError } from '../../errors.js';
import type { PackTables } from './pack-tables.js';
import { CoefficientSyntax } from './coefficient-syntax.js';
import type { FrameHeader } from '../frame-header.js';
import { FrameTokens, type Geometry } from './frame-tokens.js';
import { ModeSyntax } from './mode-syntax.js';
import { FramePrior, type PriorGraphs, type TokenMemory } from './prior.js';
import { ProbabilityTables, type SavedProbabilities } from './probability-tables.js';
import { TemporalMotion } from './temporal-motion.js';
import { release } from '../../platform/threads.js';

/**
 * Converts the tokens of frames to the bytes of packets and back, in coding order. Holds the state that parsing of
 * later frames needs: adapted tables and the token memory of each reference slot. It does not need pictures.
 */
export class TokenCodec {
  readonly #geometry: Geometry;
  readonly #intraClass: Uint8Array;
  readonly #graphs: PriorGraphs;
  readonly #probabilities: ProbabilityTables;
  readonly #modeSyntax: ModeSyntax;
  readonly #coefficientSyntax: CoefficientSyntax;
  readonly #isResilient: boolean;
  readonly #memories = new Map<number, TokenMemory>();
  /** In resilient streams, the tables after the last key frame. */
  #afterKey: SavedProbabilities | null = null;
  readonly #encoder = new RansEncoder();
  /** The prior of the last frame, until the next one is coded. The dump of training data also reads it. */
  lastPrior: FramePrior | undefined;

  /** @param isResilient true: parsing of an inter frame depends on its key frame only (FORMAT.md section 7). */
  constructor(geometry: Geometry, pack: PackTables, graphs: PriorGraphs, isResilient = false) {
    this.#isResilient = isResilient;
    this.#geometry = geometry;
    this.#intraClass = pack.intraClass;
    this.#graphs = graphs;
    this.#probabilities = new ProbabilityTables(pack);
    this.#modeSyntax = new ModeSyntax(this.#probabilities, pack, new TemporalMotion(isResilient));
    this.#coefficientSyntax = new CoefficientSyntax(this.#probabilities, pack);
  }

  /** Returns the bytes of a frame's tokens. */
  async write(header: FrameHeader, tokens: FrameTokens): Promise<Uint8Array> {
    await this.#code(new SymbolWriter(this.#encoder), header, tokens);
    return this.#encoder.finish();
  }

  /** Returns the tokens in the bytes of a packet.
   *
   * @throws BitstreamError if the bytes are not a frame of this stream, or if a frame that it refers to was not read.
   */
  async read(header: FrameHeader, bytes: Uint8Array): Promise<FrameTokens> {
    const tokens = new FrameTokens(this.#geometry);
    const decoder = new RansDecoder(bytes);
    await this.#code(new SymbolReader(decoder), header, tokens);
    decoder.finish();
    return tokens;
  }

  async #code(coder: SymbolCoder, header: FrameHeader, tokens: FrameTokens): Promise<void> {
    if (this.lastPrior !== undefined) release(this.lastPrior.buffers());
    this.lastPrior = undefined;
    if (header.kind === 'key') {
      this.#probabilities.reset();
      release(Array.from(this.#memories.values(), ({ buffer }) => buffer));
      this.#memories.clear();
    } else if (this.#afterKey !== null) this.#probabilities.restore(this.#afterKey);
    this.#modeSyntax.code(coder, header, tokens);
    const memories = [this.#memory(header.referenceSlot0), this.#memory(header.referenceSlot1)] as const;
    const prior = new FramePrior(header, tokens, this.#intraClass, memories);
    this.#coefficientSyntax.code(coder, tokens, 0, await prior.first(this.#graphs));
    this.#coefficientSyntax.code(coder, tokens, 1, await prior.second(this.#graphs));
    if (this.#isResilient) {
      if (header.kind === 'key') this.#afterKey = this.#probabilities.save();
    } else if (header.refreshSlot !== null) this.#fill(header.refreshSlot, prior.nextMemory());
    this.lastPrior = prior;
  }

  #fill(slot: number, memory: TokenMemory): void {
    const before = this.#memories.get(slot);
    if (before !== undefined) release([before.buffer]);
    this.#memories.set(slot, memory);
  }

  #memory(slot: number | null): TokenMemory | null {
    if (slot === null || this.#isResilient) return null;
    const memory = this.#memories.get(slot);
    if (memory === undefined) {
      throw new BitstreamError(`the frame refers to slot ${slot}, which is empty`, { field: 'reference' });
    }
    return memory;
  }
}
