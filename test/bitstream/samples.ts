import type { Packet } from '../../src/bitstream/packet.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import type { StreamSection } from '../../src/bitstream/stream-reader.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { StreamWriter } from '../../src/bitstream/stream-writer.js';
import { memorySource } from '../../src/bitstream/byte-source.js';

export const sampleHeader: StreamHeader = {
  width: 640,
  height: 360,
  timeBase: { num: 1, den: 90000 },
  frameRate: { num: 30000, den: 1001 },
  sampleAspect: { num: 1, den: 1 },
  rotation: 90,
  colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 },
  slotCount: 2,
  reorderDepth: 0,
  packName: 'tiny-pack',
  packId: Uint8Array.from({ length: 16 }, (_, index) => index * 17),
};

export const sampleKey: Packet = {
  kind: 'key',
  q: 25,
  referenceSlot0: null,
  referenceSlot1: null,
  refreshSlot: 0,
  variant: 0,
  hasQOffsets: false,
  hasLoopFilter: true,
  pts: 0n,
  duration: 3003n,
  loopChecksum: 0xdeadbeef,
  tokens: Uint8Array.of(0x00, 0x00, 0x80, 0x00),
};

export const sampleInter: Packet = {
  kind: 'inter',
  q: 28,
  referenceSlot0: 0,
  referenceSlot1: null,
  refreshSlot: 0,
  variant: 2,
  hasQOffsets: false,
  hasLoopFilter: false,
  pts: 3003n,
  duration: 3003n,
  loopChecksum: null,
  tokens: Uint8Array.of(0x58, 0xef, 0xbe, 0x2f, 0x00),
};

/** A sink that keeps everything. */
export class MemorySink {
  readonly #parts: Uint8Array[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.#parts.push(bytes.slice());
    return Promise.resolve();
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#parts.flatMap((part) => [...part]));
  }
}

/** Packets of `count` frames with a key packet every `interval`, 3003 ticks apart. */
export function makePackets(count: number, interval: number): Packet[] {
  return Array.from({ length: count }, (_, index) => ({
    ...(index % interval === 0 ? sampleKey : sampleInter),
    pts: BigInt(index * 3003),
    tokens: Uint8Array.from({ length: 5 + ((index * 7) % 23) }, (_unused, byte) => (byte * 31 + index * 17) & 255),
  }));
}

/** A whole stream in memory. */
export async function writeStream(
  packets: readonly Packet[],
  side: readonly Uint8Array[] = [],
  header = sampleHeader,
): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new StreamWriter(sink);
  await writer.writeHeader(header);
  if (side.length > 0) await writer.writeSide(side);
  for (const packet of packets) await writer.writePacket(packet);
  await writer.finish();
  return sink.bytes();
}

/** Every section of a stream in memory. */
export async function readAll(bytes: Uint8Array, strict = false): Promise<StreamSection[]> {
  const reader = await StreamReader.open(memorySource(bytes), { strict });
  const sections: StreamSection[] = [];
  for await (const section of reader.sections()) sections.push(section);
  return sections;
}

export function packetsOf(sections: readonly StreamSection[]): Packet[] {
  return sections.flatMap((section) => (section.kind === 'packet' ? [section.packet] : []));
}

/** The bytes as a pipe would give them, in pieces of `size`. */
export async function* pipe(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) {
    await Promise.resolve();
    yield bytes.slice(from, from + size);
  }
}
