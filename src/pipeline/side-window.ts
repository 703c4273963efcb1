import { BitstreamError, InputError } from '../errors.js';
import type { Rational } from '../video/frame.js';
import { isTimeless, type Chapter, type SidePacket, type SideTracks, withPackets } from '../video/side/side-tracks.js';
import { convertTicks } from './ticks.js';

/** A part of a video, in ticks of `timeBase`. The time `from` becomes time 0. */
export interface TimeWindow {
  readonly from: bigint;
  /** First tick that is not part of it; null: to the end. */
  readonly until: bigint | null;
  readonly timeBase: Rational;
}

/**
 * Checks the limits of a part, in seconds.
 *
 * @throws InputError
 */
export function checkTimes(start = 0, duration = 1): void {
  if (!(Number.isFinite(start) && start >= 0)) throw new InputError(`start is ${start}: give seconds from 0 on`);
  if (!(Number.isFinite(duration) && duration > 0)) {
    throw new InputError(`duration is ${duration}: give seconds above 0`);
  }
}

const MICROSECONDS: Rational = { num: 1, den: 1_000_000 };

/**
 * Returns the side tracks of a part of the video, with times moved to its start. Sound starts with its first packet
 * inside the part. (A packet that starts before would move the video, because containers start with time 0.) Subtitles
 * that are visible at the start are kept from there on.
 */
export function cutSideTracks(side: SideTracks, window: TimeWindow): SideTracks {
  const from = convertTicks(window.from, window.timeBase, MICROSECONDS);
  const until = window.until === null ? null : convertTicks(window.until, window.timeBase, MICROSECONDS);
  const chapters = side.header.chapters.flatMap((chapter) => cutChapter(chapter, Number(from), until));
  return withPackets(side, { ...side.header, chapters }, () => cutPackets(side, window));
}

function cutChapter(chapter: Chapter, from: number, until: bigint | null): Chapter[] {
  const last = until === null ? Infinity : Number(until);
  if (chapter.end <= from || chapter.start >= last) return [];
  const start = Math.max(0, chapter.start - from);
  return [{ ...chapter, start, end: Math.min(chapter.end, last) - from }];
}

async function* cutPackets(side: SideTracks, window: TimeWindow): AsyncGenerator<SidePacket, void, undefined> {
  const tracks = side.header.tracks.map((track) => {
    const { kind } = track;
    const [num, den] = track.timeBase;
    const timeBase = { num, den };
    return {
      kind,
      isTimeless: isTimeless(track),
      from: convertTicks(window.from, window.timeBase, timeBase),
      until: window.until === null ? null : convertTicks(window.until, window.timeBase, timeBase),
    };
  });
  for await (const packet of side.packets()) {
    const track = tracks[packet.track]!;
    const time = packet.pts ?? packet.dts;
    if (track.isTimeless || time === null) {
      yield packet;
      continue;
    }
    const isBefore = track.kind === 'subtitle' ? time + packet.duration <= track.from : time < track.from;
    if (isBefore || (track.until !== null && time >= track.until)) continue;
    const moved = movePacket(packet, track.from);
    yield track.kind === 'subtitle' ? clipSubtitle(moved) : moved;
  }
}

/** Returns the packet with its times counted from `origin`, in ticks of its track. */
export function movePacket(packet: SidePacket, origin: bigint): SidePacket {
  const { pts, dts } = packet;
  return { ...packet, pts: pts === null ? null : pts - origin, dts: dts === null ? null : dts - origin };
}

function clipSubtitle(packet: SidePacket): SidePacket {
  const { pts } = packet;
  if (pts === null || pts >= 0n) return packet;
  return { ...packet, pts: 0n, dts: packet.dts === null ? null : 0n, duration: packet.duration + pts };
}

/**
 * Side tracks that end at the first damage instead of throwing.
 *
 * @param onDamage called once, with the reason.
 */
export function tolerateDamage(side: SideTracks, onDamage: (reason: string) => void): SideTracks {
  return withPackets(side, side.header, async function* () {
    try {
      yield* side.packets();
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      onDamage(error.message);
    }
  });
}
