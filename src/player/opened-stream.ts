import { BitstreamError } from '../errors.js';
import { findKey, decodeEnd, decodeIndex, END_SECTION_BYTES, type IndexEntry } from '../bitstream/stream-index.js';
import type { Packet } from '../bitstream/packet.js';
import { isIntact, kindOfType, readSectionHead } from '../bitstream/section.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import { StreamReader, type StreamSection } from '../bitstream/stream-reader.js';
import { decodeWords, type StreamWords } from '../bitstream/words.js';
import type { PlayerBytes } from './byte-sources.js';

/** A file without an index and of this size or less is searched before it plays, so that its duration is known. */
const SEARCHED_BYTES = 2 ** 25;

/** An item of the video in the order of the stream. */
export type FeedItem =
  | { readonly kind: 'packet'; readonly packet: Packet; readonly bits: number }
  | {
      readonly kind: 'lost';
      readonly reason: string;
      /** True if the stream ends here. */
      readonly isCut: boolean;
      /** True if a packet may be lost; false for other sections. */
      readonly isPicture: boolean;
    };

/** A stream that is open for reading: its header, what is known of its times, and its packets from any key packet on. */
export class OpenedStream {
  readonly header: StreamHeader;
  readonly reader: StreamReader;
  readonly bytes: PlayerBytes;
  /** Key packets that are known, by time. */
  readonly #keys: IndexEntry[] = [];
  /** True if `#keys` has all of them. */
  #isIndexed = false;
  #firstTime: bigint | null = null;
  /** The first tick after the last picture; null while unknown. */
  #endTime: bigint | null = null;
  #isWaiting = false;
  #words: StreamWords | null = null;

  private constructor(reader: StreamReader, bytes: PlayerBytes) {
    this.reader = reader;
    this.header = reader.header;
    this.bytes = bytes;
  }

  /**
   * Reads the header, and the index where the source has it.
   *
   * @throws BitstreamError if this is not a tessera stream; PlayerFailure if the source cannot be loaded.
   */
  static async open(bytes: PlayerBytes): Promise<OpenedStream> {
    const stream = new OpenedStream(await StreamReader.open(bytes), bytes);
    if (bytes.isRandom) await stream.#findTimes();
    return stream;
  }

  /** Seconds per tick. */
  get tick(): number {
    const { num, den } = this.header.timeBase;
    return num / den;
  }

  /** The time of the first picture, ticks; null before any packet is known. */
  get firstTime(): bigint | null {
    return this.#firstTime;
  }

  /** Seconds; Infinity while unknown. */
  get duration(): number {
    if (this.#endTime === null || this.#firstTime === null) return Infinity;
    return Number(this.#endTime - this.#firstTime) * this.tick;
  }

  /** What its scenes show; null if the stream has no words, or before they are read. */
  get words(): StreamWords | null {
    return this.#words;
  }

  /** True while a feed waits for bytes of the source. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Returns the seconds of a time stamp, counted from the first picture. */
  secondsOf(ticks: bigint): number {
    return Number(ticks - (this.#firstTime ?? 0n)) * this.tick;
  }

  /** Returns the last tick at or before a time in seconds. */
  ticksOf(seconds: number): bigint {
    return (this.#firstTime ?? 0n) + BigInt(Math.floor(seconds / this.tick + 1e-3));
  }

  /** Returns the last key packet at or before a time, if it is known. */
  keyBefore(ticks: bigint): IndexEntry | null {
    return findKey({ keys: this.#keys }, ticks);
  }

  /** Returns the end of the pictures of which all bytes are here, seconds, from a time that is here on. */
  heldUntil(from: number): number {
    const key = this.keyBefore(this.ticksOf(from));
    const range = this.bytes.held.find(({ start, end }) => key !== null && start <= key.offset && key.offset < end);
    if (range === undefined) return from;
    if (range.end >= this.bytes.size) return this.duration;
    const after = this.#keys.find(({ offset }) => offset >= range.end);
    const before = this.#keys.findLast(({ offset }) => offset < range.end)!;
    const start = this.secondsOf(before.pts);
    if (after === undefined || !this.#isIndexed) return start;
    // Between two key packets, bytes stand for time.
    const share = (range.end - before.offset) / (after.offset - before.offset);
    return start + share * (this.secondsOf(after.pts) - start);
  }

  /**
   * Yields the packets that are needed for the pictures from a time on: from the key packet before it.
   *
   * @param from ticks; null: from the start of the stream.
   */
  async *feed(from: bigint | null): AsyncGenerator<FeedItem, void, undefined> {
    const key = from === null ? null : this.keyBefore(from);
    const start = key ?? (this.#isIndexed ? this.#keys[0] : undefined);
    // Without an index a later key packet may be nearer, so the packets before it are held back.
    const searched = from !== null && !this.#isIndexed ? from : null;
    let held: FeedItem[] | null = searched === null ? null : [];
    let packetNumber = start?.packetNumber ?? 0;
    for await (const section of this.#wait(this.reader.sections(start))) {
      const item = this.#itemOf(section, packetNumber);
      if (item === null) continue;
      if (item.kind === 'packet') {
        packetNumber++;
        if (held !== null && item.packet.kind === 'key' && item.packet.pts <= searched!) held = [];
      }
      if (held === null) {
        yield item;
        continue;
      }
      held.push(item);
      if (item.kind === 'packet' && item.packet.pts >= searched!) {
        yield* held;
        held = null;
      }
    }
    if (held !== null) yield* held;
    this.#endTime ??= this.#lastTime;
  }

  /** The end of the last packet that was read. */
  #lastTime: bigint | null = null;

  #itemOf(section: StreamSection, packetNumber: number): FeedItem | null {
    switch (section.kind) {
      case 'packet': {
        const { packet, offset, byteLength } = section;
        this.#learn(packet, offset, packetNumber);
        return { kind: 'packet', packet, bits: 8 * byteLength };
      }
      case 'damaged': {
        const isPicture = section.sectionKind === null || section.sectionKind === 'packet';
        return { kind: 'lost', reason: `${section.reason} (at byte ${section.offset})`, isCut: false, isPicture };
      }
      case 'truncated':
        return { kind: 'lost', reason: section.reason, isCut: true, isPicture: false };
      case 'end':
        if (this.#firstTime !== null) this.#endTime ??= this.#firstTime + section.end.duration;
        return null;
      case 'words':
        this.#words = section.words;
        return null;
      case 'side':
      case 'index':
      case 'unknown':
        return null;
    }
  }

  #learn(packet: Packet, offset: number, packetNumber: number): void {
    this.#firstTime ??= packet.pts;
    const end = packet.pts + packet.duration;
    if (this.#lastTime === null || end > this.#lastTime) this.#lastTime = end;
    if (this.#isIndexed || packet.kind !== 'key' || offset <= (this.#keys.at(-1)?.offset ?? -1)) return;
    this.#keys.push({ offset, pts: packet.pts, packetNumber });
  }

  async *#wait<T>(items: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        this.#isWaiting = true;
        const { done, value } = await items.next().finally(() => (this.#isWaiting = false));
        if (done === true) return;
        yield value;
      }
    } finally {
      await items.return();
    }
  }

  async #findTimes(): Promise<void> {
    const tail = await this.#readTail();
    if (tail !== null) {
      this.#keys.push(...tail.keys);
      this.#isIndexed = true;
      this.#firstTime = tail.keys[0]!.pts;
      this.#endTime = this.#firstTime + tail.duration;
      return;
    }
    if (!this.bytes.isLocal && this.bytes.size > SEARCHED_BYTES) return;
    let packetNumber = 0;
    for await (const section of this.reader.sections()) {
      if (this.#itemOf(section, packetNumber)?.kind === 'packet') packetNumber++;
    }
    this.#endTime ??= this.#lastTime;
    this.#isIndexed = true;
  }

  /** Reads the end section and the index that it names; null if one of them is missing or damaged. */
  async #readTail(): Promise<{ keys: readonly IndexEntry[]; duration: bigint } | null> {
    try {
      const endOffset = this.bytes.size - END_SECTION_BYTES;
      if (endOffset < this.reader.headerByteLength) return null;
      const section = await this.#readExactly(endOffset, END_SECTION_BYTES);
      const head = readSectionHead(section, this.header);
      if (typeof head === 'string' || kindOfType(head.type) !== 'end' || !isIntact(section)) return null;
      const end = decodeEnd(section.subarray(head.headBytes, head.headBytes + head.payloadBytes), endOffset);
      const indexOffset = Number(end.indexOffset);
      if (indexOffset < this.reader.headerByteLength || indexOffset >= endOffset) return null;
      const behind = await this.#readExactly(indexOffset, endOffset - indexOffset);
      const indexHead = readSectionHead(behind, this.header);
      if (typeof indexHead === 'string' || kindOfType(indexHead.type) !== 'index') return null;
      if (!isIntact(behind.subarray(0, indexHead.totalBytes))) return null;
      this.#words = this.#wordsOf(behind.subarray(indexHead.totalBytes), indexOffset + indexHead.totalBytes);
      const { headBytes, payloadBytes } = indexHead;
      const { keys } = decodeIndex(behind.subarray(headBytes, headBytes + payloadBytes), indexOffset);
      const isInside = keys.every(({ offset }) => offset >= this.reader.headerByteLength && offset < indexOffset);
      return keys.length > 0 && isInside ? { keys, duration: end.duration } : null;
    } catch (error) {
      if (error instanceof BitstreamError) return null;
      throw error;
    }
  }

  /** Returns the words in the section at `offset`; null if it is another one or damaged. */
  #wordsOf(bytes: Uint8Array, offset: number): StreamWords | null {
    if (bytes.length === 0) return null;
    const head = readSectionHead(bytes, this.header);
    if (typeof head === 'string' || kindOfType(head.type) !== 'words') return null;
    const section = bytes.subarray(0, head.totalBytes);
    return isIntact(section)
      ? decodeWords(section.subarray(head.headBytes, head.headBytes + head.payloadBytes), offset)
      : null;
  }

  async #readExactly(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const part = await this.bytes.read(offset + filled, length - filled);
      if (part.length === 0) return bytes.subarray(0, filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }
}
