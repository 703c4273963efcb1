import { InputError } from '../errors.js';
import type { Frame, Rational } from '../video/frame.js';
import type { VideoSource } from '../video/in/media-reader.js';
import { makeSideTracks, type SidePacket, type SideTracks } from '../video/side/side-tracks.js';
import { cutSideTracks, type TimeWindow } from './side-window.js';
import { secondsToTicks, ticksToSeconds } from './ticks.js';

/** A part of a source, seconds from its first frame. */
export interface PartOptions {
  readonly start?: number | undefined;
  readonly duration?: number | undefined;
}

/**
 * The frames of a part, with times that start at 0, and the position of the part; null: the whole source, unchanged.
 */
export interface SourcePart {
  readonly frames: AsyncIterable<Frame>;
  readonly window: TimeWindow | null;
}

/**
 * Reads up to the first frame of the part.
 *
 * @throws InputError if the source ends before
 */
export async function openPart(
  frames: AsyncGenerator<Frame, void, undefined>,
  timeBase: Rational,
  { start, duration }: PartOptions,
): Promise<SourcePart> {
  if (start === undefined && duration === undefined) return { frames, window: null };
  let begin: bigint | null = null;
  let last = 0n;
  let next = await frames.next();
  for (; next.done !== true; next = await frames.next()) {
    last = next.value.pts;
    begin ??= last;
    if (last >= begin + secondsToTicks(start ?? 0, timeBase)) break;
  }
  if (next.done === true) {
    const seconds = ticksToSeconds(last - (begin ?? 0n), timeBase);
    throw new InputError(`start is ${start ?? 0} s, but the last frame starts at ${seconds.toFixed(3)} s`);
  }
  const from = next.value.pts;
  const until = duration === undefined ? null : from + secondsToTicks(duration, timeBase);
  return { frames: readPart(next.value, frames, from, until), window: { from, until, timeBase } };
}

async function* readPart(
  first: Frame,
  rest: AsyncGenerator<Frame, void, undefined>,
  from: bigint,
  until: bigint | null,
): AsyncGenerator<Frame, void, undefined> {
  yield { ...first, pts: 0n };
  for await (const frame of rest) {
    if (until !== null && frame.pts >= until) return;
    yield { ...frame, pts: frame.pts - from };
  }
}

/** The number of frames of a part, from the source; null if unknown. */
export function countPart({ frameCountHint, durationHint }: VideoSource, part: PartOptions): number | null {
  const { start, duration } = part;
  if (frameCountHint === null || (start === undefined && duration === undefined)) return frameCountHint;
  if (durationHint === null || durationHint <= 0) return null;
  const seconds = Math.min(duration ?? Infinity, Math.max(0, durationHint - (start ?? 0)));
  return Math.max(1, Math.round((frameCountHint * seconds) / durationHint));
}

/**
 * Returns the side tracks of a part, with or without sound. Takes ownership of `side`.
 *
 * @param window null: all of it.
 */
export async function choosePart(side: SideTracks, window: TimeWindow | null, keepAudio: boolean): Promise<SideTracks> {
  if (window === null && keepAudio) return side;
  await using given = side;
  const cut = window === null ? given : cutSideTracks(given, window);
  const { tracks } = cut.header;
  const kept = tracks.filter(({ kind }) => keepAudio || kind !== 'audio');
  async function* packets(): AsyncGenerator<SidePacket, void, undefined> {
    for await (const packet of cut.packets()) {
      const track = kept.indexOf(tracks[packet.track]!);
      if (track >= 0) yield { ...packet, track };
    }
  }
  return await makeSideTracks({ ...cut.header, tracks: kept }, packets());
}
