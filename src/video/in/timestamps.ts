import type { Rational } from '../frame.js';

/** A picture with the times of its container. */
export interface TimedPicture<T> {
  readonly picture: T;
  /** Ticks, or null if the container has none. */
  readonly pts: bigint | null;
  /** Ticks, 0n if unknown. */
  readonly duration: bigint;
}

/** The same with repaired times: strictly increasing, with durations. */
export interface RepairedPicture<T> {
  readonly picture: T;
  readonly pts: bigint;
  readonly duration: bigint;
}

/** The stream properties that {@link repairTimestamps} needs. */
export interface TimestampContext {
  readonly timeBase: Rational;
  readonly frameRate: Rational;
  /** Returns the end time of the last picture, if the container gives it; called after that picture; ticks. */
  readonly end: () => bigint | null;
  /** The largest rounding error of `end`, ticks. Default: 0. */
  readonly endTolerance?: () => bigint;
  /** Called once with one line for each kind of repair. */
  readonly onNote: (note: string) => void;
}

/** Ticks of one frame at the nominal frame rate; at least 1n. */
export function nominalTicks(timeBase: Rational, frameRate: Rational): bigint {
  const numerator = BigInt(timeBase.den) * BigInt(frameRate.den);
  const denominator = BigInt(timeBase.num) * BigInt(frameRate.num);
  const ticks = (numerator + denominator / 2n) / denominator;
  return ticks > 0n ? ticks : 1n;
}

/**
 * Gives every picture a time stamp that is larger than the one before, and a duration up to the next picture. The last
 * picture lasts until the end of the stream if the container gives it. Otherwise it has the duration that the container
 * gives for it, or else the duration of the picture before. Holds back one picture.
 */
export async function* repairTimestamps<T>(
  pictures: AsyncIterable<TimedPicture<T>>,
  context: TimestampContext,
): AsyncGenerator<RepairedPicture<T>> {
  const nominal = nominalTicks(context.timeBase, context.frameRate);
  const noted = new Set<string>();
  const note = (text: string) => {
    if (noted.has(text)) return;
    noted.add(text);
    context.onNote(text);
  };
  let held: { picture: T; pts: bigint; duration: bigint } | null = null;
  let lastDuration = nominal;
  for await (const { picture, pts: given, duration } of pictures) {
    let pts = given;
    if (pts === null) {
      pts = held === null ? 0n : held.pts + nominal;
      note('time stamps are missing: made them up from the frame rate');
    } else if (held !== null && pts <= held.pts) {
      pts = held.pts + 1n;
      note('time stamps do not increase: moved them to follow each other');
    }
    if (held !== null) {
      lastDuration = pts - held.pts;
      yield { picture: held.picture, pts: held.pts, duration: lastDuration };
    }
    held = { picture, pts, duration };
  }
  if (held === null) return;
  const end = context.end();
  const rounded = end === null ? 0n : end - held.pts;
  const difference = rounded - held.duration;
  const tolerance = context.endTolerance?.() ?? 0n;
  const untilEnd = difference <= tolerance && -difference <= tolerance ? held.duration : rounded;
  const duration = untilEnd > 0n ? untilEnd : held.duration > 0n ? held.duration : lastDuration;
  yield { picture: held.picture, pts: held.pts, duration };
}
