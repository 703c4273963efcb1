/**
 * Side tracks: everything of a file that is not its first video track, kept as it is.
 *
 * The bytes of the side section are our own, not a Matroska or NUT file: Matroska rounds time stamps to its tick of
 * 1 ms, NUT refuses the negative ones with which AAC in MP4 begins, both refuse some codecs (QuickTime text), and
 * node-av gives no muxer chapters. Layout, all integers little endian:
 *
 *     uint32  headerLength
 *     bytes   header: UTF-8 JSON as in `side-header.ts` (tags, chapters, track parameters), deflated (RFC 1951)
 *     then packets in the file's order, to the end of the section, each
 *       varint  track, flags (1 key, 2 corrupt, 4 discard, 8 disposable, 16 no pts, 32 no dts, 64 dts is told,
 *               128 side data)
 *       svarint pts - (pts + duration of the track's packet before), unless flag 16
 *       svarint dts - pts, if flag 64; else dts = pts
 *       svarint duration - duration of the track's packet before
 *       varint  size
 *       if flag 128: varint count, then each: varint nameLength, varint length, name, bytes
 *       bytes   size bytes of payload, bit for bit as in the file
 *
 * A varint has seven bits per byte, lowest first, the top bit says that more follow; a svarint maps 0, -1, 1, -2 to
 * 0, 1, 2, 3. So a packet of sound costs about six bytes beside its payload, and time stamps are exact.
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
import { findVideoTrack, openDemuxer } from '../demuxer.js';
import { noTimestamp } from '../libav.js';
import { ByteReader } from '../../io/pipe.js';
import { readPacketSideData } from './side-data.js';
import { parseSideHeader, type SideHeader } from './side-header.js';
import { readSidePackets, type SidePacket, SidePacketWriter } from './side-packets.js';
import { Spool } from '../../io/spool.js';
import { tagsToKeep } from './tags.js';
import { describeTrack } from './track-parameters.js';

export type { Chapter, SideHeader, SideTrack, Tags } from './side-header.js';
export type { SidePacket } from './side-packets.js';

/** Side tracks in memory or, beyond 8 MiB, in a temporary file. Dispose them to let go of it. */
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

// Attachments (fonts, cover pictures) are part of their tracks' parameters, so the header can be large.
const headerLimit = 64 << 20;

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
    await using reader = new ByteReader(this.spool.read());
    await readHeader(reader);
    yield* readSidePackets(reader, this.header.tracks.length);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.spool[Symbol.asyncDispose]();
  }
}

/**
 * Takes the bytes of a side section, as {@link SideTracks.bytes} gave them.
 *
 * @throws BitstreamError if its header is damaged; damaged packets show when they are read
 */
export async function openSideTracks(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<SideTracks> {
  const spool = new Spool();
  try {
    if (bytes instanceof Uint8Array) await spool.write(bytes);
    else for await (const chunk of bytes) await spool.write(chunk);
    await using reader = new ByteReader(spool.read());
    return new SpooledSideTracks(await readHeader(reader), spool);
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

async function readHeader(reader: ByteReader): Promise<SideHeader> {
  const prefix = await reader.read(4);
  const length = prefix.length < 4 ? 0 : Buffer.from(prefix).readUInt32LE(0);
  if (length < 2 || length > headerLimit) throw new BitstreamError(`the side tracks have a header of ${length} bytes`);
  const json = await reader.read(length);
  if (json.length < length) throw new BitstreamError('the side tracks are cut within their header');
  let text: string;
  try {
    text = inflateRawSync(json, { maxOutputLength: headerLimit }).toString('utf8');
  } catch (error) {
    throw new BitstreamError('the header of the side tracks cannot be inflated, or is too large', { cause: error });
  }
  return parseSideHeader(text);
}

/**
 * Reads everything but one video track from a file; null if there is nothing worth keeping.
 *
 * @param name - what messages call the file
 * @param videoTrack - number of the video track, from 1
 * @throws InputError if the file is damaged
 */
export async function collectSideTracks(
  path: string,
  name = path,
  signal?: AbortSignal,
  videoTrack = 1,
): Promise<SideTracks | null> {
  const format = await openDemuxer(path, name);
  const spool = new Spool();
  const packet = new Packet();
  try {
    const streams = format.streams;
    const videoIndex = findVideoTrack(streams, videoTrack);
    // Demuxers discard what they use themselves, such as QuickTime's track of chapter titles.
    const kept = streams.filter((stream) => stream.index !== videoIndex && stream.discard !== AVDISCARD_ALL);
    const video = streams[videoIndex];
    if (video !== undefined) video.discard = AVDISCARD_ALL;
    const header: SideHeader = {
      version: 1,
      tags: tagsToKeep(format.metadata?.getAll() ?? {}),
      video: { tags: tagsToKeep(video?.metadata?.getAll() ?? {}), disposition: video?.disposition ?? 0 },
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
    await copyPackets(format, packet, trackOf, spool, name, signal);
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
  const json = deflateRawSync(JSON.stringify(header));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(json.length);
  return Buffer.concat([prefix, json]);
}

async function copyPackets(
  format: FormatContext,
  packet: Packet,
  trackOf: ReadonlyMap<number, number>,
  spool: Spool,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = new SidePacketWriter();
  while (trackOf.size > 0) {
    throwIfCancelled(signal);
    const code = await format.readFrame(packet);
    if (code === AVERROR_EOF) return;
    if (code < 0) throw new InputError(`${name} is cut or damaged: reading its sound stopped before the end`);
    try {
      const track = trackOf.get(packet.streamIndex);
      if (track !== undefined) await spool.write(writer.format(describePacket(packet, track)));
    } finally {
      packet.unref();
    }
  }
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
