import {
  AV_CODEC_FLAG_OUTPUT_CORRUPT,
  AV_CODEC_FLAG2_SHOW_ALL,
  AV_FRAME_FLAG_CORRUPT,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_KEY,
  AVCOL_SPC_BT709,
  AVCHROMA_LOC_LEFT,
  AVDISCARD_ALL,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVERROR_INVALIDDATA,
  AVSEEK_FLAG_BACKWARD,
} from 'node-av/constants';
import { CodecContext, type FormatContext, Frame as AvFrame, Packet, type Stream } from 'node-av/lib';
import { EnvironmentError, InputError, throwIfCancelled } from '../../errors.js';
import { findCut } from './container-check.js';
import { readTrackEnd } from './mp4-track-length.js';
import { TransparencyRemover, transparencyNote } from '../convert/transparency.js';
import { findVideoTrack, isBroadcast, listVideoTracks, openDemuxer } from '../demuxer.js';
import { Joins } from '../joins.js';
import {
  describeFormat,
  formatName,
  FrameConverter,
  isFullRange,
  isPlanar420,
  isRgb,
} from '../convert/frame-converter.js';
import type { FieldOrder, Frame, VideoProperties } from '../frame.js';
import { noTimestamp, positiveRational, throwIfInputFails, throwIfMachineFails, ticksToSeconds } from '../libav.js';
import { type Cropping, cropPlanar, frameFromPlanar } from '../planar-buffer.js';
import { collectSideTracks } from '../side/collect-side-tracks.js';
import type { SideTracks } from '../side/side-tracks.js';
import { markInterlaced, orderOfPicture, orderOfTrack } from '../side/field-order.js';
import { readHdrMetadata } from '../side/hdr-metadata.js';
import { readCropping, readRotation } from '../side/stream-side-data.js';
import { findDecoder } from './find-decoder.js';
import { repairTimestamps, type TimedPicture } from './timestamps.js';
import type { FramesOptions, VideoSource } from './video-source.js';

/** How a file is opened. */
export interface MediaFileOptions {
  /** The name of the file for messages. Default: its path. */
  readonly name?: string;
  /** The number of the video track to decode, from 1. Default: 1. */
  readonly track?: number | undefined;
  /** Decoder threads; 0 (the default) lets libav take one per core. */
  readonly threads?: number;
  /** True: refuse a file that is cut or damaged. False: read the intact part. */
  readonly strict?: boolean;
  /**
   * Tells for each packet of the track, in coding order, whether it is left out, as if it had been lost. The decoder then
   * also gives pictures that it knows to be damaged. Default: none is.
   */
  readonly isLost?: ((isKey: boolean) => boolean) | undefined;
}

/**
 * Opens a file that FFmpeg can read and prepares decoding. If it throws, nothing stays open.
 *
 * @throws InputError if the file cannot be read, has no video track, or is damaged and `strict` is set
 */
export async function openMediaFile(path: string, options: MediaFileOptions = {}): Promise<VideoSource> {
  const source = new MediaFile(path, options);
  try {
    await source.open();
    return source;
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** MP4 rounds lengths to the movie's time scale, as a rule 1 ms: smaller differences have no meaning. */
const MOVIE_TICK_SECONDS = 0.001;

class MediaFile implements VideoSource {
  readonly notes: string[] = [];
  frameCountHint: number | null = null;
  durationHint: number | null = null;
  readonly #path: string;
  readonly #name: string;
  readonly #threads: number;
  readonly #strict: boolean;
  readonly #track: number;
  readonly #isLost: MediaFileOptions['isLost'];
  #format: FormatContext | null = null;
  #decoder: CodecContext | null = null;
  #converter: FrameConverter | null = null;
  readonly #transparency = new TransparencyRemover();
  #properties: VideoProperties | null = null;
  #cropping: Cropping = { top: 0, bottom: 0, left: 0, right: 0 };
  #joins: Joins | null = null;
  #trackIndex = -1;
  // Set if only the container says so: decoders of some codecs do not mark the pictures.
  #assumedOrder: FieldOrder | undefined;
  #end: bigint | null = null;
  /** The largest rounding error of {@link #end}, ticks. */
  #endTolerance = 0n;
  #pictures: AsyncGenerator<TimedPicture<Uint8Array>, void, undefined> | null = null;
  #first: IteratorResult<TimedPicture<Uint8Array>, void> | null = null;
  #taken = false;
  #damaged = 0;
  #isCut = false;

  constructor(path: string, options: MediaFileOptions) {
    this.#path = path;
    this.#name = options.name ?? path;
    this.#threads = options.threads ?? 0;
    this.#strict = options.strict ?? false;
    this.#track = options.track ?? 1;
    this.#isLost = options.isLost;
  }

  get properties(): VideoProperties {
    if (this.#properties === null) throw new Error('the file is not open');
    return this.#properties;
  }

  async open(): Promise<void> {
    const format = await openDemuxer(this.#path, this.#name);
    this.#format = format;
    const cut = await findCut(this.#path, format.iformat?.name ?? '');
    if (cut !== null) {
      const missing = `${cut.isOpen ? 'at least ' : ''}${cut.missing} bytes are missing at its end`;
      this.#refuseIfStrict(missing);
      this.#isCut = true;
      this.notes.push(`the file is cut: ${missing}; what is there is taken`);
    }
    const streams = format.streams;
    this.#trackIndex = findVideoTrack(streams, this.#track);
    const track = streams[this.#trackIndex];
    if (track === undefined) {
      const { length } = listVideoTracks(streams);
      const tracks = length === 0 ? 'no video track' : `${length} video track${length === 1 ? '' : 's'}`;
      throw new InputError(`${this.#name} has ${tracks}${length === 0 ? '' : `: there is no track ${this.#track}`}`);
    }
    this.#joins = Joins.of(format);
    for (const stream of streams) {
      if (stream.index !== this.#trackIndex && this.#joins === null) stream.discard = AVDISCARD_ALL;
    }
    const codec = findDecoder(track, this.#name);
    const decoder = new CodecContext();
    this.#decoder = decoder;
    decoder.allocContext3(codec);
    throwIfInputFails(decoder.parametersToContext(track.codecpar), `cannot read ${this.#name}`);
    decoder.pktTimebase = track.timeBase;
    decoder.threadCount = this.#threads;
    if (this.#isLost !== undefined) {
      decoder.setFlags(AV_CODEC_FLAG_OUTPUT_CORRUPT);
      decoder.setFlags2(AV_CODEC_FLAG2_SHOW_ALL);
    }
    throwIfInputFails(await decoder.open2(codec), `cannot decode ${this.#name}`);
    this.#readHints(track, format);
    await this.#correctEnd(track, format);
    this.#pictures = this.#decode(format, decoder, track);
    this.#first = await this.#pictures.next();
    if (this.#first.done === true)
      throw new InputError(`${this.#name}: not one frame of its video track can be decoded`);
  }

  async *frames({ signal }: FramesOptions = {}): AsyncGenerator<Frame, void, undefined> {
    if (this.#taken) throw new InputError(`${this.#name}: its frames were read before; open it again`);
    this.#taken = true;
    const { width, height, timeBase, frameRate } = this.properties;
    const end = () => ((this.#joins?.count ?? 0) > 0 || this.#isCut ? null : this.#end);
    const endTolerance = () => this.#endTolerance;
    const context = { timeBase, frameRate, end, endTolerance, onNote: (note: string) => this.notes.push(note) };
    let from: bigint | null = null;
    let until = 0n;
    for await (const { picture, pts, duration } of repairTimestamps(this.#rest(signal), context)) {
      throwIfCancelled(signal);
      from ??= pts;
      until = pts + duration;
      yield frameFromPlanar(picture, width, height, pts, duration);
    }
    this.#noteEnd(ticksToSeconds(until - (from ?? 0n), timeBase));
  }

  async seek(pts: bigint): Promise<boolean> {
    if (this.#format === null || this.#decoder === null) throw new InputError(`${this.#name} was closed`);
    if (this.#taken || this.#isCut || this.#joins !== null) return false;
    if ((await this.#format.seekFrame(this.#trackIndex, pts, AVSEEK_FLAG_BACKWARD)) < 0) return false;
    this.#decoder.flushBuffers();
    this.#first = null;
    return true;
  }

  side(): Promise<SideTracks | null> {
    return collectSideTracks(this.#path, this.#name, {
      videoTrack: this.#track,
      strict: this.#strict,
      onNote: (note) => this.notes.push(note),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pictures?.return();
    this.#converter?.[Symbol.dispose]();
    this.#transparency[Symbol.dispose]();
    this.#decoder?.freeContext();
    await this.#format?.closeInput();
    this.#pictures = null;
    this.#converter = null;
    this.#decoder = null;
    this.#format = null;
  }

  async *#rest(signal: AbortSignal | undefined): AsyncGenerator<TimedPicture<Uint8Array>, void, undefined> {
    throwIfCancelled(signal);
    if (this.#first?.done === false) yield this.#first.value;
    this.#first = null;
    if (this.#pictures === null) throw new InputError(`${this.#name} was closed`);
    for await (const picture of this.#pictures) {
      throwIfCancelled(signal);
      yield picture;
    }
  }

  /** Reports, at the end, all problems that were found. */
  #noteEnd(seconds: number): void {
    const joins = this.#joins?.count ?? 0;
    if (joins > 0) {
      this.notes.push(
        `the times of the file restart or jump ${joins === 1 ? 'once' : `${joins} times`}: the following part was moved to continue after the part before it`,
      );
    }
    if (this.#damaged > 0) this.notes.push(`${this.#damaged} damaged pictures or packets were concealed or left out`);
    const frame = this.properties.frameRate.den / this.properties.frameRate.num;
    if (this.#isCut && this.durationHint !== null && this.durationHint - seconds > frame / 2) {
      const [there, all] = [seconds, this.durationHint].map((length) => length.toFixed(2));
      this.notes.push(`the video ends after ${there} s of ${all} s: the rest is missing`);
    }
  }

  #refuseIfStrict(reason: string): void {
    if (this.#strict) throw new InputError(`${this.#name} is cut or damaged: ${reason}`);
  }

  #noteDamage(reason: string): void {
    this.#refuseIfStrict(reason);
    this.#damaged++;
  }

  #readHints(track: Stream, format: FormatContext): void {
    const known = track.duration !== noTimestamp && track.duration > 0n;
    const start = track.startTime === noTimestamp ? 0n : track.startTime;
    this.#end = known ? start + track.duration : null;
    this.durationHint = known
      ? ticksToSeconds(track.duration, track.timeBase)
      : format.duration > 0n
        ? Number(format.duration) / 1e6
        : null;
    const rate = positiveRational(track.avgFrameRate, { num: 0, den: 1 });
    const expected = this.durationHint === null ? 0 : Math.round((this.durationHint * rate.num) / rate.den);
    const count = track.nbFrames > 0n ? Number(track.nbFrames) : expected;
    this.frameCountHint = count > 0 ? count : null;
  }

  /** MP4: the shown length of the track, if it differs from the sum of its samples' durations. */
  async #correctEnd({ id, timeBase }: Stream, format: FormatContext): Promise<void> {
    if (this.#end === null || !(format.iformat?.name ?? '').startsWith('mov,')) return;
    const seconds = await readTrackEnd(this.#path, id);
    if (seconds === null || Math.abs(ticksToSeconds(this.#end, timeBase) - seconds) <= MOVIE_TICK_SECONDS) return;
    this.#end = BigInt(Math.round((seconds * timeBase.den) / timeBase.num));
    this.#endTolerance = BigInt(Math.ceil((MOVIE_TICK_SECONDS * timeBase.den) / timeBase.num));
  }

  async *#decode(
    format: FormatContext,
    decoder: CodecContext,
    track: Stream,
  ): AsyncGenerator<TimedPicture<Uint8Array>, void, undefined> {
    const packet = new Packet();
    const picture = new AvFrame();
    try {
      packet.alloc();
      picture.alloc();
      let more = true;
      while (more) {
        more = await this.#feed(format, decoder, packet);
        while (true) {
          const code = await decoder.receiveFrame(picture);
          if (code === AVERROR_EAGAIN || code === AVERROR_EOF) break;
          if (code === AVERROR_INVALIDDATA) this.#noteDamage('a picture cannot be decoded');
          else throwIfInputFails(code, `cannot decode ${this.#name}`);
          if (code < 0) continue;
          yield await this.#take(picture, track);
          picture.unref();
        }
      }
    } finally {
      packet.free();
      picture.free();
    }
  }

  /** Sends one packet of the video track to the decoder, or its end; false at the end. */
  async #feed(format: FormatContext, decoder: CodecContext, packet: Packet): Promise<boolean> {
    while (true) {
      const code = await format.readFrame(packet);
      if (code < 0) {
        if (code !== AVERROR_EOF) this.#endEarly(code);
        throwIfInputFails(await decoder.sendPacket(null), `cannot decode ${this.#name}`);
        return false;
      }
      try {
        this.#joins?.move(packet);
        if (packet.streamIndex !== this.#trackIndex) continue;
        if (this.#isLost?.((packet.flags & AV_PKT_FLAG_KEY) !== 0) === true) continue;
        if ((packet.flags & AV_PKT_FLAG_CORRUPT) !== 0) {
          this.#noteDamage('a packet of its video track is not complete');
          // Broadcast streams flag lost pieces. In other formats, the packet is incomplete because the file is cut
          // there.
          if (!isBroadcast(format)) {
            this.#isCut = true;
            continue;
          }
        }
        const sent = await decoder.sendPacket(packet);
        if (sent === AVERROR_INVALIDDATA) this.#noteDamage('a packet of its video track cannot be decoded');
        else throwIfInputFails(sent, `cannot decode ${this.#name}`);
        return true;
      } finally {
        packet.unref();
      }
    }
  }

  #endEarly(code: number): void {
    throwIfMachineFails(code, `cannot read ${this.#name}`);
    const reason = 'reading stopped before its end';
    this.#refuseIfStrict(reason);
    this.#isCut = true;
    this.#noteOnce(`the file is cut or damaged: ${reason}; what is there is taken`);
  }

  async #take(picture: AvFrame, track: Stream): Promise<TimedPicture<Uint8Array>> {
    this.#properties ??= this.#settle(picture, track);
    if (this.#assumedOrder !== undefined) markInterlaced(picture, this.#assumedOrder);
    const { left, right, top, bottom } = this.#cropping;
    const width = this.#properties.width + left + right;
    const height = this.#properties.height + top + bottom;
    this.#converter ??= new FrameConverter({ width, height, fullRange: this.#properties.colour.fullRange });
    if (picture.width !== width || picture.height !== height) {
      this.#noteOnce(`the frame size changes within the video: scaled to the first one`);
    }
    if ((picture.flags & AV_FRAME_FLAG_CORRUPT) !== 0 || picture.decodeErrorFlags !== 0) {
      this.#noteDamage('a picture is damaged');
    }
    const pts = picture.bestEffortTimestamp;
    const what = `cannot convert the pictures of ${this.#name} to 8-bit 4:2:0`;
    const onBlack = await this.#transparency.remove(picture, what);
    if (onBlack !== null) this.#noteOnce(transparencyNote);
    const converted = await this.#converter.convert(onBlack ?? picture, what);
    onBlack?.free();
    return {
      picture: cropPlanar(converted, width, height, this.#cropping),
      pts: pts === noTimestamp ? null : pts,
      duration: picture.duration,
    };
  }

  /** Decides the properties of the whole video from its track and its first picture. */
  #settle(picture: AvFrame, track: Stream): VideoProperties {
    if (picture.width < 1 || picture.height < 1)
      throw new EnvironmentError(`${this.#name}: FFmpeg gave an empty picture`);
    const parameters = track.codecpar;
    const rgb = isRgb(picture.format);
    // nv12 holds the same samples in another order. Transparency has a separate note.
    if (!isPlanar420(picture.format) && !/^(nv12|nv21|yuva420p)$/.test(formatName(picture.format))) {
      this.notes.push(`converted ${describeFormat(picture.format)} to 8-bit 4:2:0${rgb ? ' with BT.709' : ''}`);
    }
    const coded = orderOfPicture(picture);
    if (coded === undefined) this.#assumedOrder = orderOfTrack(track);
    const fieldOrder = coded ?? this.#assumedOrder;
    if (fieldOrder !== undefined) {
      this.notes.push('the pictures are interlaced: both fields are kept in one frame, coded as they are');
    }
    this.#cropping = readCropping(track, picture);
    const { left, right, top, bottom } = this.#cropping;
    const square = { num: 1, den: 1 };
    const aspect = positiveRational(track.sampleAspectRatio, positiveRational(picture.sampleAspectRatio, square));
    const rate = positiveRational(track.rFrameRate, { num: 25, den: 1 });
    const choose = (first: number, second: number) => (first === 2 ? second : first);
    const location = picture.chromaLocation === 0 ? parameters.chromaLocation : picture.chromaLocation;
    return {
      width: picture.width - left - right,
      height: picture.height - top - bottom,
      timeBase: { num: track.timeBase.num, den: track.timeBase.den },
      frameRate: positiveRational(track.avgFrameRate, rate),
      sampleAspect: aspect,
      ...(fieldOrder === undefined ? {} : { fieldOrder }),
      ...readHdrMetadata(track, picture),
      rotation: readRotation(track, picture, (note) => this.notes.push(note)),
      colour: {
        primaries: choose(picture.colorPrimaries, parameters.colorPrimaries),
        transfer: choose(picture.colorTrc, parameters.colorTrc),
        matrix: rgb ? AVCOL_SPC_BT709 : choose(picture.colorSpace, parameters.colorSpace),
        fullRange: !rgb && isFullRange(picture),
        chromaLocation: location === 0 && !isPlanar420(picture.format) ? AVCHROMA_LOC_LEFT : location,
      },
    };
  }

  #noteOnce(note: string): void {
    if (!this.notes.includes(note)) this.notes.push(note);
  }
}
