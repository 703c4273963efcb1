import {
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AV_PKT_FLAG_DISPOSABLE,
  AV_PKT_FLAG_KEY,
  AVFLAG_NONE,
  type AVPacketFlag,
} from 'node-av/constants';
import { type FormatContext, Packet, Rational, type Stream } from 'node-av/lib';
import { InputError } from '../../errors.js';
import { completeAttachment, coverAsAttachment, holdsAttached, isCover, readCovers } from './attachments.js';
import { describeCode, noTimestamp, throwIfMachineFails, ticksToSeconds } from '../libav.js';
import { HiddenParts } from './hidden-parts.js';
import { muxerHolds } from './muxer-support.js';
import { muxers, type OutputContainer } from '../output-container.js';
import { writePacketSideData } from './side-data.js';
import { isTimeless, type SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import type { SideTracks } from './side-tracks.js';
import { convertSubtitlePacket, convertSubtitleTrack, isTextSubtitle, type SubtitleCodec } from './subtitle-text.js';
import { setTags } from './tags.js';
import { isTimecode, timecodeNote } from './timecode.js';
import { applyTrack } from './track-parameters.js';
import { fitTrackTags } from './track-tags.js';
import { surveyTracks } from './track-survey.js';
import { type TimedPacket, TrackTimes } from './track-times.js';

/** A side track with its stream in the output. */
interface MappedTrack {
  readonly source: SideTrack;
  readonly stream: Stream;
  /** The name for messages. */
  readonly name: string;
  /** Set if the packets must be rewritten. */
  readonly convertTo: SubtitleCodec | null;
  readonly hidden: HiddenParts;
  readonly times: TrackTimes;
  /** The number of packets that the muxer refused, and the reason for the first. */
  refused: number;
  reason: string;
  /** Decoding time of the packet written last, ticks of `stream`. */
  last: bigint | null;
}

/** The packets of a track that a muxer refuses. */
export interface Refusal {
  /** Index into the header's tracks. */
  readonly track: number;
  /** Name of the track for messages: `audio track 1 (aac)`. */
  readonly name: string;
  readonly packets: number;
  readonly reason: string;
}

/** Puts side tracks into a muxer: streams before its header, packets between the frames. */
export class SideMuxer implements AsyncDisposable {
  readonly #format: FormatContext;
  readonly #container: OutputContainer;
  readonly #side: SideTracks;
  readonly #mapped = new Map<number, MappedTrack>();
  readonly #packets: AsyncGenerator<SidePacket, void, undefined>;
  readonly #packet = new Packet();
  readonly #only: ReadonlySet<number> | null;
  #next: { packet: TimedPacket; mapped: MappedTrack } | null = null;

  /**
   * @param only - indices of the tracks to write, if the container can hold them; null: all tracks, and sound is
   * required
   */
  constructor(
    format: FormatContext,
    container: OutputContainer,
    side: SideTracks,
    only: ReadonlySet<number> | null = null,
  ) {
    this.#format = format;
    this.#container = container;
    this.#side = side;
    this.#only = only;
    this.#packets = side.packets();
  }

  /**
   * Makes a stream for each track that the container can hold.
   *
   * @returns one line for each track that is changed or left out
   * @throws InputError if the container can hold none of the sound, and another one can
   */
  async addStreams(): Promise<string[]> {
    const notes: string[] = [];
    let refusedSound: string | null = null;
    const covers = await readCovers(this.#side);
    const surveys = await surveyTracks(this.#side);
    for (const [index, source] of this.#side.header.tracks.entries()) {
      const survey = surveys[index];
      if (survey === undefined || this.#only?.has(index) === false) continue;
      if (isTimecode(source)) {
        notes.push(...timecodeNote(this.#side.header, index, this.#container));
        continue;
      }
      const what = `${source.kind} track ${index + 1} (${source.codec})`;
      // Some muxers cannot finish a file with a track without packets.
      if ((source.kind === 'audio' || source.kind === 'video') && survey.packets === 0 && !isTimeless(source)) {
        notes.push(`${what} is left out: it has no packets`);
        continue;
      }
      const hidden = new HiddenParts(source, survey, this.#container);
      const { track } = hidden;
      const target = await this.#choose(track, covers.get(index));
      if (target === null) {
        if (track.kind === 'audio' && (await isHeldElsewhere(track))) refusedSound ??= what;
        notes.push(`${what} is left out: ${this.#container.muxer} files cannot hold it`);
        continue;
      }
      const { tags, notes: tagNotes } = fitTrackTags(target.tags, what, this.#container);
      notes.push(...tagNotes);
      const converted = target.codec !== track.codec;
      if (converted) notes.push(`${what} is rewritten as ${target.codec}`);
      const stream = this.#format.newStream();
      applyTrack(target, stream.codecpar);
      stream.timeBase = new Rational(target.timeBase[0], target.timeBase[1]);
      stream.disposition = target.disposition as typeof stream.disposition;
      setTags(stream, tags);
      // The parameters of an attachment hold its whole content, so the packet of a cover is not written.
      if (target.kind === 'attachment') continue;
      this.#mapped.set(index, {
        ...{ source: track, stream, name: what, hidden, refused: 0, reason: '', last: null },
        convertTo: converted ? (target.codec as SubtitleCodec) : null,
        times: new TrackTimes(track, survey),
      });
    }
    const hasSound = [...this.#mapped.values()].some(({ source }) => source.kind === 'audio');
    if (refusedSound !== null && !hasSound && this.#only === null) {
      throw new InputError(`.${this.#container.muxer} cannot hold ${refusedSound}; write .mkv or .mp4 instead`);
    }
    this.#packet.alloc();
    return notes;
  }

  /** The time bases that the tracks need. */
  get timeBases(): readonly (readonly [number, number])[] {
    return [...this.#mapped.values()].map(({ source }) => source.timeBase);
  }

  /** Indices of the tracks that have a stream. */
  get tracks(): readonly number[] {
    return [...this.#mapped.keys()];
  }

  /** Tracks with packets that the muxer refused. Complete after the last packet. */
  get refusals(): Refusal[] {
    return [...this.#mapped]
      .filter(([, { refused }]) => refused > 0)
      .map(([track, { name, refused, reason }]) => ({ track, name, packets: refused, reason }));
  }

  /** What was repaired or left out, one line each. Complete after the last packet. */
  get lateNotes(): string[] {
    const { muxer } = this.#container;
    const notes: string[] = [];
    for (const { name, hidden, times } of this.#mapped.values()) {
      notes.push(...times.notes.map((note) => `${name}: ${note}`));
      if (hidden.lost > 0) {
        notes.push(`${hidden.lost} pictures of ${name} are left out: they depend on pictures that are not to be shown`);
      }
    }
    for (const { name, packets, reason } of this.refusals) {
      notes.push(`${packets} packets of ${name} are left out: ${muxer} files cannot hold them (${reason})`);
    }
    return notes;
  }

  /** Writes the packets that are decoded before `seconds`. */
  async writeUntil(seconds: number): Promise<void> {
    while (true) {
      this.#next ??= await this.#takeNext();
      if (this.#next === null) return;
      const { packet, mapped } = this.#next;
      const [num, den] = mapped.source.timeBase;
      if (ticksToSeconds(packet.dts, { num, den }) > seconds) return;
      this.#next = null;
      await this.#write(packet, mapped);
    }
  }

  /** The next packet that is to be written; null at the end. */
  async #takeNext(): Promise<{ packet: TimedPacket; mapped: MappedTrack } | null> {
    while (true) {
      const result = await this.#packets.next();
      if (result.done === true) return null;
      const mapped = this.#mapped.get(result.value.track);
      const packet = mapped?.hidden.take(result.value) ?? null;
      if (mapped === undefined || packet === null) continue;
      const { source, convertTo, times } = mapped;
      const converted = convertTo === null ? packet : convertSubtitlePacket(packet, source.codec, convertTo);
      if (converted !== null) return { packet: times.repair(converted), mapped };
    }
  }

  /** Frees what libav holds for it; the side tracks stay open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packets.return();
    this.#packet.free();
  }

  /**
   * Returns the track in a form that the container accepts; null if there is none.
   *
   * @param cover - content of a cover picture
   */
  async #choose(track: SideTrack, cover: Uint8Array | undefined): Promise<SideTrack | null> {
    const text: SubtitleCodec =
      this.#container.family === 'mp4' ? 'mov_text' : this.#container.muxer === 'webm' ? 'webvtt' : 'subrip';
    if (track.kind === 'attachment' || isCover(track)) {
      // libavformat's muxers accept tracks that they cannot store, and write nothing.
      if (!holdsAttached(this.#container, track)) return null;
      if (track.kind === 'attachment') return completeAttachment(track);
      if (this.#container.muxer === 'matroska') return cover === undefined ? null : coverAsAttachment(track, cover);
    }
    if (await muxerHolds(this.#container.muxer, track)) return withoutBitRateBox(track);
    if (!isTextSubtitle(track)) return null;
    const converted = convertSubtitleTrack(track, text);
    return (await muxerHolds(this.#container.muxer, converted)) ? converted : null;
  }

  async #write(packet: TimedPacket, mapped: MappedTrack): Promise<void> {
    const { source, stream, name } = mapped;
    const target = this.#packet;
    target.unref();
    target.data = Buffer.from(packet.data);
    target.pts = packet.pts;
    target.dts = packet.dts;
    target.duration = packet.duration;
    target.streamIndex = stream.index;
    target.flags = flagsOf(packet);
    writePacketSideData(target, packet.sideData);
    target.rescaleTs({ num: source.timeBase[0], den: source.timeBase[1] }, stream.timeBase);
    if (target.pts === noTimestamp || target.dts === noTimestamp) {
      refuse(mapped, 'its time is out of range');
      return;
    }
    if (this.#container.family === 'mp4' && (source.kind === 'audio' || source.kind === 'video')) {
      // MP4 needs increasing decoding times, also in its own ticks, which may be longer than those of the source.
      if (mapped.last !== null && target.dts <= mapped.last) target.dts = mapped.last + 1n;
      if (target.pts < target.dts) target.pts = target.dts;
      mapped.last = target.dts;
    }
    // Written at once, so that an error belongs to this packet.
    const code = await this.#format.writeFrame(target);
    if (code >= 0) return;
    throwIfMachineFails(code, `cannot write ${name}`);
    refuse(mapped, describeCode(code));
  }
}

function refuse(mapped: MappedTrack, reason: string): void {
  if (mapped.refused++ === 0) mapped.reason = reason;
}

async function isHeldElsewhere(track: SideTrack): Promise<boolean> {
  for (const muxer of muxers) if (await muxerHolds(muxer, track)) return true;
  return false;
}

/**
 * The demuxer counts the `btrt` box behind a QuickTime text description as part of it, the muxer adds another: without
 * this it would grow with every copy.
 */
function withoutBitRateBox(track: SideTrack): SideTrack {
  if (track.codec !== 'mov_text' || track.extradata === undefined) return track;
  let bytes = Buffer.from(track.extradata, 'base64');
  while (bytes.length >= 20 && bytes.toString('latin1', bytes.length - 16, bytes.length - 12) === 'btrt') {
    bytes = bytes.subarray(0, -20);
  }
  return { ...track, extradata: bytes.toString('base64') };
}

function flagsOf(packet: SidePacket): AVPacketFlag {
  const bits =
    (packet.key ? AV_PKT_FLAG_KEY : AVFLAG_NONE) |
    (packet.corrupt ? AV_PKT_FLAG_CORRUPT : AVFLAG_NONE) |
    (packet.discard ? AV_PKT_FLAG_DISCARD : AVFLAG_NONE) |
    (packet.disposable ? AV_PKT_FLAG_DISPOSABLE : AVFLAG_NONE);
  return bits as AVPacketFlag;
}
