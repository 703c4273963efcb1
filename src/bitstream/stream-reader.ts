import { BitstreamError, InputError } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { chunksOf, isByteSource } from './byte-source.js';
import { ByteWindow } from './byte-window.js';
import { HEADER_BYTES_LIMIT } from './limits.js';
import type { KeyState, Packet } from './packet.js';
import { decodePacket, keyStateAfter } from './packet.js';
import type { DamagedRange, IntactSection, TruncatedRange } from './section-scanner.js';
import { nextSection } from './section-scanner.js';
import type { SectionKind } from './section.js';
import { kindOfType, readSectionHead } from './section.js';
import type { StreamHeader } from './stream-header.js';
import { decodeHeader, HEADER_PREAMBLE_BYTES, readHeaderLength } from './stream-header.js';
import type { IndexEntry, StreamEnd, StreamIndex } from './stream-index.js';
import { decodeEnd, decodeIndex, END_SECTION_BYTES } from './stream-index.js';
import type { StreamWords } from './words.js';
import { decodeWords } from './words.js';

/** The position and size of a section in the stream, with its framing. */
export interface Extent {
  readonly offset: number;
  readonly byteLength: number;
}

/** An item of the stream, in stream order. Damage is an item too. */
export type StreamSection = Extent &
  (
    | { readonly kind: 'packet'; readonly packet: Packet }
    | { readonly kind: 'side'; readonly bytes: Uint8Array }
    | { readonly kind: 'index'; readonly index: StreamIndex }
    | { readonly kind: 'words'; readonly words: StreamWords }
    | { readonly kind: 'end'; readonly end: StreamEnd }
    | { readonly kind: 'unknown'; readonly type: number }
    | {
        readonly kind: 'damaged';
        /** The kind of the damaged section; null if unknown. The length does not give the number of lost sections. */
        readonly sectionKind: SectionKind | null;
        readonly reason: string;
      }
    | { readonly kind: 'truncated'; readonly reason: string }
  );

/** Options for reading a stream. */
export interface StreamReaderOptions {
  /** True: throw BitstreamError at the first damage instead of reporting it and continuing. Default false. */
  readonly strict?: boolean;
}

/**
 * Reads a `.tsr` stream: from a pipe once, from front to back; from a {@link ByteSource}, starting at any key packet.
 */
export class StreamReader {
  readonly header: StreamHeader;
  /** The number of bytes of the header. This is the offset of the first section. */
  readonly headerByteLength: number;
  readonly #source: ByteSource | null;
  readonly #isStrict: boolean;
  /** The window that read the header, for the first pass over the sections. */
  #first: ByteWindow | null;

  private constructor(header: StreamHeader, window: ByteWindow, source: ByteSource | null, isStrict: boolean) {
    this.header = header;
    this.headerByteLength = window.position;
    this.#source = source;
    this.#isStrict = isStrict;
    this.#first = window;
  }

  /**
   * Reads the header.
   *
   * @throws BitstreamError if this is not a tessera stream, its header is damaged, or its version is unknown.
   */
  static async open(
    input: AsyncIterable<Uint8Array> | ByteSource,
    options: StreamReaderOptions = {},
  ): Promise<StreamReader> {
    const source = isByteSource(input) ? input : null;
    const window = new ByteWindow(isByteSource(input) ? chunksOf(input, 0, HEADER_BYTES_LIMIT) : input);
    try {
      await window.fill(HEADER_PREAMBLE_BYTES);
      const length = readHeaderLength(window.peek(0, HEADER_PREAMBLE_BYTES));
      await window.fill(length);
      const header = decodeHeader(window.peek(0, length));
      window.skip(length);
      return new StreamReader(header, window, source, options.strict ?? false);
    } catch (error) {
      await window.close();
      throw error;
    }
  }

  /** Stops reading from a pipe if the caller does not need its sections. */
  async close(): Promise<void> {
    const window = this.#first;
    this.#first = null;
    await window?.close();
  }

  /**
   * Yields the sections of the stream in order, up to and including the end section. A pipe can be read only once.
   *
   * @param from key packet to begin at (see {@link findKey}); default: the first section.
   * @throws BitstreamError at damage, if the reader is strict; InputError if the sections of a pipe are read twice or
   * from a key packet.
   */
  async *sections(from?: IndexEntry): AsyncGenerator<StreamSection, void, void> {
    const window = this.#takeWindow(from?.offset);
    const state: ReadingState = { key: null };
    try {
      for (;;) {
        const found = await nextSection(window, this.header);
        if (found === null) {
          yield this.#report('truncated', window.position, 0, 'the stream ends without its end section');
          return;
        }
        if (found.kind === 'intact') {
          const section = this.#read(found, state);
          yield section;
          if (section.kind === 'end') break;
        } else {
          yield this.#reportRange(found);
          if (found.kind === 'truncated') return;
        }
      }
      if (await window.fill(1)) {
        yield this.#report('damaged', window.position, window.available, 'bytes follow the end of the stream');
      }
    } finally {
      await window.close();
    }
  }

  /**
   * Returns the key packets of the stream. It reads them from the index, or from the whole stream if the index is
   * missing or damaged.
   *
   * @throws InputError if the stream is a pipe.
   */
  async readIndex(): Promise<StreamIndex> {
    const source = this.#source;
    if (source === null) throw new InputError('a pipe cannot be searched; give a file');
    return (await this.#readStoredIndex(source)) ?? (await this.#scanIndex());
  }

  /**
   * Returns the words of the stream; null if there are none. Reads only the end of the stream if it has an index, else
   * the whole stream.
   *
   * @throws BitstreamError if the words section is damaged; InputError if the stream is a pipe.
   */
  async readWords(): Promise<StreamWords | null> {
    const source = this.#source;
    if (source === null) throw new InputError('a pipe cannot be searched; give a file');
    const stored = await this.#indexOffset(source);
    const behind = stored === null ? undefined : await this.#findWords(source, stored, true);
    if (behind !== undefined) return behind;
    return (await this.#findWords(source, this.headerByteLength, false)) ?? null;
  }

  /** Returns the offset of the index section that the end section names; null if there is none. */
  async #indexOffset(source: ByteSource): Promise<number | null> {
    const endOffset = source.size - END_SECTION_BYTES;
    if (endOffset < this.headerByteLength) return null;
    const end = await this.#readAt(source, endOffset, 'end');
    if (end === null) return null;
    const offset = Number(decodeEnd(end, endOffset).indexOffset);
    return offset < this.headerByteLength || offset >= endOffset ? null : offset;
  }

  /**
   * Looks for the words section from `start` on.
   *
   * @param isIndex true if an index section must be at `start`. Returns undefined if there is none.
   */
  async #findWords(source: ByteSource, start: number, isIndex: boolean): Promise<StreamWords | null | undefined> {
    const window = new ByteWindow(chunksOf(source, start), start);
    try {
      for (;;) {
        const found = await nextSection(window, this.header);
        if (found === null) return null;
        const kind = found.kind === 'intact' ? kindOfType(found.head.type) : null;
        if (isIndex && found.offset === start && kind !== 'index') return undefined;
        if (found.kind === 'intact') {
          if (kind === 'words') return decodeWords(found.payload, found.offset + found.head.headBytes);
          if (kind === 'end') return null;
        } else if (isIndex || (found.kind === 'damaged' && kindOfType(found.type) === 'words')) {
          // Between index and end stand only the words.
          throw new BitstreamError(`the words section is damaged: ${found.reason}`, { offset: found.offset });
        } else if (found.kind === 'truncated') return null;
      }
    } finally {
      await window.close();
    }
  }

  async #readStoredIndex(source: ByteSource): Promise<StreamIndex | null> {
    try {
      const indexOffset = await this.#indexOffset(source);
      if (indexOffset === null) return null;
      const payload = await this.#readAt(source, indexOffset, 'index');
      const index = payload === null ? null : decodeIndex(payload, indexOffset);
      const isInside = index?.keys.every(({ offset }) => offset >= this.headerByteLength && offset < indexOffset);
      return isInside === true ? index : null;
    } catch (error) {
      if (error instanceof BitstreamError) return null;
      throw error;
    }
  }

  /** Returns the payload of the intact section of this kind at `offset`; null if there is none. */
  async #readAt(source: ByteSource, offset: number, kind: SectionKind): Promise<Uint8Array | null> {
    const window = new ByteWindow(chunksOf(source, offset), offset);
    try {
      await window.fill(1);
      const head = readSectionHead(window.peek(0, 16), this.header);
      if (typeof head === 'string' || kindOfType(head.type) !== kind) return null;
      const section = await nextSection(window, this.header);
      return section?.kind === 'intact' && section.offset === offset ? section.payload : null;
    } finally {
      await window.close();
    }
  }

  async #scanIndex(): Promise<StreamIndex> {
    const keys: IndexEntry[] = [];
    let packetNumber = 0;
    for await (const section of this.sections()) {
      if (section.kind !== 'packet') continue;
      if (section.packet.kind === 'key') {
        keys.push({ offset: section.offset, pts: section.packet.pts, packetNumber });
      }
      packetNumber++;
    }
    return { keys };
  }

  #takeWindow(offset: number | undefined): ByteWindow {
    const first = this.#first;
    const source = this.#source;
    if (source === null) {
      if (first === null) throw new InputError('a pipe can be read only once');
      if (offset !== undefined) throw new InputError('a pipe cannot be searched; give a file');
      this.#first = null;
      return first;
    }
    const start = offset ?? this.headerByteLength;
    return new ByteWindow(chunksOf(source, start), start);
  }

  #read({ offset, head, payload }: IntactSection, state: ReadingState): StreamSection {
    const extent = { offset, byteLength: head.totalBytes };
    const payloadOffset = offset + head.headBytes;
    const kind = kindOfType(head.type);
    try {
      switch (kind) {
        case 'packet': {
          const packet = decodePacket(payload, state.key, this.header.slotCount, payloadOffset);
          state.key = keyStateAfter(packet, payload, state.key);
          return { kind, ...extent, packet };
        }
        case 'side':
          return { kind, ...extent, bytes: payload };
        case 'index':
          return { kind, ...extent, index: decodeIndex(payload, payloadOffset) };
        case 'words':
          return { kind, ...extent, words: decodeWords(payload, payloadOffset) };
        case 'end':
          return { kind, ...extent, end: decodeEnd(payload, payloadOffset) };
        case null:
          return { kind: 'unknown', ...extent, type: head.type };
      }
    } catch (error) {
      if (this.#isStrict || !(error instanceof BitstreamError)) throw error;
      return { kind: 'damaged', ...extent, sectionKind: kind, reason: error.message };
    }
  }

  #reportRange(range: DamagedRange | TruncatedRange): StreamSection {
    const sectionKind = range.kind === 'damaged' ? kindOfType(range.type) : null;
    return this.#report(range.kind, range.offset, range.byteLength, range.reason, sectionKind);
  }

  #report(
    kind: 'damaged' | 'truncated',
    offset: number,
    byteLength: number,
    reason: string,
    sectionKind: SectionKind | null = null,
  ): StreamSection {
    if (this.#isStrict) throw new BitstreamError(reason, { offset });
    return kind === 'damaged'
      ? { kind, offset, byteLength, sectionKind, reason }
      : { kind, offset, byteLength, reason };
  }
}

interface ReadingState {
  key: KeyState | null;
}
