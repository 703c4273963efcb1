import { stat } from 'node:fs/promises';
import { AV_PKT_DATA_DISPLAYMATRIX, AV_PKT_DATA_FRAME_CROPPING, type AVDisposition } from 'node-av/constants';
import { Dictionary, FormatContext, type Packet, Rational, type Stream } from 'node-av/lib';
import { EnvironmentError, InputError } from '../../errors.js';
import { holdsAttached, isCover } from '../side/attachments.js';
import { addChapters } from '../side/chapter-writer.js';
import { writeDisplayMatrix } from '../convert/display-matrix.js';
import { FrameEncoder } from './frame-encoder.js';
import type { Frame, Rational as Fraction, VideoProperties } from '../frame.js';
import { fileUrl, mustExist, rescaleTicks, throwIfOutputFails, ticksToSeconds } from '../libav.js';
import type { OutputContainer, OutputVideoCodec } from '../output-container.js';
import { chooseEncoder, containerOf } from './output-format.js';
import { padToEven } from '../planar-buffer.js';
import { writeHdrMetadata } from '../side/hdr-metadata.js';
import { SideMuxer } from '../side/side-muxer.js';
import type { SideTracks } from '../side/side-tracks.js';
import { namesWithoutBox, setTags, tagsToKeep, toMp4Tags } from '../side/tags.js';
import { fitTrackTags } from '../side/track-tags.js';
import { createTemporaryFile, type TemporaryFile, type TemporaryFileOptions } from '../../io/temporary-file.js';
import type { VideoSink } from './video-sink.js';

/** Options of {@link openMediaFileSink}. */
export interface MediaFileSinkOptions extends TemporaryFileOptions {
  readonly videoCodec?: OutputVideoCodec | undefined;
  /** The side tracks. The caller disposes them. */
  readonly side?: SideTracks | null | undefined;
}

/**
 * Creates an MP4, QuickTime, Matroska or WebM file, by its name's extension.
 *
 * @throws InputError if the container cannot hold the codec or the tracks; EnvironmentError if it cannot be written
 */
export async function openMediaFileSink(
  path: string,
  properties: VideoProperties,
  options: MediaFileSinkOptions,
): Promise<VideoSink> {
  const container = containerOf(path);
  const settings = chooseEncoder(container, options.videoCodec);
  const file = await createTemporaryFile(path, options);
  const sink = new MediaFileSink(container, properties, file, options.side ?? null);
  try {
    // All these containers need the codec's configuration in their header.
    const needsEven = settings.name === 'libx264' || settings.name === 'libx265';
    await sink.open(settings, needsEven);
    return sink;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

class MediaFileSink implements VideoSink {
  readonly notes: string[] = [];
  readonly #container: OutputContainer;
  readonly #properties: VideoProperties;
  readonly #file: TemporaryFile;
  readonly #side: SideTracks | null;
  readonly #format = new FormatContext();
  #encoder: FrameEncoder | null = null;
  #sideMuxer: SideMuxer | null = null;
  #stream: Stream | null = null;
  // The last packet waits: its duration in MP4 is known only at the end.
  #held: Packet | null = null;
  #firstDts: bigint | null = null;
  #start: bigint | null = null;
  #end = 0n;
  #pad = false;
  #rounded = false;
  #open = true;

  constructor(container: OutputContainer, properties: VideoProperties, file: TemporaryFile, side: SideTracks | null) {
    this.#container = container;
    this.#properties = properties;
    this.#file = file;
    this.#side = side;
  }

  async open(settings: Parameters<typeof FrameEncoder.open>[0], needsEven: boolean): Promise<void> {
    const { width, height, timeBase, rotation } = this.#properties;
    const format = this.#format;
    this.#pad = needsEven && (width % 2 === 1 || height % 2 === 1);
    const coded = this.#pad
      ? { ...this.#properties, width: width + (width % 2), height: height + (height % 2) }
      : this.#properties;
    const name = this.#file.target;
    const { muxer, family } = this.#container;
    throwIfOutputFails(format.allocOutputContext2(null, muxer, fileUrl(this.#file.path)), `cannot write ${name}`);
    this.#encoder = await FrameEncoder.open(settings, coded, true);
    const stream = format.newStream();
    this.#stream = stream;
    this.#encoder.describe(stream.codecpar);
    stream.timeBase = new Rational(timeBase.num, timeBase.den);
    stream.avgFrameRate = new Rational(this.#properties.frameRate.num, this.#properties.frameRate.den);
    stream.sampleAspectRatio = new Rational(this.#properties.sampleAspect.num, this.#properties.sampleAspect.den);
    writeHdrMetadata(stream.codecpar, this.#properties);
    if (this.#properties.fieldOrder !== undefined && muxer === 'webm') {
      this.notes.push('the pictures are interlaced: webm files cannot say so');
    }
    if (rotation !== 0) stream.codecpar.addCodedSideData(AV_PKT_DATA_DISPLAYMATRIX, writeDisplayMatrix(rotation));
    if (this.#pad) stream.codecpar.addCodedSideData(AV_PKT_DATA_FRAME_CROPPING, croppingOf(coded, this.#properties));
    if (this.#side !== null) {
      setTags(format, this.#tags);
      const fit = fitTrackTags(this.#side.header.video.tags, 'the video track', this.#container);
      setTags(stream, fit.tags);
      this.notes.push(...fit.notes);
      if (this.#hasCover && this.#freeTags.length > 0) {
        this.notes.push(
          `tags that mp4 files cannot hold together with a cover are left out: ${this.#freeTags.join(', ')}`,
        );
      }
      stream.disposition = this.#side.header.video.disposition as AVDisposition;
      this.#sideMuxer = new SideMuxer(format, this.#container, this.#side);
      this.notes.push(...(await this.#sideMuxer.addStreams()));
    }
    throwIfOutputFails(await format.openOutput(), `cannot write ${name}`);
    const options = Dictionary.fromObject(family === 'mp4' ? this.#mp4Options() : {});
    try {
      throwIfOutputFails(await format.writeHeader(options), `cannot write ${name}`);
    } finally {
      options.free();
    }
    // The muxer has written the date to its own field; as a tag it would appear twice.
    if (this.#hasFreeTags) {
      const { creation_time: _, ...rest } = this.#tags;
      setTags(format, rest);
    }
  }

  async write(frame: Frame): Promise<void> {
    const { width, height } = this.#properties;
    if (frame.width !== width || frame.height !== height) {
      throw new InputError(`a frame is ${frame.width}x${frame.height}, the video is ${width}x${height}`);
    }
    this.#start ??= frame.pts;
    this.#end = frame.pts + frame.duration;
    await this.#encode(this.#pad ? padToEven(frame) : frame);
  }

  async finish(): Promise<void> {
    await this.#encode(null);
    await this.#writeHeld(true);
    await this.#sideMuxer?.writeUntil(Infinity);
    this.notes.push(...(this.#sideMuxer?.lateNotes ?? []));
    const what = `cannot write ${this.#file.target}`;
    throwIfOutputFails(await this.#format.writeTrailer(), what);
    await this.#release();
    // libavformat notices a full disk only in its buffer and closes without an error.
    const { size } = await stat(this.#file.path);
    if (size === 0) throw new EnvironmentError(`${what}: nothing was written; the disk may be full`);
    const chapters = this.#side?.header.chapters ?? [];
    if (chapters.length > 0) {
      this.notes.push(...(await addChapters(this.#file.path, this.#container.family, chapters)));
    }
    if (this.#rounded) this.notes.push('time stamps are rounded to 1 ms: Matroska files have no finer ones');
    await this.#file.commit();
  }

  async abort(): Promise<void> {
    await this.#release();
    await this.#file[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #encode(frame: Frame | null): Promise<void> {
    if (this.#encoder === null) throw new InputError(`${this.#file.target} is closed`);
    for await (const packet of this.#encoder.encode(frame)) {
      await this.#writeHeld(false);
      this.#held = mustExist(packet.clone(), 'a packet');
    }
  }

  async #writeHeld(last: boolean): Promise<void> {
    const packet = this.#held;
    const stream = this.#stream;
    if (packet === null || stream === null) return;
    this.#held = null;
    try {
      const { timeBase } = this.#properties;
      this.#firstDts ??= packet.dts;
      if (last && this.#container.family === 'mp4') this.#endExactly(packet);
      await this.#sideMuxer?.writeUntil(ticksToSeconds(packet.dts, timeBase));
      this.#noteRounding(packet.pts, timeBase, stream.timeBase);
      packet.streamIndex = stream.index;
      packet.rescaleTs(timeBase, stream.timeBase);
      throwIfOutputFails(await this.#format.writeFrame(packet), `cannot write ${this.#file.target}`);
    } finally {
      packet.free();
    }
  }

  /**
   * Sets the last packet's times so that the movie ends with its last frame. MP4 counts durations in decoding order:
   * their sum must be the movie's duration, and no packet may be shown after its end. Both hold if the last packet has
   * the same delay between decoding and display as the first packet.
   */
  #endExactly(packet: Packet): void {
    const start = this.#start ?? 0n;
    const firstDts = this.#firstDts ?? packet.dts;
    const dts = packet.pts - (start - firstDts);
    if (dts > packet.dts) packet.dts = dts;
    const duration = this.#end - start - (packet.dts - firstDts);
    if (duration > 0n) packet.duration = duration;
  }

  #noteRounding(ticks: bigint, from: Fraction, to: Fraction): void {
    if (!this.#rounded && rescaleTicks(rescaleTicks(ticks, from, to), to, from) !== ticks) this.#rounded = true;
  }

  /** Returns the tags of the file with the names of this container. */
  get #tags(): Record<string, string> {
    const tags = tagsToKeep(this.#side?.header.tags ?? {});
    return this.#container.family === 'mp4' ? toMp4Tags(tags) : tags;
  }

  /** Names of the tags that MP4 and QuickTime hold only in their free form. */
  get #freeTags(): string[] {
    return this.#container.family === 'mp4' ? namesWithoutBox(this.#tags, this.#container.muxer) : [];
  }

  /** True if the tags are written in the free form. The muxer then does not write MP4's own form, also for covers. */
  get #hasFreeTags(): boolean {
    return this.#freeTags.length > 0 && !this.#hasCover;
  }

  get #hasCover(): boolean {
    const tracks = this.#side?.header.tracks ?? [];
    return (
      this.#container.muxer === 'mp4' && tracks.some((track) => isCover(track) && holdsAttached(this.#container, track))
    );
  }

  #mp4Options(): Record<string, string> {
    const { den } = this.#properties.timeBase;
    const scales = [den, ...(this.#sideMuxer?.timeBases ?? []).map(([, denominator]) => denominator)];
    return {
      // The stream's own ticks, so that time stamps are exact; edit lists count in movie ticks.
      video_track_timescale: String(den),
      movie_timescale: String(commonScale(scales)),
      ...(this.#hasFreeTags ? { movflags: 'use_metadata_tags' } : {}),
    };
  }

  async #release(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#held?.free();
    this.#held = null;
    await this.#sideMuxer?.[Symbol.asyncDispose]();
    this.#encoder?.[Symbol.dispose]();
    this.#encoder = null;
    this.#stream = null;
    await this.#format.closeOutput();
    this.#format.freeContext();
  }
}

/** `AV_PKT_DATA_FRAME_CROPPING`: samples to leave out at the top, bottom, left, right. */
function croppingOf(coded: VideoProperties, shown: VideoProperties): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(coded.height - shown.height, 4);
  bytes.writeUInt32LE(coded.width - shown.width, 12);
  return bytes;
}

/** Returns the least common multiple of tick rates within 32 bits, starting with that of the video. */
function commonScale(scales: readonly number[]): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  return scales.reduce((common, scale) => {
    const multiple = (common / gcd(common, scale)) * scale;
    return multiple <= 0x7fffffff ? multiple : common;
  });
}
