import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import { Decoder, type DecodedFrame, type DecoderOptions } from '../../codec/decoder.js';
import { Encoder, type EncoderOptions } from '../../codec/encoder.js';

/** How a chunk is decoded. */
export interface DecodeChunkOptions extends Omit<DecoderOptions, 'strict'> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Encoders and decoders of chunks. Starting one takes as long as coding some dozens of frames (threads, packs, code that
 * is not optimised yet), so they are kept for the next chunk with the same size and options.
 */
export class KeptCodecs implements AsyncDisposable {
  readonly #encoders: Kept<Encoder>;
  readonly #decoders: Kept<Decoder>;

  /** @param most the number of encoders and of decoders to keep; 0: each chunk has new ones. */
  constructor(most: number) {
    this.#encoders = new Kept(most);
    this.#decoders = new Kept(most);
  }

  /**
   * Lends an encoder while `use` runs. If that throws, the encoder is not used again.
   *
   * @param options of all chunks that may share the encoder; `use` gives the quality to `Encoder.encode`.
   */
  async lendEncoder<T>(
    { width, height }: { readonly width: number; readonly height: number },
    options: Omit<EncoderOptions, 'quality' | 'isChunk'>,
    use: (encoder: Encoder) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([width, height, options]);
    return await this.#encoders.lend(key, () => Encoder.create(width, height, { ...options, isChunk: true }), use);
  }

  /**
   * Decodes the packets of a chunk, strictly, with a decoder that is lent in the same way.
   *
   * @param use reads the frames, in display order, to their end.
   * @throws BitstreamError at damage; CancelledError if `signal` fires.
   */
  async decode<T>(
    header: StreamHeader,
    packets: readonly Packet[],
    { pack, postFilter, device, threads, signal }: DecodeChunkOptions,
    use: (frames: AsyncGenerator<DecodedFrame, void, void>) => Promise<T>,
  ): Promise<T> {
    const options: DecoderOptions = {
      ...(pack === undefined ? {} : { pack }),
      ...(postFilter === undefined ? {} : { postFilter }),
      ...(device === undefined ? {} : { device }),
      ...(threads === undefined ? {} : { threads }),
      strict: true,
    };
    async function* fed(): AsyncGenerator<Packet, void, undefined> {
      await Promise.resolve();
      yield* packets;
    }
    const { width, height, packName, reorderDepth, isResilient } = header;
    const packId = Buffer.from(header.packId).toString('hex');
    const key = JSON.stringify([width, height, packName, packId, reorderDepth, isResilient, options]);
    const create = (): Promise<Decoder> => Decoder.create(header, options);
    return await this.#decoders.lend(key, create, (decoder) => use(decoder.decode(fed(), { signal })));
  }

  /** Ends all that are kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#encoders[Symbol.asyncDispose](), this.#decoders[Symbol.asyncDispose]()]);
  }
}

/** Encoders or decoders that wait for their next chunk; keys tell which of them are alike. */
class Kept<Codec extends AsyncDisposable> implements AsyncDisposable {
  readonly #most: number;
  /** The one that was used last comes last. */
  readonly #idle: { readonly key: string; readonly codec: Codec }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async lend<T>(key: string, create: () => Promise<Codec>, use: (codec: Codec) => Promise<T>): Promise<T> {
    const at = this.#idle.findLastIndex((idle) => idle.key === key);
    const codec = at < 0 ? await create() : this.#idle.splice(at, 1)[0]!.codec;
    let isDone = false;
    try {
      const result = await use(codec);
      isDone = true;
      return result;
    } finally {
      if (isDone) this.#idle.push({ key, codec });
      else await codec[Symbol.asyncDispose]();
      if (this.#idle.length > this.#most) await this.#idle.shift()!.codec[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(({ codec }) => codec[Symbol.asyncDispose]()));
  }
}
