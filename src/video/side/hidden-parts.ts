/**
 * The parts of a side track that the source hides: a start that decoders need but players do not show (an edit list of
 * MP4, the codec's delay), and parts that edit lists cut out. MP4 and QuickTime hide everything before time 0. Matroska
 * and WebM hide the start of sound by the codec's delay, which players expect to be short.
 */
import type { OutputContainer } from '../output-container.js';
import type { SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import { ticksToSamples, type TrackSurvey } from './track-survey.js';

// The delay of common encoders is up to 120 ms (HE-AAC); Opus decoders need 80 ms to converge (RFC 7845, 4.6).
const longestDelaySeconds = 0.15;
const settlingSeconds = 0.08;

/** Leaves out the parts of a track that the source hides but the container would show. */
export class HiddenParts {
  readonly #track: SideTrack;
  readonly #isMp4: boolean;
  readonly #start: bigint;
  /** The time of the first packet of sound that is kept, if the hidden start is shortened. */
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
    // MP4 hides everything before 0, with any length.
    const isShown = family === 'matroska' || this.#start > 0n;
    this.#from = isLong && isShown ? (hidden.findLast((time) => time <= settled) ?? null) : null;
  }

  /** Returns the track to write: its codec's delay is the rest of the hidden start. */
  get track(): SideTrack {
    const { audio } = this.#track;
    if (this.#from === null || audio === undefined) return this.#track;
    return { ...this.#track, audio: { ...audio, initialPadding: this.#delay } };
  }

  /** The number of shown pictures that are left out because they depend on hidden pictures. */
  get lost(): number {
    return this.#lost;
  }

  /** Returns the next packet to write; null if it is left out. */
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

  /** The number of samples from the first kept packet to the start of the heard part. */
  get #delay(): number {
    return ticksToSamples(this.#start - (this.#from ?? this.#start), this.#track);
  }
}

/** Returns the packet with this number of samples to skip at its start, as FFmpeg's `AV_PKT_DATA_SKIP_SAMPLES`. */
function skipSamples(packet: SidePacket, samples: number): SidePacket {
  const bytes = Buffer.alloc(10);
  bytes.set(packet.sideData['skipSamples']?.subarray(0, 10) ?? []);
  bytes.writeUInt32LE(samples, 0);
  return { ...packet, sideData: { ...packet.sideData, skipSamples: new Uint8Array(bytes) } };
}
