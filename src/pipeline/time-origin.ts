/** The start of the time line. A source may start at any time; its output starts at 0. */
import type { Rational } from '../video/frame.js';
import { isTimeless, type SidePacket, type SideTracks, withPackets } from '../video/side/side-tracks.js';
import { surveyTracks } from '../video/side/track-survey.js';
import { movePacket } from './side-window.js';
import { convertTicks } from './ticks.js';

/** A time, ticks of `timeBase`. */
export interface Instant {
  readonly ticks: bigint;
  readonly timeBase: Rational;
}

const MICROSECONDS: Rational = { num: 1, den: 1_000_000 };

/**
 * Returns the earliest time at which something is shown or heard. Parts hidden by an edit list or a codec's delay do
 * not count, and data tracks do not count.
 *
 * @param pictures - the time of the first picture
 */
export async function findOrigin(pictures: Instant, side: SideTracks | null): Promise<Instant> {
  if (side === null) return pictures;
  const surveys = await surveyTracks(side);
  let origin = pictures;
  for (const [index, track] of side.header.tracks.entries()) {
    const start = surveys[index]?.start ?? null;
    if (start === null || track.kind === 'data' || isTimeless(track)) continue;
    const [num, den] = track.timeBase;
    const instant = { ticks: start, timeBase: { num, den } };
    if (isBefore(instant, origin)) origin = instant;
  }
  return origin;
}

function isBefore(a: Instant, b: Instant): boolean {
  const scale = ({ ticks, timeBase }: Instant, other: Instant) =>
    ticks * BigInt(timeBase.num) * BigInt(other.timeBase.den);
  return scale(a, b) < scale(b, a);
}

/** Returns the same side tracks with all times counted from `origin`. */
export function moveSideTracks(side: SideTracks, origin: Instant): SideTracks {
  if (origin.ticks === 0n) return side;
  const microseconds = Number(convertTicks(origin.ticks, origin.timeBase, MICROSECONDS));
  const move = (time: number) => Math.max(0, time - microseconds);
  const chapters = side.header.chapters.map(({ start, end, tags }) => ({ start: move(start), end: move(end), tags }));
  return withPackets(side, { ...side.header, chapters }, () => movePackets(side, origin));
}

async function* movePackets(side: SideTracks, origin: Instant): AsyncGenerator<SidePacket, void, undefined> {
  const offsets = side.header.tracks.map((track) => {
    const [num, den] = track.timeBase;
    return isTimeless(track) ? 0n : convertTicks(origin.ticks, origin.timeBase, { num, den });
  });
  for await (const packet of side.packets()) yield movePacket(packet, offsets[packet.track] ?? 0n);
}
