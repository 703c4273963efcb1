/** Joined recordings: the clock of the second recording restarts, for all of its tracks. */
import { AVMEDIA_TYPE_AUDIO, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import type { FormatContext, Packet, Stream } from 'node-av/lib';
import { isBroadcast } from './demuxer.js';
import type { Rational } from './frame.js';
import { noTimestamp, rescaleTicks } from './libav.js';

/** The offset that is added to times after a join. */
interface Offset {
  readonly ticks: bigint;
  readonly timeBase: Rational;
}

/** The position of a track: its times are in its own ticks, with the offset applied. */
interface TrackState {
  readonly timeBase: Rational;
  /** Audio and video are continuous; the packets of other tracks come at any time. */
  readonly isSteady: boolean;
  readonly isVideo: boolean;
  /** The index of the current offset of the track's packets. */
  join: number;
  last: bigint;
  end: bigint;
  /** The end of the shown or heard part, and the duration of the last packet. */
  shownEnd: bigint;
  duration: bigint;
}

// FFmpeg's own limits (ts_discontinuity_process): smaller steps back are repaired packet by packet.
const backSeconds = 0.1;
const forwardSeconds = 10;

/**
 * Finds the joins in a file's packets and moves the following part, so that it continues after the part before it. All
 * tracks are moved by the same time. The result depends only on the packets of the whole file, in the file's order: a
 * caller that needs only some tracks must still pass the packets of all tracks.
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

  /** Makes an object for an open file; null if its format cannot have joins (in MP4, edit lists define the times). */
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
   * Chooses the offset of a track's next packet: the current one, or that of a join that another track found, or a new
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

  /** Returns the time at which all tracks have ended the current part, in ticks of `track`. */
  #endOfPart(track: TrackState): bigint {
    let end = track.shownEnd;
    for (const other of this.#tracks) {
      if (!other.isSteady || other.last === noTimestamp) continue;
      // A transport stream completes a picture only when the next one starts, so one more picture may come.
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
    // A gap (as between still pictures) is not a join if another track has reached that time.
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
