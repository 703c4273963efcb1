import { crc32c } from '../../platform/checksums.js';
import type { Packet } from '../../bitstream/packet.js';
import { encodeHeader } from '../../bitstream/stream-header.js';
import { StreamWriter, type ByteSink, type BytesBySection } from '../../bitstream/stream-writer.js';
import type { StreamWords, WordScene } from '../../bitstream/words.js';
import { unlessCancelled } from '../../codec/cancellation.js';
import { BitstreamError, InputError, throwIfCancelled } from '../../errors.js';
import { openByteOutput } from '../../io/byte-output.js';
import { ProgressMeter, type LongCallOptions } from '../progress.js';
import { CODER_IN_FLIGHT, TokenCoder, type TokenCoderOptions } from './token-coder.js';
import type { TokenEnd, FrameRecord, TokenItem, TokenScene, TokenSource, TokenWords } from './token-source.js';

/** How to write tokens. */
export interface WriteTokensOptions extends TokenCoderOptions, LongCallOptions {
  /** Replace an existing file. Default: false. */
  readonly overwrite?: boolean;
}

/** The result of {@link writeTokens}. */
export interface WriteTokensResult {
  readonly frames: number;
  /** Bytes of the whole stream. */
  readonly bytes: number;
  readonly bytesBySection: BytesBySection;
  /** Whether this is, byte for byte, the stream that the tokens were read from; null if its CRC is not told. */
  readonly isSame: boolean | null;
  /** Name of the model pack that the stream needs. */
  readonly pack: string;
  /** Seconds that the call took. */
  readonly seconds: number;
  readonly framesPerSecond: number;
}

/**
 * Writes a `.tsr` stream of tokens: those of {@link readTokens} give the same stream again, byte for byte.
 *
 * A program that changes tokens must also set `loopChecksum` to null in these frames and in all frames that depend on them.
 *
 * @param output path of a file, or a sink.
 * @throws InputError if arrays are missing, have other types or lengths, or hold what no stream can; ModelError if the
 * model pack is missing or another one; EnvironmentError; CancelledError. Nothing is left behind then.
 */
export async function writeTokens(
  source: TokenSource,
  output: string | ByteSink,
  options: WriteTokensOptions = {},
): Promise<WriteTokensResult> {
  const { signal, onNote, overwrite = false } = options;
  throwIfCancelled(signal);
  const { name, header } = source;
  // Before anything is allocated for its size.
  await explained(`${name}: header`, () => encodeHeader(header));
  await using coder = await TokenCoder.create(header, options);
  checkLayout(source, coder);
  await using target = await openByteOutput(output, { overwrite, inputs: [name] });
  let written = 0;
  const writer = new StreamWriter({
    write: (bytes) => {
      written = crc32c(bytes, written);
      return target.write(bytes);
    },
  });
  await writer.writeHeader(header);
  const meter = new ProgressMeter(header.width * header.height, null, options.onProgress);
  const write = async ({ item, packet }: Coded): Promise<void> => {
    if (item.type === 'side') await writer.writeSide([item.bytes]);
    if (item.type !== 'frame') return;
    const bytes = await explained(`${name}: frame ${item.number}`, async () => writer.writePacket((await packet)!));
    meter.addPacket(bytes, writer.byteCount);
    meter.addFrame();
  };
  let end: TokenEnd | null = null;
  const words = new WordLines(name);
  const pending: Coded[] = [];
  for await (const item of source.items) {
    throwIfCancelled(signal);
    if (item.type === 'end') {
      end = item;
      continue;
    }
    if (item.type === 'words' || item.type === 'scene') {
      words.add(item);
      continue;
    }
    const packet = item.type === 'frame' ? codePacket(coder, item) : null;
    packet?.catch(() => undefined);
    pending.push({ item, packet });
    if (pending.length > CODER_IN_FLIGHT) await unlessCancelled(write(pending.shift()!), signal);
  }
  while (pending.length > 0) await unlessCancelled(write(pending.shift()!), signal);
  const { frames } = meter;
  if (end !== null && end.frames !== frames) {
    throw new InputError(`${name}: its last line says ${end.frames} frames, but it has ${frames}`);
  }
  await explained(`${name}: words`, () => writer.finish(words.result()));
  const told = end?.crc32c ?? null;
  const isSame = told === null ? null : told === written;
  if (isSame === false) onNote?.('the stream is not the one that the tokens were read from: something was changed');
  await target.finish();
  meter.finish(writer.byteCount);
  return {
    frames,
    bytes: writer.byteCount,
    bytesBySection: writer.bytesBySection,
    isSame,
    pack: header.packName,
    seconds: meter.seconds,
    framesPerSecond: frames / meter.seconds,
  };
}

/** Collects the words, which the stream has at its end. */
class WordLines {
  readonly #name: string;
  #head: TokenWords | null = null;
  readonly #scenes: WordScene[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  add(item: TokenWords | TokenScene): void {
    if (item.type === 'scene') {
      if (this.#head === null)
        throw new InputError(`${this.#name}: a line of type scene comes before that of type words`);
      this.#scenes.push(item);
    } else {
      if (this.#head !== null) throw new InputError(`${this.#name} has more than one line of type words`);
      this.#head = item;
    }
  }

  result(): StreamWords | null {
    return this.#head === null ? null : { ...this.#head, scenes: this.#scenes };
  }
}

/** An item on its way into the stream. */
interface Coded {
  readonly item: Exclude<TokenItem, TokenWords | TokenScene>;
  /** Null if it is no frame. */
  readonly packet: Promise<Packet> | null;
}

async function codePacket(coder: TokenCoder, frame: FrameRecord): Promise<Packet> {
  const { type: _type, number: _number, chunk: _chunk, tokenGrid: _tokenGrid, arrays, ...packet } = frame;
  const { duration: _duration, loopChecksum: _loopChecksum, ...header } = packet;
  return { ...packet, tokens: await coder.write(header, arrays) };
}

/** Says where an error is. */
async function explained<T>(place: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // The writer's own errors are those of a stream; here it is the tokens that are wrong.
    if (!(error instanceof InputError || error instanceof BitstreamError)) throw error;
    throw new InputError(`${place}: ${error.message}`, { cause: error });
  }
}

function checkLayout({ name, family, layout, header }: TokenSource, coder: TokenCoder): void {
  if (family !== coder.family) {
    throw new InputError(`${name}: tokens of family ${family}, but pack ${header.packName} is of ${coder.family}`);
  }
  for (const { name: array, dtype, shape } of coder.arrays.layout) {
    const found = layout.find((entry) => entry.name === array);
    if (found?.dtype === dtype && String(found.shape) === String(shape)) continue;
    throw new InputError(
      `${name}: pictures of ${header.width}x${header.height} need the array ${array} as ${dtype} [${shape.join(', ')}]`,
    );
  }
}
