import type { StreamHeader } from '../../bitstream/stream-header.js';
import { checkInteger } from '../../codec/check-integer.js';
import type { FrameHeader } from '../../codec/frame-header.js';
import { findFamily } from '../../codec/find-family.js';
import { tokenBuffers, type TokenRequest, type TokenResponse } from '../../codec/workers/messages.js';
import type { WorkerLink } from '../../threads/worker-link.js';
import { BitstreamError } from '../../errors.js';
import { resolveDevice } from '../../model/device.js';
import type { Device } from '../../model/graph.js';
import { loadMatchingPack, type ModelPack } from '../../model/pack.js';
import { checkArrays, type NamedArrays, type TokenArrayConverter } from '../../codec/token-arrays.js';
import type { PackFamily } from '../../model/manifest.js';

/** The number of packets that wait for the worker: enough to keep it busy. */
export const CODER_IN_FLIGHT = 3;

/** The options for reading and writing tokens. */
export interface TokenCoderOptions {
  /** Name or folder of the model pack. Default: the pack that the stream or the token file names. */
  readonly pack?: string;
  /** Where graphs run. Default: `auto`. */
  readonly device?: 'auto' | Device;
  /** Threads of each graph in onnxruntime, 1..64. Default: 1. */
  readonly threads?: number;
}

/** Converts the bytes of packets to arrays of tokens and back, in coding order, in a worker. It decodes no pictures. */
export class TokenCoder implements AsyncDisposable {
  readonly family: PackFamily;
  /** Arrays of a packet's tokens. */
  readonly arrays: TokenArrayConverter;
  readonly #link: WorkerLink<TokenRequest, TokenResponse>;

  private constructor(header: StreamHeader, pack: ModelPack, device: Device, threads: number) {
    const { width, height, isResilient } = header;
    this.family = pack.family;
    const family = findFamily(pack);
    this.arrays = family.openTokenArrays(pack, width, height, isResilient);
    this.#link = family.open({ pack, width, height, device, threads, isResilient }).startTokenCodec();
  }

  /**
   * Makes a coder for the stream with this header.
   *
   * @throws ModelError if the pack is missing or has another identity; InputError if an option is out of range;
   * EnvironmentError.
   */
  static async create(header: StreamHeader, options: TokenCoderOptions): Promise<TokenCoder> {
    const { threads = 1 } = options;
    checkInteger('threads', threads, 1, 64);
    const pack = await loadMatchingPack(options.pack, header, 'the tokens were');
    const { device } = await resolveDevice(options.device ?? 'auto', pack);
    return new TokenCoder(header, pack, device, threads);
  }

  /**
   * Returns the arrays of a packet's tokens; null if the packet has no tokens.
   *
   * @throws BitstreamError if the bytes are not a frame of this stream.
   */
  async read(header: FrameHeader, bytes: Uint8Array): Promise<NamedArrays | null> {
    const reply = await this.#link.call({ kind: 'read', header, bytes });
    if (reply.kind === 'lost') throw new BitstreamError(reply.reason);
    if (reply.kind !== 'tokens') throw new Error(`the token worker answered ${reply.kind} to a read`);
    return this.arrays.tokenGridsOf(header) > 0 ? this.arrays.arraysOf(reply.tokens) : null;
  }

  /**
   * Returns the bytes of a packet's tokens. The arrays are not changed.
   *
   * @throws InputError if the packet cannot have these tokens.
   */
  async write(header: FrameHeader, arrays: NamedArrays | null): Promise<Uint8Array> {
    checkArrays(this.arrays.layoutOf(header), arrays);
    const tokens = this.arrays.tokensOf(header, arrays);
    const reply = await this.#link.call({ kind: 'write', header, tokens }, tokenBuffers(tokens));
    if (reply.kind !== 'bytes') throw new Error(`the token worker answered ${reply.kind} to a write`);
    return reply.bytes;
  }

  /** Ends the worker. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#link[Symbol.asyncDispose]();
  }
}
