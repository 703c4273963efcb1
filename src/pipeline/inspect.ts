import type { StreamHeader } from '../bitstream/stream-header.js';
import type { StreamSection } from '../bitstream/stream-reader.js';
import type { StreamWords } from '../bitstream/words.js';
import { throwIfCancelled } from '../errors.js';
import { nameDispositions } from '../video/side/dispositions.js';
import type { SideTracks, Tags } from '../video/side/side-tracks.js';
import type { DescribedScene } from '../words/describe.js';
import { bitsPerPixel } from './progress.js';
import { openStream, type StreamInput } from './stream-input.js';
import { surveyStream } from './survey.js';
import { ticksToSeconds } from './ticks.js';
import { describeWordsOf } from './words/installed-vocabulary.js';

/** The description of one coded frame in a stream. */
export interface FrameInfo {
  /** Number in coding order, from 0. */
  readonly number: number;
  readonly kind: 'key' | 'inter';
  /** Quality index, 0..63. */
  readonly q: number;
  /** Presentation time in ticks of the stream's time base, and in seconds. */
  readonly pts: bigint;
  readonly time: number;
  /** Display duration in seconds; 0 if unknown. */
  readonly duration: number;
  /** Byte offset of the packet's section. */
  readonly offset: number;
  /** The size of the section with its framing: in bytes, in bits, and in bits per luma sample. */
  readonly bytes: number;
  readonly bits: number;
  readonly bitsPerPixel: number;
  readonly hasLoopChecksum: boolean;
}

/** Kinds of bytes in a stream. */
export type SectionName = 'header' | 'packet' | 'side' | 'index' | 'words' | 'end' | 'unknown' | 'damaged';

/** Sections of one kind. */
export interface SectionInfo {
  readonly section: SectionName;
  readonly count: number;
  readonly bytes: number;
  /** Bits per luma sample of the whole video. */
  readonly bitsPerPixel: number;
}

/** A track other than the coded video. */
export interface TrackInfo {
  readonly kind: string;
  /** Codec as FFmpeg names it. */
  readonly codec: string;
  readonly language: string | null;
  readonly title: string | null;
  /** The purposes of the track, in words: `default`, `forced`, `attached picture` ... */
  readonly dispositions: readonly string[];
}

/** The result of {@link inspectStream}. */
export interface StreamInfo {
  /** Bytes of the stream. */
  readonly bytes: number;
  readonly header: StreamHeader;
  readonly frames: number;
  readonly keyFrames: number;
  /** The time from the start of the first frame to the end of the last frame, in seconds. */
  readonly duration: number;
  /** Bits of packets, framing included, per luma sample. */
  readonly bitsPerPixel: number;
  /** Bits of packets per second of video; null if the duration is not known. */
  readonly bitsPerSecond: number | null;
  /** Mean of the frames' quality indices; null if there are none. */
  readonly meanQ: number | null;
  /** The number of bytes by kind; the sum is the size of the stream. */
  readonly sections: readonly SectionInfo[];
  /** Tags and dispositions of the video track itself; null if the stream has no side data. */
  readonly video: Omit<TrackInfo, 'kind' | 'codec'> | null;
  readonly tracks: readonly TrackInfo[];
  readonly chapters: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Damage that is visible without decoding, one line each. */
  readonly problems: readonly string[];
  /** The scenes and their words, if asked for; empty if the stream has none. */
  readonly scenes?: readonly DescribedScene[];
  /** One entry per packet, if asked for. */
  readonly frameTable?: readonly FrameInfo[];
}

/** Options of {@link inspectStream}. */
export interface InspectOptions {
  /** Also list all frames. Default: false. */
  readonly frames?: boolean;
  /** Also list the scenes with their words, which needs the pack of words. Default: false. */
  readonly words?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a `.tsr` stream through without decoding a picture: needs no model pack.
 *
 * @throws InputError if there is no such file; BitstreamError if it holds no tessera stream; ModelError if words are asked
 * for and their vocabulary is missing; CancelledError.
 */
export async function inspectStream(input: StreamInput, options: InspectOptions = {}): Promise<StreamInfo> {
  const { signal, frames = false } = options;
  throwIfCancelled(signal);
  await using stream = await openStream(input, { strict: false, signal });
  const { reader } = stream;
  const census = new Census(reader.header, reader.headerByteLength, frames);
  const { side, sideFault } = await surveyStream(reader, (section) => census.add(section), signal);
  await using held = side;
  if (sideFault !== null) census.problems.push(sideFault);
  const info = census.result(stream.byteLength, held);
  if (options.words !== true) return info;
  const { words } = census;
  return {
    ...info,
    scenes: words === null ? [] : await describeWordsOf(typeof input === 'string' ? input : 'the input pipe', words),
  };
}

function describeTrack({ tags, disposition }: { readonly tags: Tags; readonly disposition: number }) {
  return {
    language: tags['language'] ?? null,
    title: tags['title'] ?? null,
    dispositions: nameDispositions(disposition),
  };
}

/** Counts sections and frames. */
class Census {
  readonly problems: string[] = [];
  words: StreamWords | null = null;
  readonly #header: StreamHeader;
  readonly #sections: Record<SectionName, { count: number; bytes: number }>;
  readonly #table: FrameInfo[] | null;
  #frames = 0;
  #keyFrames = 0;
  #sumQ = 0;
  #first: bigint | null = null;
  #end = 0n;

  constructor(header: StreamHeader, headerBytes: number, withTable: boolean) {
    this.#header = header;
    this.#table = withTable ? [] : null;
    const none = () => ({ count: 0, bytes: 0 });
    this.#sections = {
      header: { count: 1, bytes: headerBytes },
      packet: none(),
      side: none(),
      index: none(),
      words: none(),
      end: none(),
      unknown: none(),
      damaged: none(),
    };
  }

  add(section: StreamSection): void {
    const { offset, byteLength } = section;
    const counted = this.#sections[section.kind === 'truncated' ? 'damaged' : section.kind];
    counted.bytes += byteLength;
    if (byteLength > 0) counted.count++;
    if (section.kind === 'packet') this.#addPacket(section);
    if (section.kind === 'words') this.words = section.words;
    if (section.kind === 'damaged' || section.kind === 'truncated') {
      this.problems.push(`${section.reason} (at byte ${offset})`);
    }
    if (section.kind === 'end' && section.end.packetCount !== this.#frames) {
      this.problems.push(`the end section says ${section.end.packetCount} frames, but the stream has ${this.#frames}`);
    }
  }

  #addPacket({ packet, offset, byteLength }: Extract<StreamSection, { kind: 'packet' }>): void {
    const { kind, q, pts, duration, loopChecksum } = packet;
    const { timeBase, width, height } = this.#header;
    this.#table?.push({
      number: this.#frames,
      kind,
      q,
      pts,
      time: ticksToSeconds(pts, timeBase),
      duration: ticksToSeconds(duration, timeBase),
      offset,
      bytes: byteLength,
      bits: byteLength * 8,
      bitsPerPixel: bitsPerPixel(byteLength, 1, width * height),
      hasLoopChecksum: loopChecksum !== null,
    });
    this.#frames++;
    this.#sumQ += q;
    if (kind === 'key') this.#keyFrames++;
    if (this.#first === null || pts < this.#first) this.#first = pts;
    if (pts + duration > this.#end || this.#frames === 1) this.#end = pts + duration;
  }

  result(bytes: number, side: SideTracks | null): StreamInfo {
    const header = this.#header;
    const pixels = header.width * header.height;
    const packetBytes = this.#sections.packet.bytes;
    const duration = ticksToSeconds(this.#end - (this.#first ?? 0n), header.timeBase);
    return {
      bytes,
      header,
      frames: this.#frames,
      keyFrames: this.#keyFrames,
      duration,
      bitsPerPixel: bitsPerPixel(packetBytes, this.#frames, pixels),
      bitsPerSecond: duration > 0 ? (packetBytes * 8) / duration : null,
      meanQ: this.#frames === 0 ? null : this.#sumQ / this.#frames,
      sections: (Object.keys(this.#sections) as SectionName[]).map((section) => ({
        section,
        ...this.#sections[section],
        bitsPerPixel: bitsPerPixel(this.#sections[section].bytes, this.#frames, pixels),
      })),
      video: side === null ? null : describeTrack(side.header.video),
      tracks: (side?.header.tracks ?? []).map((track) => ({
        kind: track.kind,
        codec: track.codec,
        ...describeTrack(track),
      })),
      chapters: side?.header.chapters.length ?? 0,
      tags: side?.header.tags ?? {},
      problems: this.problems,
      ...(this.#table === null ? {} : { frameTable: this.#table }),
    };
  }
}
