import { chunksOf } from '../../bitstream/byte-source.js';
import { encodeSection } from '../../bitstream/section.js';
import { MAGIC } from '../../bitstream/stream-header.js';
import { StreamReader } from '../../bitstream/stream-reader.js';
import { encodeWords, type StreamWords } from '../../bitstream/words.js';
import { Decoder, type DecoderOptions } from '../../codec/decoder.js';
import { BitstreamError, InputError, throwIfCancelled } from '../../errors.js';
import { openFileSource, type FileSource } from '../../io/file-source.js';
import { resolveInput } from '../../io/input.js';
import { writeFileSafely } from '../../io/temporary-file.js';
import { openVideo } from '../../video/in/media-reader.js';
import { feedPackets, type FeedCounts } from '../packet-feed.js';
import { ProgressMeter, type LongCallOptions } from '../progress.js';
import { propertiesOf } from '../stream-input.js';
import { WordsMaker } from './words-maker.js';
import { encodeWordsFile, wordsPathOf } from './words-file.js';

/** How to add words. */
export interface AddWordsOptions extends Pick<DecoderOptions, 'pack' | 'device' | 'threads'>, LongCallOptions {
  /** Replace words that exist. Default: false. */
  readonly overwrite?: boolean;
}

/** The result of {@link addWords}. */
export interface AddWordsResult {
  /** The file that has the words now: the stream itself, or `VIDEO.words`. */
  readonly output: string;
  readonly frames: number;
  readonly scenes: number;
  /** Bytes of the words section. */
  readonly wordsBytes: number;
  readonly notes: readonly string[];
  readonly seconds: number;
}

const DECODED_NOTE =
  'the words come from decoded pictures and tell less than those of the original: compress --words makes better ones';

/**
 * Finds the words of a stream or of any other video. Words of a stream are written into it, and nothing else of it
 * changes; those of another video are written to `VIDEO.words` beside it.
 *
 * @param path of a file.
 * @throws InputError if there is no such file, it is no video, or it has words already (without `overwrite`);
 * BitstreamError if a stream is damaged; ModelError if a pack is missing; EnvironmentError; CancelledError. Nothing is
 * changed then.
 */
export async function addWords(path: string, options: AddWordsOptions = {}): Promise<AddWordsResult> {
  throwIfCancelled(options.signal);
  const input = await resolveInput(path, options.signal);
  if (typeof input !== 'string') throw new InputError(`${path} is a pipe: words need a file to be added to`);
  await using source = await openFileSource(input);
  if (source.size === 0) throw new InputError(`${input} is empty`);
  const isStream = Buffer.from(await source.read(0, MAGIC.length)).equals(MAGIC);
  return isStream ? await addToStream(input, source, options) : await addToVideo(input, options);
}

async function addToStream(path: string, source: FileSource, options: AddWordsOptions): Promise<AddWordsResult> {
  const { signal, onNote, overwrite = false } = options;
  const reader = await StreamReader.open(source, { strict: true });
  const parts = await survey(reader, signal);
  if (parts.hasWords && !overwrite) {
    throw new InputError(`${path} has words already; use -y (overwrite) to replace them`);
  }
  const { header } = reader;
  const properties = propertiesOf(header);
  await using maker = await WordsMaker.create(properties);
  await using decoder = await Decoder.create(header, { ...options, postFilter: 'none', strict: true });
  const counts: FeedCounts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
  const meter = new ProgressMeter(header.width * header.height, parts.packets.length, options.onProgress);
  // Scenes begin at key frames, whose times are known already.
  let next = 0;
  for await (const frame of maker.watch(decoder.decode(feedPackets(reader.sections(), true, counts), { signal }))) {
    meter.addFrame();
    for (; next < parts.packets.length && parts.packets[next]!.pts <= frame.pts; next++) {
      await maker.addPacket(parts.packets[next]!);
    }
  }
  if (meter.frames === 0) throw new BitstreamError(`${path} holds no frames`);
  const words = await maker.finish(true);
  onNote?.(DECODED_NOTE);
  const wordsBytes = await rewrite(path, source, parts, words);
  meter.finish();
  return {
    ...{ output: path, frames: meter.frames, scenes: words.scenes.length, wordsBytes },
    ...{ notes: [DECODED_NOTE], seconds: meter.seconds },
  };
}

/** Where the parts of a stream are. */
interface StreamParts {
  /** In the order of their times. */
  readonly packets: readonly { readonly kind: 'key' | 'inter'; readonly pts: bigint }[];
  readonly hasWords: boolean;
  /** Bytes to keep, as ranges: everything but words and end. */
  readonly kept: readonly { readonly from: number; readonly to: number }[];
  readonly end: { readonly from: number; readonly to: number };
}

async function survey(reader: StreamReader, signal: AbortSignal | undefined): Promise<StreamParts> {
  const packets: { kind: 'key' | 'inter'; pts: bigint }[] = [];
  const kept: { from: number; to: number }[] = [];
  let from = 0;
  let hasWords = false;
  for await (const section of reader.sections()) {
    throwIfCancelled(signal);
    const { offset, byteLength } = section;
    if (section.kind === 'packet') packets.push({ kind: section.packet.kind, pts: section.packet.pts });
    if (section.kind === 'words') {
      hasWords = true;
      kept.push({ from, to: offset });
      from = offset + byteLength;
    }
    if (section.kind === 'end') {
      kept.push({ from, to: offset });
      packets.sort((a, b) => (a.pts < b.pts ? -1 : a.pts > b.pts ? 1 : 0));
      return { packets, hasWords, kept, end: { from: offset, to: offset + byteLength } };
    }
  }
  throw new BitstreamError('the stream ends without its end section');
}

/** Writes the stream again with its words between index and end. Returns the bytes of the words section. */
async function rewrite(path: string, source: FileSource, parts: StreamParts, words: StreamWords): Promise<number> {
  const section = encodeSection('words', encodeWords(words));
  async function* range({ from, to }: { from: number; to: number }): AsyncGenerator<Uint8Array, void, undefined> {
    let at = from;
    for await (const chunk of chunksOf(source, from)) {
      if (at >= to) return;
      yield chunk.subarray(0, to - at);
      at += chunk.length;
    }
  }
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const part of parts.kept) yield* range(part);
    yield section;
    yield* range(parts.end);
  }
  await writeFileSafely(path, whole(), { overwrite: true });
  return section.length;
}

async function addToVideo(path: string, options: AddWordsOptions): Promise<AddWordsResult> {
  const { signal, onNote, overwrite = false } = options;
  await using video = await openVideo(path, { signal });
  const { width, height } = video.properties;
  await using maker = await WordsMaker.create(video.properties);
  const meter = new ProgressMeter(width * height, video.frameCountHint, options.onProgress);
  for await (const { pts } of maker.watch(video.frames({ signal }))) {
    meter.addFrame();
    await maker.addPacket({ kind: 'inter', pts });
  }
  if (meter.frames === 0) throw new InputError(`${path} has no frames`);
  const words = await maker.finish();
  for (const note of video.notes) onNote?.(note);
  const bytes = encodeWordsFile(words);
  const output = wordsPathOf(path);
  await writeFileSafely(output, toChunks(bytes), { overwrite, inputs: [path] });
  meter.finish();
  return {
    ...{ output, frames: meter.frames, scenes: words.scenes.length, wordsBytes: bytes.length },
    ...{ notes: video.notes, seconds: meter.seconds },
  };
}

async function* toChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
  yield bytes;
}
