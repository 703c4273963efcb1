import type { StreamSection } from '../bitstream/stream-reader.js';
import type { PacketOrLoss } from '../codec/decoder.js';

/** The counters of a feed. */
export interface FeedCounts {
  packets: number;
  /** Bytes of packet sections. */
  packetBytes: number;
  /** The offset after the last section. */
  bytes: number;
  /** The number of packets with a checksum of the loop picture. */
  checksums: number;
}

/**
 * The packets of a stream for a decoder, and its damage: any damaged section may have been a packet, because its type
 * byte may be damaged too.
 *
 * @param isWhole true if `sections` start at the start of the stream, so that their number can be compared with the end
 * section.
 */
export async function* feedPackets(
  sections: AsyncIterable<StreamSection>,
  isWhole: boolean,
  counts: FeedCounts,
): AsyncGenerator<PacketOrLoss, void, undefined> {
  for await (const section of sections) {
    counts.bytes = section.offset + section.byteLength;
    switch (section.kind) {
      case 'packet':
        counts.packets++;
        counts.packetBytes += section.byteLength;
        if (section.packet.loopChecksum !== null) counts.checksums++;
        yield section.packet;
        break;
      case 'damaged':
      case 'truncated':
        yield { lost: `${section.reason} (at byte ${section.offset})` };
        break;
      case 'end': {
        const { packetCount } = section.end;
        if (isWhole && packetCount !== counts.packets) {
          yield { lost: `the end section says ${packetCount} frames, but the stream has ${counts.packets}` };
        }
        break;
      }
      case 'side':
      case 'index':
      case 'words':
      case 'unknown':
        break;
    }
  }
}
