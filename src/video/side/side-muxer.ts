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
import { noTimestamp, throwIfOutputFails, ticksToSeconds } from '../libav.js';
import { muxerHolds } from './muxer-support.js';
import type { OutputContainer } from '../output-container.js';
import { writePacketSideData } from './side-data.js';
import type { SideTrack } from './side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import type { SideTracks } from './side-tracks.js';
import { convertSubtitlePacket, convertSubtitleTrack, isTextSubtitle, type SubtitleCodec } from './subtitle-text.js';
import { setTags } from './tags.js';
import { applyTrack } from './track-parameters.js';

/** A side track with its place in the output. */
interface MappedTrack {
  readonly source: SideTrack;
  readonly stream: Stream;
  /** Set if the packets must be rewritten. */
  readonly convertTo: SubtitleCodec | null;
}

/** Puts side tracks into a muxer: streams before its header, packets between the frames. */
export class SideMuxer implements AsyncDisposable {
  readonly #format: FormatContext;
  readonly #container: OutputContainer;
  readonly #side: SideTracks;
  readonly #mapped = new Map<number, MappedTrack>();
  readonly #packets: AsyncGenerator<SidePacket, void, undefined>;
  readonly #packet = new Packet();
  #next: SidePacket | null = null;

  constructor(format: FormatContext, container: OutputContainer, side: SideTracks) {
    this.#format = format;
    this.#container = container;
    this.#side = side;
    this.#packets = side.packets();
  }

  /**
   * Makes a stream for each track that the container can hold.
   *
   * @returns one line for each track that comes back changed or not at all
   * @throws InputError if the container cannot hold the sound
   */
  async addStreams(): Promise<string[]> {
    const notes: string[] = [];
    for (const [index, track] of this.#side.header.tracks.entries()) {
      const target = await this.#choose(track);
      const what = `${track.kind} track ${index + 1} (${track.codec})`;
      if (target === null) {
        if (track.kind === 'audio') {
          throw new InputError(`.${this.#container.muxer} cannot hold ${what}; write .mkv or .mp4 instead`);
        }
        notes.push(`${what} is left out: ${this.#container.muxer} files cannot hold it`);
        continue;
      }
      const converted = target.codec !== track.codec;
      if (converted) notes.push(`${what} is rewritten as ${target.codec}`);
      const stream = this.#format.newStream();
      applyTrack(target, stream.codecpar);
      stream.timeBase = new Rational(target.timeBase[0], target.timeBase[1]);
      stream.disposition = target.disposition as typeof stream.disposition;
      setTags(stream, target.tags);
      this.#mapped.set(index, { source: track, stream, convertTo: converted ? (target.codec as SubtitleCodec) : null });
    }
    this.#packet.alloc();
    return notes;
  }

  /** Time bases that the tracks ask for. */
  get timeBases(): readonly (readonly [number, number])[] {
    return [...this.#mapped.values()].map(({ source }) => source.timeBase);
  }

  /** Writes the packets that begin before `seconds`. */
  async writeUntil(seconds: number): Promise<void> {
    while (true) {
      if (this.#next === null) {
        const result = await this.#packets.next();
        if (result.done === true) return;
        this.#next = result.value;
      }
      const packet = this.#next;
      const mapped = this.#mapped.get(packet.track);
      if (mapped !== undefined) {
        const [num, den] = mapped.source.timeBase;
        if (ticksToSeconds(packet.dts ?? packet.pts ?? 0n, { num, den }) > seconds) return;
        await this.#write(packet, mapped);
      }
      this.#next = null;
    }
  }

  /** Frees what libav holds for it; the side tracks stay open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packets.return();
    this.#packet.free();
  }

  /** The track as the container takes it; null if it cannot. */
  async #choose(track: SideTrack): Promise<SideTrack | null> {
    const text: SubtitleCodec =
      this.#container.family === 'mp4' ? 'mov_text' : this.#container.muxer === 'webm' ? 'webvtt' : 'subrip';
    // Attachments are Matroska's; libavformat's other muxers take them and write nothing.
    if (track.kind === 'attachment' && this.#container.muxer !== 'matroska') return null;
    if (await muxerHolds(this.#container.muxer, track)) return withoutBitRateBox(track);
    if (!isTextSubtitle(track)) return null;
    const converted = convertSubtitleTrack(track, text);
    return (await muxerHolds(this.#container.muxer, converted)) ? converted : null;
  }

  async #write(given: SidePacket, { source, stream, convertTo }: MappedTrack): Promise<void> {
    const packet = convertTo === null ? given : convertSubtitlePacket(given, source.codec, convertTo);
    if (packet === null) return;
    const target = this.#packet;
    target.unref();
    target.data = Buffer.from(packet.data);
    target.pts = packet.pts ?? noTimestamp;
    target.dts = packet.dts ?? noTimestamp;
    target.duration = packet.duration;
    target.streamIndex = stream.index;
    target.flags = flagsOf(packet);
    writePacketSideData(target, packet.sideData);
    target.rescaleTs({ num: source.timeBase[0], den: source.timeBase[1] }, stream.timeBase);
    throwIfOutputFails(
      await this.#format.interleavedWriteFrame(target),
      `cannot write ${source.kind} track ${given.track + 1} (${source.codec})`,
    );
  }
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
