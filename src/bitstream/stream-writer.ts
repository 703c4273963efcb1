import type { ByteSink } from '../io/byte-output.js';
import { InputError } from '../errors.js';
import { PACKET_COUNT_LIMIT, SECTION_PAYLOAD_LIMIT, SIDE_CHUNK_BYTES } from './limits.js';
import type { KeyState, Packet } from './packet.js';
import { encodePacket, keyStateAfter } from './packet.js';
import type { SectionKind } from './section.js';
import { encodeSection, payloadLimit, SECTION_TYPES } from './section.js';
import type { StreamHeader } from './stream-header.js';
import { encodeHeader } from './stream-header.js';
import type { IndexEntry } from './stream-index.js';
import { encodeEnd, encodeIndex } from './stream-index.js';
import type { StreamWords } from './words.js';
import { encodeWords } from './words.js';

export type { ByteSink };

/** The number of bytes of a stream by kind of section, with framing and CRCs. The sum is the size of the stream. */
export interface BytesBySection extends Readonly<Record<SectionKind, number>> {
  readonly header: number;
}

/**
 * Writes a `.tsr` stream: the header, then packets and side data sections in any order, then
 * {@link StreamWriter.finish}. Calls may overlap; sections are written in the order of the calls.
 */
export class StreamWriter {
  readonly #sink: ByteSink;
  #header: StreamHeader | null = null;
  #isFinished = false;
  #key: KeyState | null = null;
  readonly #keys: IndexEntry[] = [];
  #packetCount = 0;
  #firstTime: bigint | null = null;
  #lastTime = 0n;
  #offset = 0;
  readonly #bytes = { header: 0, packet: 0, side: 0, index: 0, words: 0, end: 0 };
  #pending: Promise<void> = Promise.resolve();

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** The number of bytes written so far. */
  get byteCount(): number {
    return this.#offset;
  }

  get bytesBySection(): BytesBySection {
    return { ...this.#bytes };
  }

  /** The number of packets written so far. */
  get packetCount(): number {
    return this.#packetCount;
  }

  /**
   * Writes the header. Call this first, and only once.
   *
   * @throws InputError if a value does not fit into the format.
   */
  async writeHeader(header: StreamHeader): Promise<void> {
    if (this.#header !== null) throw new TypeError('a stream has one header');
    const bytes = encodeHeader(header);
    this.#header = header;
    await this.#write('header', bytes);
  }

  /**
   * Writes a coded frame. Write packets in coding order; the first must be a key packet.
   *
   * @returns the number of bytes of the packet in the stream, with its framing.
   * @throws InputError if a value does not fit into the format.
   */
  async writePacket(packet: Packet): Promise<number> {
    const header = this.#open();
    for (const field of ['referenceSlot0', 'referenceSlot1', 'refreshSlot'] as const) {
      const slot = packet[field];
      if (slot !== null && slot >= header.slotCount) {
        throw new InputError(`packet field ${field}: slot ${slot} of ${header.slotCount}`);
      }
    }
    const payload = encodePacket(packet, this.#key);
    if (payload.length > payloadLimit(SECTION_TYPES.packet, header) || this.#packetCount === PACKET_COUNT_LIMIT) {
      throw new InputError(`packet ${this.#packetCount} of ${payload.length} bytes exceeds the limits`);
    }
    if (packet.kind === 'key') {
      this.#keys.push({ offset: this.#offset, pts: packet.pts, packetNumber: this.#packetCount });
    }
    this.#key = keyStateAfter(packet, payload, this.#key);
    this.#packetCount++;
    const end = packet.pts + packet.duration;
    if (this.#firstTime === null || packet.pts < this.#firstTime) this.#firstTime = packet.pts;
    if (this.#packetCount === 1 || end > this.#lastTime) this.#lastTime = end;
    const section = encodeSection('packet', payload);
    await this.#write('packet', section);
    return section.length;
  }

  /** Writes side data (sound, subtitles, chapters, tags) as side sections of bounded size. */
  async writeSide(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    this.#open();
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += SIDE_CHUNK_BYTES) {
        this.#open();
        await this.#write('side', encodeSection('side', chunk.subarray(from, from + SIDE_CHUNK_BYTES)));
      }
    }
  }

  /**
   * Writes index, words and end. A stream without an end section can be read, but is reported as truncated.
   *
   * @param words default: none; the stream has no words section then.
   * @throws InputError if the words do not fit into a section.
   */
  async finish(words: StreamWords | null = null): Promise<void> {
    this.#open();
    const wordsPayload = words === null ? null : encodeWords(words);
    if (wordsPayload !== null && wordsPayload.length > SECTION_PAYLOAD_LIMIT) {
      throw new InputError(`words of ${wordsPayload.length} bytes exceed the limit of a section`);
    }
    this.#isFinished = true;
    const index = encodeIndex({ keys: this.#keys });
    const indexOffset = index === null ? 0 : this.#offset;
    const end = encodeEnd({
      packetCount: this.#packetCount,
      duration: this.#firstTime === null ? 0n : this.#lastTime - this.#firstTime,
      indexOffset: BigInt(indexOffset),
    });
    if (index !== null) await this.#write('index', encodeSection('index', index));
    if (wordsPayload !== null) await this.#write('words', encodeSection('words', wordsPayload));
    await this.#write('end', encodeSection('end', end));
  }

  #open(): StreamHeader {
    if (this.#header === null) throw new TypeError('writeHeader comes first');
    if (this.#isFinished) throw new TypeError('the stream is finished');
    return this.#header;
  }

  /** Counts at once, so that the next call knows its offset. Writes after all earlier writes are done. */
  async #write(kind: SectionKind | 'header', bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    this.#bytes[kind] += bytes.length;
    const written = this.#pending.then(() => this.#sink.write(bytes));
    this.#pending = written;
    await written;
  }
}
