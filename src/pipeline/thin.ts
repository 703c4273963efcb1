import { StreamReader } from '../bitstream/stream-reader.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import { StreamWriter, type ByteSink } from '../bitstream/stream-writer.js';
import type { StreamWords } from '../bitstream/words.js';
import { BitstreamError, InputError, throwIfCancelled } from '../errors.js';
import { openByteOutput } from '../io/byte-output.js';
import { openFileSource } from '../io/file-source.js';
import { resolveInput } from '../io/input.js';
import type { LongCallOptions } from './progress.js';
import { thinLayers, type LayerPacket } from './thin-layers.js';

/** How to thin a stream. */
export interface ThinOptions extends Omit<LongCallOptions, 'onProgress'> {
  /** The share of the frames that stay, above 0, at most 1. */
  readonly to: number;
  /** Replace an existing file. Default: false. */
  readonly overwrite?: boolean;
}

/** The result of {@link thinStream}. */
export interface ThinResult {
  /** Frames that stay, and frames of the whole stream. */
  readonly frames: number;
  readonly framesBefore: number;
  /** Bytes of the new stream, and of the whole one. */
  readonly bytes: number;
  readonly bytesBefore: number;
}

/**
 * Leaves frames of a resilient stream out, by its own marks and without decoding: first those that no other frame refers
 * to, then layer by layer those of the pyramid. What stays decodes as before. Everything else in the stream is kept.
 *
 * @param path of a file.
 * @throws InputError if there is no such file, the stream is not resilient, or more frames must stay; BitstreamError if
 * it is damaged; CancelledError.
 */
export async function thinStream(path: string, output: string | ByteSink, options: ThinOptions): Promise<ThinResult> {
  const { to, signal, onNote, overwrite = false } = options;
  if (!(to > 0 && to <= 1)) throw new InputError(`the share of frames is ${to}: give a number above 0, at most 1`);
  throwIfCancelled(signal);
  const input = await resolveInput(path, signal);
  if (typeof input !== 'string') throw new InputError(`${path} is a pipe: thin reads a stream twice, give a file`);
  await using source = await openFileSource(input);
  if (source.size === 0) throw new InputError(`${input} is empty`);
  const reader = await StreamReader.open(source, { strict: true });
  if (reader.header.isResilient !== true) {
    throw new InputError(`${input} is not resilient: every packet needs all before it; compress with --resilient`);
  }
  const packets: LayerPacket[] = [];
  for await (const section of reader.sections()) {
    throwIfCancelled(signal);
    if (section.kind === 'packet') packets.push(layerOf(section.packet));
  }
  const durations = thinLayers(packets, to);
  const frames = durations.filter((duration) => duration !== null).length;

  await using target = await openByteOutput(output, { overwrite, inputs: [input] });
  const writer = new StreamWriter(target);
  await writer.writeHeader(slowed(reader.header, frames, packets.length));
  let words: StreamWords | null = null;
  let at = 0;
  for await (const section of reader.sections()) {
    throwIfCancelled(signal);
    if (section.kind === 'side') await writer.writeSide([section.bytes]);
    if (section.kind === 'words') words = section.words;
    if (section.kind === 'unknown') onNote?.(`a section of unknown type ${section.type} is left out`);
    if (section.kind !== 'packet') continue;
    const duration = durations[at++];
    if (duration === undefined) throw new BitstreamError(`${input} changed while it was read`);
    if (duration !== null) await writer.writePacket({ ...section.packet, duration });
  }
  await writer.finish(words);
  await target.finish();
  return { frames, framesBefore: packets.length, bytes: writer.byteCount, bytesBefore: source.size };
}

/** What is kept of a packet: not its tokens. */
function layerOf({ kind, referenceSlot0, referenceSlot1, refreshSlot, pts, duration }: LayerPacket): LayerPacket {
  return { kind, referenceSlot0, referenceSlot1, refreshSlot, pts, duration };
}

/** The header with the frame rate of the frames that stay; it is only a hint, so it stays as it is if it does not fit. */
function slowed(header: StreamHeader, frames: number, before: number): StreamHeader {
  if (frames === 0) return header;
  const num = header.frameRate.num * frames;
  const den = header.frameRate.den * before;
  const divisor = greatestDivisor(num, den);
  const limit = 2 ** 31;
  const frameRate = { num: num / divisor, den: den / divisor };
  return frameRate.num < limit && frameRate.den < limit ? { ...header, frameRate } : header;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
