import { memorySource } from '../../src/bitstream/byte-source.js';
import type { Packet } from '../../src/bitstream/packet.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { Geometry } from '../../src/codec/transform/frame-tokens.js';
import { BitTokenCodec } from '../../src/codec/lookup-free/bit-token-codec.js';
import { CellGrid } from '../../src/codec/lookup-free/cell-grid.js';
import { idsChecksum } from '../../src/codec/lookup-free/cell-tokens.js';
import { ChunkDecoder } from '../../src/codec/lookup-free/chunk-decoder.js';
import { loopChecksum } from '../../src/codec/loop-checksum.js';
import { splitMarks } from '../../src/codec/slot-marks.js';
import { PictureDecoder } from '../../src/codec/transform/picture-decoder.js';
import { TokenCodec } from '../../src/codec/transform/token-codec.js';
import { BitstreamError } from '../../src/errors.js';
import { Kernels } from '../../src/kernels/kernels.js';
import type { BitTables } from '../../src/codec/lookup-free/bit-tables.js';
import type { Graph } from '../../src/model/graph.js';
import type { PackTables } from '../../src/codec/transform/pack-tables.js';
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

/** Decodes one packet; false if its picture has another checksum. Throws BitstreamError if it cannot be decoded. */
export type PacketDecoder = (packet: Packet) => Promise<boolean>;

/** Decodes packets of the family transform, for pictures of one size. */
export function transformDecoder(tables: PackTables, graphs: ExactGraphs) {
  return (width: number, height: number, isResilient = false): PacketDecoder => {
    const geometry = new Geometry(width, height);
    const codec = new TokenCodec(geometry, tables, graphs, isResilient);
    const pictures = new PictureDecoder(new Kernels(), geometry, tables, graphs.loopFilter);
    return async (packet) => {
      const tokens = await codec.read(packet, isResilient ? splitMarks(packet, packet.tokens).rest : packet.tokens);
      const planes = await pictures.decode(packet, tokens);
      return packet.loopChecksum === null || loopChecksum(planes) === packet.loopChecksum;
    };
  };
}

/** Decodes packets of the family lookup-free, for pictures of one size. */
export function lookupFreeDecoder(tables: BitTables, prior: Graph, tokenizer: Graph) {
  return (width: number, height: number, isResilient = false): PacketDecoder => {
    const grid = new CellGrid(width, height);
    const codec = new BitTokenCodec(grid, tables, prior, isResilient);
    const pictures = new ChunkDecoder(grid, tokenizer, tables.firstState);
    return async (packet) => {
      const tokens = await codec.read(packet, isResilient ? splitMarks(packet, packet.tokens).rest : packet.tokens);
      if (packet.loopChecksum !== null && idsChecksum(tokens) !== packet.loopChecksum) return false;
      await pictures.decode(packet, tokens);
      return true;
    };
  };
}

/**
 * Decodes in this thread as the workers of `Decoder` do: from damage on frames are lost until the next key frame.
 * Anything thrown but a BitstreamError comes through, and none but the header's is thrown.
 */
export class LenientDecoder {
  readonly #create: (width: number, height: number, isResilient: boolean) => PacketDecoder;
  /** One for each size of picture, used again and again: what one stream leaves behind must not show in the next. */
  readonly #decoders = new Map<string, PacketDecoder>();

  constructor(create: (width: number, height: number, isResilient: boolean) => PacketDecoder) {
    this.#create = create;
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
    const { width, height, isResilient = false } = reader.header;
    const decode = width * height <= AREA_LIMIT ? this.#decoder(width, height, isResilient) : null;
    let isBroken = true;
    for await (const section of reader.sections()) {
      if (section.kind === 'damaged' || section.kind === 'truncated') {
        damaged++;
        isBroken = true;
      }
      if (section.kind !== 'packet' || decode === null) continue;
      if (section.packet.kind === 'key') isBroken = false;
      if (!isBroken && (await succeeds(decode(section.packet)))) good++;
      else {
        isBroken = true;
        concealed++;
      }
    }
    return { good, concealed, damaged, isRefused: false };
  }

  #decoder(width: number, height: number, isResilient: boolean): PacketDecoder {
    const key = `${width}x${height}${isResilient ? ' resilient' : ''}`;
    let decoder = this.#decoders.get(key);
    if (decoder === undefined) {
      decoder = this.#create(width, height, isResilient);
      // Sizes that only a mutation made are not kept.
      if (this.#decoders.size < 24) this.#decoders.set(key, decoder);
    }
    return decoder;
  }
}

async function succeeds(work: Promise<boolean>): Promise<boolean> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BitstreamError) return false;
    throw error;
  }
}
