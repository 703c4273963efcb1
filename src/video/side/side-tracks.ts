/**
 * Side tracks: everything in a file except the decoded video track, kept unchanged (except for joins, see `joins.ts`).
 *
 * The bytes of the side section are our own, not a Matroska or NUT file: Matroska rounds time stamps to its tick of
 * 1 ms, NUT refuses the negative ones with which AAC in MP4 begins, both refuse some codecs (QuickTime text), and
 * node-av gives no muxer chapters. `bitstream/side-packets.ts` has their syntax, `side-header.ts` what the header says.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { BitstreamError } from '../../errors.js';
import { ByteWindow } from '../../bitstream/byte-window.js';
import { parseSideHeader, type SideHeader } from '../../bitstream/side-header.js';
import {
  formatSideHeader,
  readSideHeader,
  readSidePackets,
  SIDE_HEADER_LIMIT,
  type SidePacket,
  SidePacketWriter,
} from '../../bitstream/side-packets.js';
import { Spool } from '../../io/spool.js';

export { type Chapter, isTimeless, type SideHeader, type SideTrack, type Tags } from '../../bitstream/side-header.js';
export type { SidePacket } from '../../bitstream/side-packets.js';

/** Side tracks in memory or, above 8 MiB, in a temporary file. Dispose them to free it. */
export interface SideTracks extends AsyncDisposable {
  readonly header: SideHeader;
  /** Length of {@link SideTracks.bytes}. */
  readonly byteLength: number;
  /** The side section of a `.tsr` file; can be called again. */
  bytes(): AsyncGenerator<Uint8Array, void, undefined>;
  /**
   * The packets in order; can be called again.
   *
   * @throws BitstreamError if the section is damaged
   */
  packets(): AsyncGenerator<SidePacket, void, undefined>;
}

/** Side tracks with another header and other packets. `bytes` stays that of `side`; to dispose them disposes `side`. */
export function withPackets(side: SideTracks, header: SideHeader, packets: SideTracks['packets']): SideTracks {
  return {
    header,
    byteLength: side.byteLength,
    bytes: () => side.bytes(),
    packets,
    [Symbol.asyncDispose]: () => side[Symbol.asyncDispose](),
  };
}

class SpooledSideTracks implements SideTracks {
  constructor(
    readonly header: SideHeader,
    readonly spool: Spool,
  ) {}

  get byteLength(): number {
    return this.spool.byteLength;
  }

  bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    return this.spool.read();
  }

  async *packets(): AsyncGenerator<SidePacket, void, undefined> {
    const window = new ByteWindow(this.spool.read());
    try {
      await readSideHeader(window);
      yield* readSidePackets(window, this.header.tracks.length);
    } finally {
      await window.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.spool[Symbol.asyncDispose]();
  }
}

/**
 * Takes the bytes of a side section, as {@link SideTracks.bytes} gave them.
 *
 * @throws BitstreamError if its header is damaged; damaged packets throw when they are read
 */
export async function openSideTracks(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<SideTracks> {
  const spool = new Spool();
  try {
    if (bytes instanceof Uint8Array) await spool.write(bytes);
    else for await (const chunk of bytes) await spool.write(chunk);
    const window = new ByteWindow(spool.read());
    try {
      return new SpooledSideTracks(inflateHeader(await readSideHeader(window)), spool);
    } finally {
      await window.close();
    }
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

function inflateHeader(deflated: Uint8Array): SideHeader {
  let text: string;
  try {
    text = inflateRawSync(deflated, { maxOutputLength: SIDE_HEADER_LIMIT }).toString('utf8');
  } catch (error) {
    throw new BitstreamError('the header of the side tracks cannot be inflated, or is too large', { cause: error });
  }
  return parseSideHeader(text);
}

/**
 * Makes a side section of a header and packets.
 *
 * @throws whatever `packets` throws; EnvironmentError if no temporary file can be written
 */
export async function makeSideTracks(header: SideHeader, packets: AsyncIterable<SidePacket>): Promise<SideTracks> {
  const spool = new Spool();
  try {
    await spool.write(formatHeader(header));
    const writer = new SidePacketWriter();
    for await (const packet of packets) await spool.write(writer.format(packet));
    return new SpooledSideTracks(header, spool);
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

function formatHeader(header: SideHeader): Uint8Array {
  return formatSideHeader(deflateRawSync(JSON.stringify(header)));
}
