import { prepend } from '../bitstream/bytes.js';
import { ByteWindow } from '../bitstream/byte-window.js';
import { parseSideHeader, type SideHeader } from '../bitstream/side-header.js';
import { readSideHeader, readSidePackets, SIDE_HEADER_LIMIT, type SidePacket } from '../bitstream/side-packets.js';
import type { StreamReader } from '../bitstream/stream-reader.js';
import { BitstreamError } from '../errors.js';

/** A packet of a side track with its times in seconds on the time line of the stream. */
export interface TimedPacket {
  readonly time: number;
  readonly duration: number;
  readonly packet: SidePacket;
}

/** The sound and the subtitles of a stream, read as far as they are needed. */
export class SideData {
  readonly header: SideHeader;
  /** Packets that were read, in the order of the stream, by track. */
  readonly packets: readonly TimedPacket[][];
  readonly #source: AsyncGenerator<SidePacket, void, undefined>;
  /** All packets before this time were read, seconds. */
  #readUntil = -Infinity;
  #reading: Promise<void> | null = null;

  private constructor(header: SideHeader, source: AsyncGenerator<SidePacket, void, undefined>) {
    this.header = header;
    this.packets = header.tracks.map(() => []);
    this.#source = source;
  }

  /**
   * Reads the header of the side data; null if the stream begins without side data.
   *
   * @throws BitstreamError if it is damaged.
   */
  static async open(reader: StreamReader): Promise<SideData | null> {
    const chunks = sideBytes(reader);
    const first = await chunks.next();
    if (first.done === true) return null;
    const window = new ByteWindow(prepend(first.value, chunks));
    const header = parseSideHeader(await inflate(await readSideHeader(window)));
    return new SideData(header, readSidePackets(window, header.tracks.length));
  }

  /**
   * Reads packets until all before `time` (seconds on the stream's time line) are here, or until there are no more.
   *
   * @throws BitstreamError if the side data is damaged; PlayerFailure if the source cannot be loaded.
   */
  async readUntil(time: number): Promise<void> {
    while (this.#readUntil < time) {
      this.#reading ??= this.#readSome().finally(() => (this.#reading = null));
      await this.#reading;
    }
  }

  /** Reads one packet. */
  async #readSome(): Promise<void> {
    const { done, value: packet } = await this.#source.next();
    if (done === true) {
      this.#readUntil = Infinity;
      return;
    }
    const [num, den] = this.header.tracks[packet.track]!.timeBase;
    const ticks = packet.pts ?? packet.dts;
    if (ticks === null) return;
    const seconds = (count: bigint): number => (Number(count) * num) / den;
    const time = seconds(ticks);
    this.packets[packet.track]!.push({ time, duration: seconds(packet.duration), packet });
    if (time > this.#readUntil) this.#readUntil = time;
  }
}

/** The bytes of the side data, which stands before the first packet of the video. */
async function* sideBytes(reader: StreamReader): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const section of reader.sections()) {
    if (section.kind === 'side') yield section.bytes;
    else if (section.kind === 'damaged' && section.sectionKind === 'side') {
      throw new BitstreamError('a side data section is damaged: sound and subtitles end there');
    } else if (section.kind !== 'unknown') return;
  }
}

async function inflate(deflated: Uint8Array): Promise<string> {
  const stream = new Blob([deflated as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for (const reader = stream.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      if (length > SIDE_HEADER_LIMIT) throw new Error('it is too large');
    }
  } catch (error) {
    throw new BitstreamError('the header of the side tracks cannot be inflated, or is too large', { cause: error });
  }
  return await new Blob(parts).text();
}
