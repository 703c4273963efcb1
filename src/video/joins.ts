/** Recordings that were joined: the clock of the second one starts anew, for all of its tracks. */
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import type { FormatContext, Packet, Stream } from 'node-av/lib';
import { isBroadcast } from './demuxer.js';
import type { Rational } from './frame.js';
import { noTimestamp, rescaleTicks } from './libav.js';

/** What is to be added to times from a join on. */
interface Offset {
  readonly ticks: bigint;
  readonly timeBase: Rational;
}

/** Where a track is: times are in its own ticks, moved already. */
interface TrackState {
  readonly timeBase: Rational;
  /** Audio and video run on; the packets of other tracks come when they like. */
  readonly isSteady: boolean;
  readonly isVideo: boolean;
  /** Index of the offset that the track's packets take now. */
  join: number;
  last: bigint;
  end: bigint;
  /** End of what is shown or heard, and the duration of the packet seen last. */
  shownEnd: bigint;
  duration: bigint;
}

// FFmpeg's own limits (ts_discontinuity_process): what steps back by less is repaired packet by packet.
const backSeconds = 0.1;
const forwardSeconds = 10;

/**
 * Finds the joins in a file's packets and moves what follows, so that it continues where the part before ended. All
 * tracks are moved by the same time. The result depends only on the packets of the whole file, in the file's order:
 * whoever reads some tracks only must still show all of them to this object.
 */
export class Joins {
  readonly #offsets: Offset[] = [{ ticks: 0n, timeBase: { num: 1, den: 1 } }];
  readonly #tracks: readonly TrackState[];
  readonly #isBroadcast: boolean;

  private constructor(streams: readonly Stream[], isBroadcast: boolean) {
    this.#isBroadcast = isBroadcast;
    this.#tracks = streams.map(({ codecpar, timeBase }) => ({
      timeBase: { num: timeBase.num, den: timeBase.den },
      isSteady: codecpar.codecType === AVMEDIA_TYPE_AUDIO || codecpar.codecType === AVMEDIA_TYPE_VIDEO,
      isVideo: codecpar.codecType === AVMEDIA_TYPE_VIDEO,
      join: 0,
      last: noTimestamp,
      end: noTimestamp,
      shownEnd: noTimestamp,
      duration: 0n,
    }));
  }

  /** For an open file; null if its format cannot have joins (edit lists of MP4 make times of their own). */
  static of(format: FormatContext): Joins | null {
    const name = format.iformat?.name ?? '';
    return name.startsWith('mov,') ? null : new Joins(format.streams, isBroadcast(format));
  }

  /** Number of joins found so far. */
  get count(): number {
    return this.#offsets.length - 1;
  }

  /** Moves the times of the next packet of the file. */
  move(packet: Packet): void {
    const track = this.#tracks[packet.streamIndex];
    if (track === undefined) return;
    const given = packet.dts;
    // Without a decoding time (the first packets of Matroska) it is not known whether the packet is late.
    if (!track.isSteady) track.join = this.count;
    else if (given !== noTimestamp) this.#settle(track, given, packet.pts === noTimestamp ? given : packet.pts);
    const offset = this.#ticksOf(track.join, track.timeBase);
    if (offset !== 0n) {
      if (packet.pts !== noTimestamp) packet.pts += offset;
      if (given !== noTimestamp) packet.dts = given + offset;
    }
    if (given === noTimestamp) return;
    track.last = given + offset;
    track.end = track.last + packet.duration;
    track.duration = packet.duration;
    const shownEnd = (packet.pts === noTimestamp ? track.last : packet.pts) + packet.duration;
    if (shownEnd > track.shownEnd) track.shownEnd = shownEnd;
  }

  /**
   * Chooses the offset of a track's next packet: its own, else that of a join which another track found, else a new
   * one.
   */
  #settle(track: TrackState, given: bigint, shown: bigint): void {
    if (track.last === noTimestamp) {
      track.join = this.count;
      return;
    }
    for (let join = track.join; join <= this.count; join++) {
      if (!this.#continues(track, given + this.#ticksOf(join, track.timeBase))) continue;
      track.join = join;
      return;
    }
    this.#offsets.push({ ticks: this.#endOfPart(track) - shown, timeBase: track.timeBase });
    track.join = this.count;
  }

  /** When all tracks have ended what they show of the present part, ticks of `track`. */
  #endOfPart(track: TrackState): bigint {
    let end = track.shownEnd;
    for (const other of this.#tracks) {
      if (!other.isSteady || other.last === noTimestamp) continue;
      // A transport stream gives a picture away only when the next one begins: one more may come.
      const pending = other.isVideo && other !== track ? other.duration : 0n;
      const otherEnd = rescaleTicks(other.shownEnd + pending, other.timeBase, track.timeBase);
      if (otherEnd > end) end = otherEnd;
    }
    return end;
  }

  #continues(track: TrackState, time: bigint): boolean {
    const second = track.timeBase.den / track.timeBase.num;
    if (Number(time - track.last) < -backSeconds * second) return false;
    if (!this.#isBroadcast || Number(time - track.end) <= forwardSeconds * second) return true;
    // A gap, such as that between still pictures, is none if another track has come that far.
    return this.#tracks.some(
      (other) =>
        other.isSteady &&
        other.last !== noTimestamp &&
        Number(time - rescaleTicks(other.last, other.timeBase, track.timeBase)) <= forwardSeconds * second,
    );
  }

  #ticksOf(join: number, timeBase: Rational): bigint {
    const offset = this.#offsets[join];
    return offset === undefined ? 0n : rescaleTicks(offset.ticks, offset.timeBase, timeBase);
  }
}
