import { open } from 'node:fs/promises';
import { DIMENSION_LIMIT, FRAME_AREA_LIMIT, SIDE_CHUNK_BYTES } from '../bitstream/limits.js';
import { MAGIC } from '../bitstream/stream-header.js';
import { StreamWriter, type ByteSink, type BytesBySection } from '../bitstream/stream-writer.js';
import { Encoder, type EncoderOptions } from '../codec/encoder.js';
import { InputError, throwIfCancelled } from '../errors.js';
import { resolveInput } from '../io/input.js';
import type { Frame, VideoProperties } from '../video/frame.js';
import { openVideo, type VideoSource } from '../video/in/media-reader.js';
import { openByteOutput } from '../io/byte-output.js';
import { encoderHeader } from './encoder-header.js';
import { DEFAULT_KEY_INTERVAL, keyIntervalFrames } from './key-interval.js';
import { checkInteger } from '../codec/check-integer.js';
import { WordsMaker } from './words/words-maker.js';
import { choosePart, countPart, openPart } from './source-part.js';
import { checkTimes, type TimeWindow } from './side-window.js';
import { bitsPerPixel, ProgressMeter, type LongCallOptions } from './progress.js';

/**
 * An input of {@link compressVideo}: the path or `file://` URL of any file that FFmpeg reads, of a pipe (a FIFO) or of
 * a folder of pictures; a list of picture files; the bytes of a video, such as `process.stdin`.
 */
export type VideoInput = string | readonly string[] | AsyncIterable<Uint8Array>;

/** How to compress. */
export interface CompressOptions extends Omit<EncoderOptions, 'keyint'>, LongCallOptions {
  /** The largest distance between key frames, in frames or in seconds such as `'10s'`. Default: `'10s'`. */
  readonly keyint?: number | string;
  /** Start at this time of the source, in seconds. The stream starts there with time 0. */
  readonly start?: number;
  /** Stop after this duration, in seconds. */
  readonly duration?: number;
  /** `none` leaves out sound. Default: `copy`, which keeps sound unchanged. */
  readonly audio?: 'copy' | 'none';
  /**
   * Which video track of a file with several, from 1; cover pictures do not count. The other tracks are kept as side
   * data. Default: 1.
   */
  readonly track?: number;
  /** Replace an existing file. Default: false. */
  readonly overwrite?: boolean;
  /** Frames per second of picture files, which have no time stamps. Default: 25. */
  readonly picturesPerSecond?: number;
  /** True: also write words, by which `findScenes` finds the scenes of the video. Default: false. */
  readonly words?: boolean;
  /** True: refuse an input that is cut or damaged. False (the default): use the intact part, with a note. */
  readonly strict?: boolean;
}

/** The result of {@link compressVideo}. */
export interface CompressResult {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Bytes of the whole stream. */
  readonly bytes: number;
  readonly bytesBySection: BytesBySection;
  /** Bits of packets, with their framing, per luma sample. */
  readonly bitsPerPixel: number;
  /** The length of the video in seconds. */
  readonly duration: number;
  /** The duration of the call in seconds. */
  readonly seconds: number;
  readonly framesPerSecond: number;
  /** Name of the model pack that the stream needs. */
  readonly pack: string;
  readonly device: 'cpu' | 'cuda';
  /** Conversions and losses, one line each. */
  readonly notes: readonly string[];
}

/**
 * Compresses a video to a `.tsr` stream. Sound, subtitles, chapters and tags are kept unchanged. Memory does not grow
 * with the length of the video.
 *
 * @param output path of the file, or a sink for bytes. The file appears when it is complete.
 * @throws InputError if the input cannot be used or the output must not be written; ModelError; EnvironmentError;
 * CancelledError. Nothing is left behind then.
 */
export async function compressVideo(
  given: VideoInput,
  output: string | ByteSink,
  options: CompressOptions = {},
): Promise<CompressResult> {
  const { signal, onNote } = options;
  checkTimes(options.start, options.duration);
  if (options.track !== undefined) checkInteger('track', options.track, 1, 1000);
  throwIfCancelled(signal);
  const input = isList(given) ? given : await resolveInput(given, signal);
  await refuseStream(input);
  const { picturesPerSecond, strict = false } = options;
  await using source = await openVideo(input, {
    signal,
    strict,
    track: options.track,
    ...(picturesPerSecond === undefined ? {} : { picturesPerSecond }),
  });
  const { properties } = source;
  checkSize(properties);
  const keyint = keyIntervalFrames(options.keyint ?? DEFAULT_KEY_INTERVAL, properties.frameRate);
  await using encoder = await Encoder.create(properties.width, properties.height, { ...options, keyint });
  const notes = new NoteBook(source, onNote);
  if ((options.device ?? 'auto') !== encoder.device.device && encoder.device.device === 'cuda') {
    notes.add(`on ${encoder.device.device}: ${encoder.device.reason}`);
  }
  await using target = await openByteOutput(output, {
    overwrite: options.overwrite ?? false,
    inputs: typeof input === 'string' ? [input] : isList(input) ? input : [],
  });
  const writer = new StreamWriter(target);
  await writer.writeHeader(encoderHeader(encoder, properties));
  const part = await openPart(source.frames({ signal }), properties.timeBase, options);
  // Side data comes first, so that a reader of a pipe knows the tracks before it starts an output file.
  await writeSide(source, part.window, options.audio !== 'none', writer);
  throwIfCancelled(signal);

  const pixels = properties.width * properties.height;
  const meter = new ProgressMeter(pixels, countPart(source, options), options.onProgress);
  const clock = new Clock();
  await using words = options.words === true ? await WordsMaker.create(properties) : null;
  const timed = clock.watch(part.frames);
  for await (const packet of encoder.encode(words?.watch(timed) ?? timed, { signal })) {
    const size = await writer.writePacket(packet);
    await words?.addPacket(packet);
    meter.addPacket(size, writer.byteCount);
    meter.addFrame();
    notes.update();
  }
  if (meter.frames === 0) throw new InputError('the video has no frames');
  await writer.finish((await words?.finish()) ?? null);
  await target.finish();
  meter.finish(writer.byteCount);
  notes.update();
  const { seconds } = meter;
  return {
    width: properties.width,
    height: properties.height,
    frames: meter.frames,
    bytes: writer.byteCount,
    bytesBySection: writer.bytesBySection,
    bitsPerPixel: bitsPerPixel(writer.bytesBySection.packet, meter.frames, pixels),
    duration: clock.seconds(properties),
    seconds,
    framesPerSecond: meter.frames / seconds,
    pack: encoder.packName,
    device: encoder.device.device,
    notes: notes.lines,
  };
}

function isList(input: VideoInput): input is readonly string[] {
  return Array.isArray(input);
}

/** Refuses an input that is already a tessera stream. FFmpeg would only report an unknown format. */
async function refuseStream(input: VideoInput): Promise<void> {
  if (typeof input !== 'string') return;
  const handle = await open(input, 'r').catch(() => null);
  if (handle === null) return;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    if (bytesRead === MAGIC.length && buffer.equals(MAGIC)) {
      throw new InputError(`${input} is already a tessera stream: decompress it, or compress the original video`);
    }
  } catch (error) {
    // Folders and similar inputs cannot be read in this way. If they are wrong, opening them as videos reports it.
    if (error instanceof InputError) throw error;
  } finally {
    await handle.close();
  }
}

function checkSize({ width, height }: VideoProperties): void {
  if (width <= DIMENSION_LIMIT && height <= DIMENSION_LIMIT && width * height <= FRAME_AREA_LIMIT) return;
  throw new InputError(
    `the pictures are ${width}x${height}: a .tsr stream holds at most ${DIMENSION_LIMIT} samples in width and height and ` +
      `${FRAME_AREA_LIMIT} in total; scale the video down first`,
  );
}

async function writeSide(
  source: VideoSource,
  window: TimeWindow | null,
  keepAudio: boolean,
  writer: StreamWriter,
): Promise<void> {
  const whole = await source.side();
  if (whole === null) return;
  await using side = await choosePart(whole, window, keepAudio);
  await writer.writeSide(gather(side.bytes(), SIDE_CHUNK_BYTES));
}

/**
 * Yields the same bytes in pieces of `size` bytes; the last piece may be smaller. Larger pieces save bytes, because
 * each section has its own framing.
 */
async function* gather(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    const all = Buffer.concat(held);
    let at = 0;
    for (; at + size <= length; at += size) yield all.subarray(at, at + size);
    held = [all.subarray(at)];
    length -= at;
  }
  if (length > 0) yield Buffer.concat(held);
}

/** Passes on each note of the source once. */
class NoteBook {
  readonly lines: string[] = [];
  readonly #source: VideoSource;
  readonly #onNote: LongCallOptions['onNote'];
  #taken = 0;

  constructor(source: VideoSource, onNote: LongCallOptions['onNote']) {
    this.#source = source;
    this.#onNote = onNote;
    this.update();
  }

  add(line: string): void {
    this.lines.push(line);
    this.#onNote?.(line);
  }

  update(): void {
    for (; this.#taken < this.#source.notes.length; this.#taken++) this.add(this.#source.notes[this.#taken]!);
  }
}

/** Measures the time from the start of the first frame to the end of the last frame. */
class Clock {
  #first: bigint | null = null;
  #end = 0n;

  async *watch(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of frames) {
      this.#first ??= frame.pts;
      this.#end = frame.pts + frame.duration;
      yield frame;
    }
  }

  seconds({ timeBase }: VideoProperties): number {
    return (Number(this.#end - (this.#first ?? 0n)) * timeBase.num) / timeBase.den;
  }
}
