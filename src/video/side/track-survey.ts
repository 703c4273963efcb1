/** Facts about side tracks that a writer needs before it starts: start, hidden part and order of each track. */
import type { SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import type { SideTracks } from './side-tracks.js';

/** What {@link surveyTracks} finds about a track; times are ticks of the track. */
export interface TrackSurvey {
  /** Number of packets. */
  readonly packets: number;
  /** Time at which the first packet begins, hidden or not; null if no packet has a time. */
  readonly first: bigint | null;
  /**
   * The time at which the shown or heard part of the track starts: after the part that an edit list or the codec's
   * delay hides.
   */
  readonly start: bigint | null;
  /** Times of the packets of sound that begin before `start`, ascending. */
  readonly hidden: readonly bigint[];
  /** True if all packets have a presentation time but some of a video track lack the decoding time. */
  readonly lacksDecodingTimes: boolean;
  /** Largest number of packets that are decoded before a packet and shown after it. */
  readonly reorderDepth: number;
}

const largestReorderDepth = 16;

/** Reads all packets of side tracks once. */
export async function surveyTracks(side: SideTracks): Promise<TrackSurvey[]> {
  const tracks = side.header.tracks.map((track) => new Surveyor(track));
  for await (const packet of side.packets()) tracks[packet.track]?.add(packet);
  return tracks.map((track) => track.result);
}

class Surveyor {
  readonly #track: SideTrack;
  #packets = 0;
  #first: bigint | null = null;
  #start: bigint | null = null;
  #hidden: bigint[] = [];
  #lacksPts = false;
  #lacksDts = false;
  #reorderDepth = 0;
  /** The latest presentation times in decoding order. */
  #recent: bigint[] = [];

  constructor(track: SideTrack) {
    this.#track = track;
  }

  add(packet: SidePacket): void {
    this.#packets++;
    if (packet.pts === null) this.#lacksPts = true;
    if (packet.dts === null) this.#lacksDts = true;
    const time = packet.pts ?? packet.dts;
    if (time === null) return;
    const isFirst = this.#first === null;
    if (this.#first === null || time < this.#first) this.#first = time;
    if (this.#track.kind === 'audio') {
      this.#addSound(packet, time, isFirst);
      return;
    }
    if (!packet.discard && (this.#start === null || time < this.#start)) this.#start = time;
    if (this.#track.kind !== 'video') return;
    const later = this.#recent.filter((other) => other > time).length;
    this.#reorderDepth = Math.max(this.#reorderDepth, later);
    this.#recent = [...this.#recent.slice(1 - largestReorderDepth), time];
  }

  #addSound(packet: SidePacket, time: bigint, isFirst: boolean): void {
    // The first packet tells how many samples are to be skipped from there on, in itself and in those that follow.
    const skipped = isFirst ? samplesToTicks(skippedSamples(packet), this.#track) : 0n;
    if (skipped > 0n) this.#start = time + skipped;
    else if (!packet.discard) this.#start ??= time;
    if (this.#start === null || time < this.#start) this.#hidden.push(time);
  }

  get result(): TrackSurvey {
    return {
      packets: this.#packets,
      first: this.#first,
      start: this.#start,
      hidden: this.#hidden,
      lacksDecodingTimes: this.#track.kind === 'video' && this.#lacksDts && !this.#lacksPts,
      reorderDepth: this.#reorderDepth,
    };
  }
}

/** Number of samples that a packet's side data tells decoders to skip at its beginning. */
export function skippedSamples({ sideData }: SidePacket): number {
  const bytes = sideData['skipSamples'];
  return bytes === undefined || bytes.length < 4 ? 0 : Buffer.from(bytes).readUInt32LE(0);
}

/** A number of samples as ticks of its track, to the nearest. */
export function samplesToTicks(samples: number, { audio, timeBase: [num, den] }: SideTrack): bigint {
  const rate = audio?.sampleRate ?? 0;
  return rate === 0 ? 0n : BigInt(Math.round((samples * den) / (rate * num)));
}

/** Ticks of a track as a number of its samples, to the nearest. */
export function ticksToSamples(ticks: bigint, { audio, timeBase: [num, den] }: SideTrack): number {
  return Math.round((Number(ticks) * num * (audio?.sampleRate ?? 0)) / den);
}
