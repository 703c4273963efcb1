/**
 * What the source hides of a side track: a beginning that decoders need and nobody sees or hears (an edit list of MP4,
 * the codec's delay), and what edit lists cut out. MP4 and QuickTime hide what lies before time 0; Matroska and WebM
 * hide the beginning of sound by the codec's delay, which players expect to be short.
 */
import type { OutputContainer } from '../output-container.js';
import type { SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import { ticksToSamples, type TrackSurvey } from './track-survey.js';

// The delay of common encoders is up to 120 ms (HE-AAC); Opus decoders want 80 ms to settle (RFC 7845, 4.6).
const longestDelaySeconds = 0.15;
const settlingSeconds = 0.08;

/** Leaves out of one track what a container would show although the source hides it. */
export class HiddenParts {
  readonly #track: SideTrack;
  readonly #isMp4: boolean;
  readonly #start: bigint;
  /** Time of the first packet of sound that is kept, if the hidden beginning is shortened. */
  readonly #from: bigint | null;
  #begun = false;
  #shown = false;
  #awaitsKey = false;
  #lost = 0;

  constructor(track: SideTrack, { start, hidden }: TrackSurvey, { family }: OutputContainer) {
    this.#track = track;
    this.#isMp4 = family === 'mp4';
    this.#start = start ?? 0n;
    const [num, den] = track.timeBase;
    const isLong = Number(this.#start - (hidden[0] ?? this.#start)) * num > longestDelaySeconds * den;
    const settled = this.#start - BigInt(Math.ceil((settlingSeconds * den) / num));
    // MP4 hides everything before 0, however long it is.
    const isShown = family === 'matroska' || this.#start > 0n;
    this.#from = isLong && isShown ? (hidden.findLast((time) => time <= settled) ?? null) : null;
  }

  /** The track as it is written: its codec's delay is what is left of the hidden beginning. */
  get track(): SideTrack {
    const { audio } = this.#track;
    if (this.#from === null || audio === undefined) return this.#track;
    return { ...this.#track, audio: { ...audio, initialPadding: this.#delay } };
  }

  /** Number of pictures that the source shows and that are left out, because they depend on hidden ones. */
  get lost(): number {
    return this.#lost;
  }

  /** The next packet as it is written; null if it is left out. */
  take(packet: SidePacket): SidePacket | null {
    if (this.#track.kind === 'audio') return this.#takeSound(packet);
    if (this.#track.kind === 'video') return this.#takesPicture(packet) ? packet : null;
    return packet.discard ? null : packet;
  }

  #takesPicture(packet: SidePacket): boolean {
    const isHidden = packet.discard && !(this.#isMp4 && (packet.pts ?? 0n) < 0n);
    if (isHidden) this.#awaitsKey = true;
    else if (packet.key) this.#awaitsKey = false;
    if (!isHidden && this.#awaitsKey && !packet.discard) this.#lost++;
    return !this.#awaitsKey;
  }

  #takeSound(packet: SidePacket): SidePacket | null {
    const time = packet.pts ?? packet.dts;
    if (packet.discard && this.#shown) return null;
    if (!packet.discard) this.#shown = true;
    if (this.#from === null || time === null || this.#begun) return packet;
    if (time < this.#from) return null;
    this.#begun = true;
    return skipSamples(packet, this.#delay);
  }

  /** Samples from the first packet that is kept to the beginning of what is heard. */
  get #delay(): number {
    return ticksToSamples(this.#start - (this.#from ?? this.#start), this.#track);
  }
}

/** The packet with so many samples to skip at its beginning, as FFmpeg's `AV_PKT_DATA_SKIP_SAMPLES` tells it. */
function skipSamples(packet: SidePacket, samples: number): SidePacket {
  const bytes = Buffer.alloc(10);
  bytes.set(packet.sideData['skipSamples']?.subarray(0, 10) ?? []);
  bytes.writeUInt32LE(samples, 0);
  return { ...packet, sideData: { ...packet.sideData, skipSamples: new Uint8Array(bytes) } };
}
