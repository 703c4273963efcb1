import { RansDecoder } from '../../entropy/rans-decoder.js';
import { RansEncoder } from '../../entropy/rans-encoder.js';
import { SymbolReader, SymbolWriter, type SymbolCoder } from '../../entropy/symbol-coder.js';
import { BitstreamError } from '../../errors.js';
import type { PackTables } from './pack-tables.js';
import { Kernels, type Pointer } from '../../kernels/kernels.js';
import { CoefficientCoder } from './coefficient-coder.js';
import type { FrameHeader } from '../frame-header.js';
import { FrameTokens, type Geometry } from './frame-tokens.js';
import { ModeSyntax } from './mode-syntax.js';
import { FramePrior, PriorMemory, type PriorGraphs, type Scales } from './prior.js';
import { ProbabilityTables, type SavedProbabilities } from './probability-tables.js';
import { TemporalMotion } from './temporal-motion.js';

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
  readonly #coefficients: CoefficientCoder;
  readonly #isResilient: boolean;
  readonly #memory: PriorMemory;
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
    const kernels = new Kernels();
    this.#coefficients = new CoefficientCoder(kernels, pack, geometry.rows * geometry.columns);
    this.#memory = new PriorMemory(kernels, geometry, this.#coefficients.codes);
    this.#probabilities = new ProbabilityTables(pack, undefined, this.#coefficients.frequencies);
    this.#modeSyntax = new ModeSyntax(this.#probabilities, pack, new TemporalMotion(isResilient));
  }

  /** Returns the bytes of a frame's tokens. */
  async write(header: FrameHeader, tokens: FrameTokens): Promise<Uint8Array> {
    const encoder = this.#encoder;
    await this.#code(new SymbolWriter(encoder), header, tokens, (pass, scales) => {
      this.#coefficients.write(encoder, tokens, pass, scales);
    });
    return encoder.finish();
  }

  /** Returns the tokens in the bytes of a packet.
   *
   * @param spare tokens that an earlier call returned and nobody needs any more; their memory is used for the new ones.
   * @throws BitstreamError if the bytes are not a frame of this stream, or if a frame that it refers to was not read.
   */
  async read(header: FrameHeader, packet: Uint8Array, spare?: FrameTokens): Promise<FrameTokens> {
    spare?.clear();
    const tokens = spare ?? new FrameTokens(this.#geometry);
    const { bytes, offset } = this.#coefficients.hold(packet);
    const decoder = new RansDecoder(bytes, offset, packet.length);
    await this.#code(new SymbolReader(decoder), header, tokens, (pass, scales) => {
      this.#coefficients.read(decoder, tokens, pass, scales);
    });
    decoder.finish();
    return tokens;
  }

  async #code(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    codeCoefficients: (pass: 0 | 1, scales: Scales) => void,
  ): Promise<void> {
    if (header.kind === 'key') {
      this.#probabilities.reset();
      this.#memory.clear();
    } else if (this.#afterKey !== null) this.#probabilities.restore(this.#afterKey);
    this.#modeSyntax.code(coder, header, tokens);
    const references = [this.#reference(header.referenceSlot0), this.#reference(header.referenceSlot1)] as const;
    this.#coefficients.begin();
    const prior = new FramePrior(header, tokens, this.#intraClass, this.#memory, references);
    codeCoefficients(0, await prior.first(this.#graphs));
    codeCoefficients(1, await prior.second(this.#graphs));
    if (this.#isResilient) {
      if (header.kind === 'key') this.#afterKey = this.#probabilities.save();
    } else if (header.refreshSlot !== null) prior.writeNextMemory(header.refreshSlot);
    this.lastPrior = prior;
  }

  #reference(slot: number | null): Pointer | null {
    if (slot === null || this.#isResilient) return null;
    const memory = this.#memory.ofSlot(slot);
    if (memory === undefined) {
      throw new BitstreamError(`the frame refers to slot ${slot}, which is empty`, { field: 'reference' });
    }
    return memory;
  }
}
