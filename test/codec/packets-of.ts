import { memorySource } from '../../src/bitstream/byte-source.js';
import type { Packet } from '../../src/bitstream/packet.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';

/** Header and packets of an undamaged container. */
export async function packetsOf(bytes: Uint8Array): Promise<{ header: StreamHeader; packets: Packet[] }> {
  const reader = await StreamReader.open(memorySource(bytes), { strict: true });
  const packets: Packet[] = [];
  for await (const section of reader.sections()) if (section.kind === 'packet') packets.push(section.packet);
  return { header: reader.header, packets };
}
