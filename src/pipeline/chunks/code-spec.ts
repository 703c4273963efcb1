import { fromHex, equalBytes } from '../../bitstream/bytes.js';
import { describeEncoder, type EncoderOptions } from '../../codec/encoder.js';
import { BitstreamError, InputError, throwIfCancelled } from '../../errors.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import { openVideo, type VideoSource } from '../../video/in/media-reader.js';
import { encoderHeader } from '../encoder-header.js';
import { scoutSize } from '../rate/scout.js';
import type { KeptCodecs } from './kept-codecs.js';
import type { CodedChunk } from './code-chunk.js';
import { checksumOf, qualityOf, type ChunkSpec } from './chunk-spec.js';
import { readStream, streamOf } from './chunk-result.js';
import { codeTask } from './code-task.js';

/** How a machine codes a described chunk. */
export interface CodeSpecOptions extends Pick<EncoderOptions, 'pack' | 'device' | 'threads' | 'searchThreads'> {
  readonly codecs: KeptCodecs;
  readonly signal?: AbortSignal | undefined;
  /** Called for each coded frame. Must not throw. */
  readonly onFrame?: () => void;
}

/** A coded chunk: its stream, and the quality of each packet if a budget decided it. */
export interface SpecResult {
  readonly stream: Uint8Array;
  readonly coded: CodedChunk;
}

/** The source has other frames than the description. */
class Mismatch extends Error {}

/**
 * Codes a described chunk, decodes it and checks every frame.
 *
 * @throws InputError if the source cannot be read or has other frames; ModelError if the pack is missing or another one;
 * BitstreamError if the result is wrong; EnvironmentError; CancelledError.
 */
export async function codeSpec(spec: ChunkSpec, options: CodeSpecOptions): Promise<SpecResult> {
  const { codecs, signal, onFrame, ...machine } = options;
  const { pack, keyint, tune, preset, isResilient, isScout } = spec;
  const encoder = {
    ...{ pack: pack.name },
    ...machine,
    ...{ keyint, resilient: isResilient },
    ...(tune === null ? {} : { tune }),
    ...(preset === null ? {} : { preset }),
  };
  const properties = propertiesOf(spec);
  const coding = isScout ? { ...properties, ...scoutSize(properties) } : properties;
  const description = await describeEncoder(coding.width, coding.height, encoder);
  if (!equalBytes(description.packId, fromHex(pack.id))) {
    throw new InputError(`the model pack ${description.packName} of this machine is not the one of the video`);
  }
  const { qualities } = description;
  const code = (source: VideoSource): Promise<CodedChunk> => {
    const task = { frames: () => readChunk(source, spec, signal), isScout, quality: qualityOf(spec) };
    return codeTask(codecs, { properties, encoder, qualities }, task, { signal, onFrame: () => onFrame?.() });
  };
  let coded: CodedChunk | null = null;
  for (const isSought of [true, false]) {
    await using source = await openSource(spec, signal);
    const first = BigInt(spec.source.offset) + BigInt(spec.frames[0]![0]);
    if (isSought && !(await source.seek(first))) continue;
    try {
      coded = await code(source);
      break;
    } catch (error) {
      throwIfCancelled(signal);
      if (!(error instanceof Mismatch)) throw error;
    }
  }
  if (coded === null) {
    throw new InputError(`${spec.source.path} has other frames than when its chunks were found: has it changed?`);
  }
  const stream = await streamOf(encoderHeader(description, coding), coded.packets);
  await check(stream, spec, { ...machine, codecs, signal });
  return { stream, coded };
}

/** Decodes a chunk and checks all of it. Throws BitstreamError. */
async function check(
  stream: Uint8Array,
  spec: ChunkSpec,
  { codecs, pack = spec.pack.name, ...machine }: Omit<CodeSpecOptions, 'onFrame'>,
): Promise<void> {
  const { header, packets } = await readStream(stream, spec);
  const decoded = await codecs.decode(header, packets, { ...machine, pack, postFilter: 'none' }, async (shown) => {
    let frames = 0;
    for await (const _ of shown) frames++;
    return frames;
  });
  if (decoded !== packets.length) throw new BitstreamError('a coded chunk does not decode: frames are lost');
}

async function openSource({ source, width, height }: ChunkSpec, signal: AbortSignal | undefined): Promise<VideoSource> {
  const { path, track, picturesPerSecond } = source;
  const opened = await openVideo(path, {
    signal,
    ...(track === null ? {} : { track }),
    ...(picturesPerSecond === null ? {} : { picturesPerSecond }),
  });
  if (opened.properties.width === width && opened.properties.height === height) return opened;
  await opened[Symbol.asyncDispose]();
  throw new InputError(`the pictures of ${path} are not ${width}x${height}: has it changed?`);
}

/** Yields the frames of the chunk. Throws Mismatch at the first one that is not as described. */
async function* readChunk(
  source: VideoSource,
  { frames, source: { offset } }: ChunkSpec,
  signal: AbortSignal | undefined,
): AsyncGenerator<Frame, void, undefined> {
  let at = 0;
  for await (const frame of source.frames({ signal })) {
    const [pts, duration, checksum] = frames[at]!;
    const time = BigInt(offset) + BigInt(pts);
    if (at === 0 && frame.pts < time) continue;
    if (frame.pts !== time || checksumOf(frame) !== checksum) throw new Mismatch();
    yield { ...frame, pts: BigInt(pts), duration: BigInt(duration) };
    if (++at === frames.length) return;
  }
  throw new Mismatch();
}

/** The stream of a chunk has the properties that decoding needs; the joined stream has those of the video. */
function propertiesOf({ width, height, fullRange, timeBase, frameRate }: ChunkSpec): VideoProperties {
  return {
    ...{ width, height, timeBase, frameRate },
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: { primaries: 2, transfer: 2, matrix: 2, fullRange, chromaLocation: 0 },
  };
}
