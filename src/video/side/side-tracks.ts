/**
 * Side tracks: everything in a file except the decoded video track, kept unchanged (except for joins, see `joins.ts`).
 *
 * The bytes of the side section are our own, not a Matroska or NUT file: Matroska rounds time stamps to its tick of
 * 1 ms, NUT refuses the negative ones with which AAC in MP4 begins, both refuse some codecs (QuickTime text), and
 * node-av gives no muxer chapters. `bitstream/side-packets.ts` has their syntax, `side-header.ts` what the header says.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AV_PKT_FLAG_DISPOSABLE,
  AV_PKT_FLAG_KEY,
  AVDISCARD_ALL,
  AVERROR_EOF,
} from 'node-av/constants';
import { type FormatContext, Packet } from 'node-av/lib';
import { BitstreamError, InputError, throwIfCancelled } from '../../errors.js';
import { readChapters } from './chapters.js';
import { findVideoTrack, isBroadcast, openDemuxer } from '../demuxer.js';
import { Joins } from '../joins.js';
import { noTimestamp, throwIfMachineFails } from '../libav.js';
import { ByteWindow } from '../../bitstream/byte-window.js';
import { readPacketSideData } from './side-data.js';
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
import { tagsToKeep } from './tags.js';
import { pictureTags } from './track-tags.js';
import { describeTrack } from './track-parameters.js';

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

/** Options of {@link collectSideTracks}. */
export interface CollectOptions {
  /** Number of the video track that is not a side track, from 1. Default: 1. */
  readonly videoTrack?: number;
  /** True: refuse a damaged file. False: read the intact part. */
  readonly strict?: boolean;
  /** Called for each missing thing, with one line. */
  readonly onNote?: (note: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads everything except one video track from a file; null if there is nothing to keep.
 *
 * @param name - the name of the file in messages
 * @throws InputError if the file cannot be opened, or is damaged and `strict` is set
 */
export async function collectSideTracks(
  path: string,
  name = path,
  options: CollectOptions = {},
): Promise<SideTracks | null> {
  const format = await openDemuxer(path, name);
  const spool = new Spool();
  const packet = new Packet();
  try {
    const streams = format.streams;
    const videoIndex = findVideoTrack(streams, options.videoTrack);
    // Demuxers discard what they use themselves, such as QuickTime's track of chapter titles.
    const kept = streams.filter((stream) => stream.index !== videoIndex && stream.discard !== AVDISCARD_ALL);
    const video = streams[videoIndex];
    const joins = Joins.of(format);
    if (video !== undefined && joins === null) video.discard = AVDISCARD_ALL;
    const header: SideHeader = {
      version: 1,
      tags: tagsToKeep(format.metadata?.getAll() ?? {}),
      video: { tags: pictureTags(video?.metadata?.getAll() ?? {}), disposition: video?.disposition ?? 0 },
      chapters: await readChapters(format),
      tracks: kept.map((stream) => describeTrack(stream)),
    };
    if (
      kept.length + header.chapters.length === 0 &&
      Object.keys({ ...header.tags, ...header.video.tags }).length === 0
    ) {
      await spool[Symbol.asyncDispose]();
      return null;
    }
    await spool.write(formatHeader(header));
    packet.alloc();
    const trackOf = new Map(kept.map((stream, track) => [stream.index, track]));
    if (kept.length > 0) await copyPackets(format, packet, joins, trackOf, spool, name, options);
    return new SpooledSideTracks(header, spool);
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  } finally {
    packet.free();
    await format.closeInput();
  }
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

async function copyPackets(
  format: FormatContext,
  packet: Packet,
  joins: Joins | null,
  trackOf: ReadonlyMap<number, number>,
  spool: Spool,
  name: string,
  { strict = false, onNote, signal }: CollectOptions,
): Promise<void> {
  const writer = new SidePacketWriter();
  const refuse = (reason: string) => {
    if (strict) throw new InputError(`${name} is cut or damaged: ${reason}`);
  };
  const dropsStumps = !isBroadcast(format);
  let stumps = 0;
  while (true) {
    throwIfCancelled(signal);
    const code = await format.readFrame(packet);
    if (code < 0) {
      if (code === AVERROR_EOF) break;
      throwIfMachineFails(code, `cannot read ${name}`);
      refuse('reading its sound stopped before the end');
      onNote?.('reading sound and other tracks stopped before their end; what is there is taken');
      break;
    }
    try {
      joins?.move(packet);
      const track = trackOf.get(packet.streamIndex);
      if (track === undefined) continue;
      if ((packet.flags & AV_PKT_FLAG_CORRUPT) !== 0) {
        refuse('a packet of its sound or other tracks is not complete');
        if (dropsStumps) {
          stumps++;
          continue;
        }
      }
      await spool.write(writer.format(describePacket(packet, track)));
    } finally {
      packet.unref();
    }
  }
  if (stumps > 0) onNote?.(`${stumps} packets of sound or other tracks are not complete and left out`);
}

/** A libav packet as plain data that outlives it. */
function describePacket(packet: Packet, track: number): SidePacket {
  const has = (flag: number) => (packet.flags & flag) !== 0;
  return {
    track,
    pts: packet.pts === noTimestamp ? null : packet.pts,
    dts: packet.dts === noTimestamp ? null : packet.dts,
    duration: packet.duration,
    key: has(AV_PKT_FLAG_KEY),
    corrupt: has(AV_PKT_FLAG_CORRUPT),
    discard: has(AV_PKT_FLAG_DISCARD),
    disposable: has(AV_PKT_FLAG_DISPOSABLE),
    data: packet.data === null ? new Uint8Array(0) : new Uint8Array(packet.data),
    sideData: readPacketSideData(packet),
  };
}
