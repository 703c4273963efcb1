import { memorySource } from '../../src/bitstream/byte-source.js';
import { crc32c } from '../../src/platform/checksums.js';
import type { Packet } from '../../src/bitstream/packet.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { Geometry, type FrameTokens } from '../../src/codec/transform/frame-tokens.js';
import { loopChecksum, requireChecksum } from '../../src/codec/loop-checksum.js';
import { splitMarks } from '../../src/codec/slot-marks.js';
import { PictureDecoder } from '../../src/codec/transform/picture-decoder.js';
import type { Planes } from '../../src/codec/planes.js';
import { TokenCodec } from '../../src/codec/transform/token-codec.js';
import { Kernels } from '../../src/kernels/kernels.js';
import type { PackTables } from '../../src/codec/transform/pack-tables.js';
import type { ExactGraphs } from './tiny.js';

export interface DecodedPacket {
  readonly packet: Packet;
  readonly tokens: FrameTokens;
  readonly loop: Planes;
}

/** Decodes every packet of a stream in this thread; throws at the first thing that is wrong with it. */
export async function* decodeStream(
  bytes: Uint8Array,
  tables: PackTables,
  graphs: ExactGraphs,
): AsyncGenerator<DecodedPacket, void, void> {
  const reader = await StreamReader.open(memorySource(bytes), { strict: true });
  const geometry = new Geometry(reader.header.width, reader.header.height);
  const { isResilient = false } = reader.header;
  const codec = new TokenCodec(geometry, tables, graphs, isResilient);
  const decoder = new PictureDecoder(new Kernels(), geometry, tables, graphs.loopFilter);
  for await (const section of reader.sections()) {
    if (section.kind !== 'packet') continue;
    const { packet } = section;
    const tokens = await codec.read(packet, isResilient ? splitMarks(packet, packet.tokens).rest : packet.tokens);
    const loop = await decoder.decode(packet, tokens);
    if (packet.loopChecksum !== null) requireChecksum(loopChecksum(loop), packet.loopChecksum);
    yield { packet, tokens, loop };
  }
}

/** What a golden stream's JSON file says of each packet. */
export interface PacketChecksums {
  readonly tokensCrc32c: number;
  readonly loopCrc32c: number;
}

export function checksumsOf({ tokens, loop }: DecodedPacket): PacketChecksums {
  const { buffer, byteOffset, byteLength } = tokens.coefficients;
  // Typed arrays are little endian on every machine that Node.js supports onnxruntime on.
  return {
    tokensCrc32c: crc32c(new Uint8Array(buffer, byteOffset, byteLength)),
    loopCrc32c: loopChecksum(loop),
  };
}
