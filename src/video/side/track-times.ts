/** Times of a side track as every muxer takes them: none missing, decoding times that never step back. */
import { isTimeless, type SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import type { TrackSurvey } from './track-survey.js';

/** A packet whose times a muxer takes. */
export interface TimedPacket extends SidePacket {
  readonly pts: bigint;
  /** Not less than that of the packet before, not more than `pts`. */
  readonly dts: bigint;
}

/** Sound and pictures that step back by more begin a new part, which is moved to follow the one before. */
const partSeconds = 0.5;

/**
 * Repairs the times of one track, packet by packet. Decoding times that the container did not tell are made of the
 * presentation times in ascending order, as far behind as the packets are out of order.
 */
export class TrackTimes {
  readonly #makesDecodingTimes: boolean;
  readonly #depth: number;
  readonly #partTicks: number;
  readonly #firstPts: bigint;
  readonly #isTimeless: boolean;
  /** Added to all times since the last part began. */
  #offset = 0n;
  #last: bigint | null = null;
  #end = 0n;
  /** Presentation times that were not yet used as decoding times, ascending. */
  #waiting: bigint[] = [];
  #index = 0;
  #missing = false;
  #moved = false;

  constructor(track: SideTrack, survey: TrackSurvey) {
    this.#makesDecodingTimes = survey.lacksDecodingTimes;
    this.#depth = survey.reorderDepth;
    this.#firstPts = survey.first ?? 0n;
    this.#isTimeless = isTimeless(track);
    const [num, den] = track.timeBase;
    const isSteady = track.kind === 'audio' || track.kind === 'video';
    this.#partTicks = isSteady && !this.#makesDecodingTimes ? (partSeconds * den) / num : Infinity;
  }

  /** What was repaired so far, one line each. */
  get notes(): string[] {
    return [
      ...(this.#missing && !this.#isTimeless ? ['times are missing: made them up'] : []),
      ...(this.#moved ? ['times step back: moved them to follow each other'] : []),
    ];
  }

  /** Repairs the next packet of the track. */
  repair(packet: SidePacket): TimedPacket {
    if (packet.pts === null) this.#missing = true;
    const given = packet.dts ?? packet.pts ?? this.#end - this.#offset;
    if (this.#last !== null && Number(given + this.#offset - this.#last) < -this.#partTicks) {
      this.#offset = this.#end - given;
      this.#moved = true;
    }
    const pts = (packet.pts ?? given) + this.#offset;
    let dts = this.#makesDecodingTimes ? this.#makeDts(pts, packet.duration) : given + this.#offset;
    // Nothing is shown before it is decoded.
    if (dts > pts) dts = pts;
    if (this.#last !== null && dts < this.#last) {
      dts = this.#last + 1n;
      this.#moved = true;
    }
    this.#last = dts;
    this.#end = dts + packet.duration;
    return { ...packet, dts, pts: pts < dts ? dts : pts };
  }

  /**
   * The decoding time of the next packet: the presentation time that is `depth` places before it in ascending order.
   */
  #makeDts(pts: bigint, duration: bigint): bigint {
    const at = this.#waiting.findLastIndex((other) => other <= pts) + 1;
    this.#waiting.splice(at, 0, pts);
    const before = this.#depth - this.#index++;
    if (before > 0) return this.#firstPts - BigInt(before) * (duration > 0n ? duration : 1n);
    return this.#waiting.shift() ?? pts;
  }
}
