/** Recordings with times of every kind, muxed packet by packet. */
import { deflateRawSync } from 'node:zlib';
import { Dictionary, FormatContext, Packet, Rational } from 'node-av/lib';
import { AV_PKT_FLAG_KEY, type AVPacketFlag } from 'node-av/constants';
import { FrameEncoder } from '../../src/video/out/frame-encoder.js';
import { SidePacketWriter } from '../../src/bitstream/side-packets.js';
import type { SideHeader, SidePacket, SideTrack } from '../../src/video/side/side-tracks.js';
import { applyTrack, describeTrack } from '../../src/video/side/track-parameters.js';
import { makeFrame, makeProperties } from './helpers.js';

/** A packet of a recording; times are ticks of its track. */
export interface RecordedPacket {
  readonly pts: bigint;
  /** Null: not told. */
  readonly dts: bigint | null;
  readonly duration: bigint;
  readonly key: boolean;
  readonly data: Uint8Array;
}

/** A track and its packets in decoding order. */
export interface RecordedTrack {
  readonly track: SideTrack;
  readonly packets: readonly RecordedPacket[];
}

/**
 * H.264 with B-frames, 64x48.
 *
 * @param times - presentation times of the pictures and, last, the end of the last one
 * @param den - ticks per second
 * @param inBand - true to repeat the codec's configuration in key frames, as transport streams want it
 */
export async function recordVideo(times: readonly number[], den: number, inBand = false): Promise<RecordedTrack> {
  const properties = makeProperties(64, 48, { timeBase: { num: 1, den } });
  const settings = { name: 'libx264', options: { preset: 'medium', bf: '2', b_strategy: '0', crf: '30' } };
  using encoder = await FrameEncoder.open(settings, properties, !inBand);
  const packets: RecordedPacket[] = [];
  const encode = async (frame: Parameters<FrameEncoder['encode']>[0]) => {
    for await (const { pts, dts, duration, flags, data } of encoder.encode(frame)) {
      const key = (flags & AV_PKT_FLAG_KEY) !== 0;
      packets.push({ pts, dts, duration, key, data: new Uint8Array(data ?? []) });
    }
  };
  for (const [index, time] of times.slice(0, -1).entries()) {
    await encode(makeFrame(64, 48, index, BigInt(time), BigInt((times[index + 1] ?? 0) - time)));
  }
  await encode(null);
  const format = new FormatContext();
  try {
    format.allocOutputContext2(null, 'matroska', null);
    const stream = format.newStream();
    encoder.describe(stream.codecpar);
    stream.timeBase = new Rational(1, den);
    return { track: describeTrack(stream), packets };
  } finally {
    format.freeContext();
  }
}

const bare = { codecTag: 0, disposition: 0, tags: {}, sideData: {} };
const numbers = { bitRate: 0, bitsPerCodedSample: 0, bitsPerRawSample: 0, profile: 0, level: 0 };

/** MPEG audio of layer II: 24 ms of silence a packet, one after the other from `start`, ticks of 1/48000. */
export function recordSound(start: number, count: number): RecordedTrack {
  const data = new Uint8Array(384);
  data.set([0xff, 0xfd, 0x84, 0x00]);
  const track: SideTrack = {
    ...{ ...bare, ...numbers, kind: 'audio', codec: 'mp2', timeBase: [1, 48000], format: 's16p', bitRate: 128_000 },
    audio: { sampleRate: 48000, channels: 2, order: 1, mask: '3', blockAlign: 0, frameSize: 1152, initialPadding: 0 },
  };
  const packets = Array.from({ length: count }, (_, index) => {
    const time = BigInt(start + 1152 * index);
    return { pts: time, dts: time, duration: 1152n, key: true, data };
  });
  return { track, packets };
}

/** The track with all its times later by `seconds`. */
export function delay({ track, packets }: RecordedTrack, seconds: number): RecordedTrack {
  const ticks = BigInt(Math.round((seconds * track.timeBase[1]) / track.timeBase[0]));
  return {
    track,
    packets: packets.map((packet) => ({
      ...packet,
      pts: packet.pts + ticks,
      dts: packet.dts === null ? null : packet.dts + ticks,
    })),
  };
}

/** Writes tracks with one of libavformat's muxers, packets ordered by time. */
export async function mux(
  path: string,
  muxer: string,
  tracks: readonly RecordedTrack[],
  options: Readonly<Record<string, string>> = {},
): Promise<void> {
  const format = new FormatContext();
  const dictionary = Dictionary.fromObject(options);
  const packet = new Packet();
  const check = (code: number) => {
    if (code < 0) throw new Error(`muxing failed: ${code}`);
  };
  try {
    packet.alloc();
    check(format.allocOutputContext2(null, muxer, `file:${path}`));
    const streams = tracks.map(({ track }) => {
      const stream = format.newStream();
      applyTrack(track, stream.codecpar);
      stream.timeBase = new Rational(...track.timeBase);
      return stream;
    });
    check(await format.openOutput());
    check(await format.writeHeader(dictionary));
    const all = tracks.flatMap(({ track, packets }, index) =>
      packets.map((entry) => ({
        ...{ entry, index, timeBase: track.timeBase },
        seconds: (Number(entry.dts ?? entry.pts) * track.timeBase[0]) / track.timeBase[1],
      })),
    );
    for (const { entry, index, timeBase } of all.sort((a, b) => a.seconds - b.seconds)) {
      const stream = streams[index];
      if (stream === undefined) continue;
      packet.unref();
      packet.data = Buffer.from(entry.data);
      packet.pts = entry.pts;
      packet.dts = entry.dts ?? entry.pts;
      packet.duration = entry.duration;
      packet.streamIndex = stream.index;
      packet.flags = (entry.key ? AV_PKT_FLAG_KEY : 0) as AVPacketFlag;
      packet.rescaleTs({ num: timeBase[0], den: timeBase[1] }, stream.timeBase);
      check(await format.writeFrame(packet));
    }
    check(await format.writeTrailer());
  } finally {
    packet.free();
    dictionary.free();
    await format.closeOutput();
    format.freeContext();
  }
}

/** A side section with these tracks. */
export function sideSection(tracks: readonly SideTrack[], packets: readonly SidePacket[]): Uint8Array {
  const header: SideHeader = { version: 1, tags: {}, video: { tags: {}, disposition: 0 }, chapters: [], tracks };
  const json = deflateRawSync(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const writer = new SidePacketWriter();
  return Buffer.concat([length, json, ...packets.map((packet) => writer.format(packet))]);
}

/** A packet of a side section without anything special. */
export function sidePacket(track: number, pts: bigint | null, changes: Partial<SidePacket> = {}): SidePacket {
  return {
    ...{ track, pts, dts: pts, duration: 1152n, key: true, corrupt: false, discard: false, disposable: false },
    ...{ data: new Uint8Array(8), sideData: {} },
    ...changes,
  };
}
