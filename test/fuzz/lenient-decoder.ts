import { memorySource } from '../../src/bitstream/byte-source.js';
import type { Packet } from '../../src/bitstream/packet.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { Geometry } from '../../src/codec/frame-tokens.js';
import { loopChecksum } from '../../src/codec/loop-checksum.js';
import { PictureDecoder } from '../../src/codec/picture-decoder.js';
import { TokenCodec } from '../../src/codec/token-codec.js';
import { BitstreamError } from '../../src/errors.js';
import { Kernels } from '../../src/kernels/kernels.js';
import type { PackTables } from '../../src/model/pack-tables.js';
import { pipe } from '../bitstream/samples.js';
import type { ExactGraphs } from '../codec/tiny.js';

/** Larger pictures than this are legal but slow: of such streams only the sections are read. */
const AREA_LIMIT = 2 ** 18;

/** What became of a stream. */
export interface Outcome {
  /** Frames that were decoded, and frames in whose place a decoder holds the last good picture. */
  readonly good: number;
  readonly concealed: number;
  /** Ranges that were reported as damaged or missing. */
  readonly damaged: number;
  /** Whether the stream was refused as a whole. */
  readonly isRefused: boolean;
}

/**
 * Decodes in this thread as the workers of `Decoder` do: from damage on frames are lost until the next key frame.
 * Anything thrown but a BitstreamError comes through, and none but the header's is thrown.
 */
export class LenientDecoder {
  readonly #tables: PackTables;
  readonly #graphs: ExactGraphs;
  /** One for each size of picture, used again and again: what one stream leaves behind must not show in the next. */
  readonly #codecs = new Map<string, { codec: TokenCodec; pictures: PictureDecoder }>();

  constructor(tables: PackTables, graphs: ExactGraphs) {
    this.#tables = tables;
    this.#graphs = graphs;
  }

  /** @param isPipe read the stream from a pipe, in pieces. */
  async decode(bytes: Uint8Array, isPipe: boolean): Promise<Outcome> {
    let [good, concealed, damaged] = [0, 0, 0];
    let reader: StreamReader;
    try {
      reader = await StreamReader.open(isPipe ? pipe(bytes, 61) : memorySource(bytes));
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      return { good, concealed, damaged, isRefused: true };
    }
    if (!isPipe) await reader.readIndex();
    const { width, height } = reader.header;
    const decoders = width * height <= AREA_LIMIT ? this.#decoders(width, height) : null;
    let isBroken = true;
    for await (const section of reader.sections()) {
      if (section.kind === 'damaged' || section.kind === 'truncated') {
        damaged++;
        isBroken = true;
      }
      if (section.kind !== 'packet' || decoders === null) continue;
      if (section.packet.kind === 'key') isBroken = false;
      if (!isBroken && (await this.#decodePacket(decoders, section.packet))) good++;
      else {
        isBroken = true;
        concealed++;
      }
    }
    return { good, concealed, damaged, isRefused: false };
  }

  async #decodePacket(
    { codec, pictures }: { codec: TokenCodec; pictures: PictureDecoder },
    packet: Packet,
  ): Promise<boolean> {
    try {
      const tokens = await codec.read(packet, packet.tokens);
      const planes = await pictures.decode(packet, tokens);
      return packet.loopChecksum === null || loopChecksum(planes) === packet.loopChecksum;
    } catch (error) {
      if (error instanceof BitstreamError) return false;
      throw error;
    }
  }

  #decoders(width: number, height: number): { codec: TokenCodec; pictures: PictureDecoder } {
    const key = `${width}x${height}`;
    let decoders = this.#codecs.get(key);
    if (decoders === undefined) {
      const geometry = new Geometry(width, height);
      decoders = {
        codec: new TokenCodec(geometry, this.#tables, this.#graphs),
        pictures: new PictureDecoder(new Kernels(), geometry, this.#tables, this.#graphs.loopFilter),
      };
      // Sizes that only a mutation made are not kept.
      if (this.#codecs.size < 24) this.#codecs.set(key, decoders);
    }
    return decoders;
  }
}
