import { deflateRawSync } from 'node:zlib';
import { createVideoSink } from '../../src/video/out/media-writer.js';
import type { VideoProperties } from '../../src/video/frame.js';
import type { SideHeader, SidePacket, SideTrack } from '../../src/video/side/side-tracks.js';
import { openSideTracks, type SideTracks } from '../../src/video/side/side-tracks.js';
import { SidePacketWriter } from '../../src/bitstream/side-packets.js';
import { makeFrame, makeProperties } from './helpers.js';

/** A side track with the fields that every kind has. */
export function makeTrack(changes: Partial<SideTrack> & Pick<SideTrack, 'kind' | 'codec'>): SideTrack {
  return {
    codecTag: 0,
    timeBase: [1, 1000],
    disposition: 0,
    tags: {},
    bitRate: 0,
    bitsPerCodedSample: 0,
    bitsPerRawSample: 0,
    profile: -99,
    level: -99,
    sideData: {},
    ...changes,
  };
}

/** A packet of a side track, a key packet of one second at time 0. */
export function makePacket(track: number, data: Uint8Array, changes: Partial<SidePacket> = {}): SidePacket {
  return {
    track,
    pts: 0n,
    dts: 0n,
    duration: 1000n,
    key: true,
    corrupt: false,
    discard: false,
    disposable: false,
    data,
    sideData: {},
    ...changes,
  };
}

/** Side tracks that no file had. */
export function makeSide(header: Partial<SideHeader>, packets: readonly SidePacket[] = []): Promise<SideTracks> {
  const whole = { version: 1, tags: {}, video: { tags: {}, disposition: 1 }, chapters: [], tracks: [], ...header };
  const json = deflateRawSync(JSON.stringify(whole));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(json.length);
  const writer = new SidePacketWriter();
  return openSideTracks(Buffer.concat([prefix, json, ...packets.map((packet) => writer.format(packet))]));
}

/** Writes five frames and what stands beside them; the sink's notes. */
export async function writeWith(
  path: string,
  side: SideTracks,
  changes: Partial<VideoProperties> = {},
): Promise<readonly string[]> {
  await using _held = side;
  const properties = makeProperties(64, 48, { timeBase: { num: 1, den: 1000 }, ...changes });
  await using sink = await createVideoSink(path, properties, { side });
  for (let index = 0; index < 5; index++) await sink.write(makeFrame(64, 48, index, BigInt(index * 40), 40n));
  await sink.finish();
  return sink.notes;
}
