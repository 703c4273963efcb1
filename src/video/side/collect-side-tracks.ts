/** Side tracks of a media file, read with libav. */
import {
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AV_PKT_FLAG_DISPOSABLE,
  AV_PKT_FLAG_KEY,
  AVDISCARD_ALL,
  AVERROR_EOF,
} from 'node-av/constants';
import { type FormatContext, Packet } from 'node-av/lib';
import type { SideHeader } from '../../bitstream/side-header.js';
import { type SidePacket } from '../../bitstream/side-packets.js';
import { InputError, throwIfCancelled } from '../../errors.js';
import { findVideoTrack, isBroadcast, openDemuxer } from '../demuxer.js';
import { Joins } from '../joins.js';
import { noTimestamp, throwIfMachineFails } from '../libav.js';
import { readChapters } from './chapters.js';
import { readPacketSideData } from './side-data.js';
import { makeSideTracks, type SideTracks } from './side-tracks.js';
import { tagsToKeep } from './tags.js';
import { pictureTags } from './track-tags.js';
import { describeTrack } from './track-parameters.js';

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
      return null;
    }
    packet.alloc();
    const trackOf = new Map(kept.map((stream, track) => [stream.index, track]));
    return await makeSideTracks(header, readPackets(format, packet, joins, trackOf, name, options));
  } finally {
    packet.free();
    await format.closeInput();
  }
}

/** The packets of the tracks in `trackOf`, which has the track of each stream that is kept. */
async function* readPackets(
  format: FormatContext,
  packet: Packet,
  joins: Joins | null,
  trackOf: ReadonlyMap<number, number>,
  name: string,
  { strict = false, onNote, signal }: CollectOptions,
): AsyncGenerator<SidePacket, void, undefined> {
  if (trackOf.size === 0) return;
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
      yield describePacket(packet, track);
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
