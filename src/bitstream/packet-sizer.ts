import { encodePacket, keyStateAfter, type KeyState, type Packet } from './packet.js';
import { encodeSection } from './section.js';

/** Computes the number of bytes of packets in a stream. */
export class PacketSizer {
  #key: KeyState | null = null;

  /**
   * Returns the number of bytes of the next packet in coding order, with its framing.
   *
   * @throws InputError if a value does not fit into the format.
   */
  sizeOf(packet: Packet): number {
    const payload = encodePacket(packet, this.#key);
    this.#key = keyStateAfter(packet, payload, this.#key);
    return encodeSection('packet', payload).length;
  }
}
