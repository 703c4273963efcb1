import { lstat } from 'node:fs/promises';
import { StreamWriter } from '../../bitstream/stream-writer.js';
import { describeEncoder } from '../../codec/encoder.js';
import { CancelledError, EnvironmentError, InputError } from '../../errors.js';
import { openByteOutput } from '../../io/byte-output.js';
import type { Frame } from '../../video/frame.js';
import type { VideoSource } from '../../video/in/media-reader.js';
import type { SideTracks } from '../../video/side/side-tracks.js';
import { chooseSide } from '../choose-side.js';
import type { CompressJob } from '../compress-job.js';
import type { CompressResult } from '../compress-options.js';
import { Clock, noteDevice, writeSide } from '../compress-parts.js';
import { KeptCodecs } from '../chunks/kept-codecs.js';
import { localChunks } from '../chunks/local-chunks.js';
import { openKeyFrameFinder, openPool } from '../chunks/open-pool.js';
import { encoderHeader } from '../encoder-header.js';
import { bitsPerPixel } from '../progress.js';
import { countPart, openPart } from '../source-part.js';
import { fingerprintOf } from './fingerprint.js';
import { Journal } from './journal.js';
import { codeToBudget, type Outcome } from './code-to-budget.js';
import { codeToLimit } from './code-to-limit.js';
import { codeToTarget } from './code-to-target.js';
import { END_BYTES, type ChunkedJob } from './chunked-job.js';
import { describeAim, hasRate, type RateOptions } from './rate-options.js';
import type { ChunkReport } from './rate-report.js';

/** Encoders, and decoders, that are kept for further chunks: of the probes of a chunk, all but the first have an option more. */
const KEPT_CODECS = 2;

/** Whether a job needs more than one coding of its frames. */
export function needsChunks({ options: { rate }, reopen }: CompressJob): boolean {
  if (!hasRate(rate)) return false;
  return rate.bitrate === undefined || reopen !== null;
}

/**
 * Compresses chunk by chunk, with a journal of finished chunks, and joins them to a stream.
 *
 * @throws as `compressVideo`.
 */
export async function compressByChunks(job: CompressJob): Promise<CompressResult> {
  const { source, properties, options, output, inputs, notes, encoder: given } = job;
  const { signal, overwrite = false, resume = false } = options;
  const rate = options.rate ?? {};
  const started = performance.now();
  const opened = await openPart(source.frames({ signal }), properties.timeBase, options);
  // Finds out early whether the output can be written.
  if (typeof output === 'string') await (await openByteOutput(output, { overwrite, inputs }))[Symbol.asyncDispose]();
  const aim = describeAim(rate, options.quality);
  const description = await describeEncoder(properties.width, properties.height, given);
  noteDevice(description, options, notes);
  const header = encoderHeader(description, properties, aim);
  await using side = await chooseSide(source, opened.window, options, notes);
  const empty = new StreamWriter({ write: () => Promise.resolve() });
  await empty.writeHeader(header);
  const headerBytes = empty.byteCount;
  await writeSide(side, empty);
  const fixedBytes = empty.byteCount + END_BYTES;
  refuseLargeSide(rate, fixedBytes, empty.byteCount - headerBytes, side);
  const fingerprint = await fingerprintOf(job, header);
  await using journal = await Journal.open(await journalPath(output), fingerprint, { resume, overwrite });
  let first: AsyncIterable<Frame> | null = opened.frames;
  async function* frames(): AsyncGenerator<Frame, void, undefined> {
    if (first !== null) {
      const taken = first;
      first = null;
      yield* taken;
      notes.update(source);
      return;
    }
    if (job.reopen === null) throw new Error('the input can be read only once');
    await using again: VideoSource = await job.reopen();
    yield* (await openPart(again.frames({ signal }), properties.timeBase, options)).frames;
    notes.update(again);
  }
  if (options.chunks !== undefined) await (await openKeyFrameFinder(job))[Symbol.asyncDispose]();
  await using pool = await openPool(
    options.chunks ?? localChunks({ jobs: 1 }),
    job,
    description,
    opened.window?.from ?? 0n,
  );
  await using codecs = new KeptCodecs(KEPT_CODECS);
  const chunked: ChunkedJob = {
    ...job,
    ...{
      pool,
      codecs,
      qualities: description.qualities,
      rate,
      header,
      journal,
      fixedBytes,
      frames,
      encoder: given,
      frameHint: countPart(source, options),
    },
    sideBytes: empty.byteCount - headerBytes,
  };
  try {
    const outcome = await codeChunks(chunked);
    if (journal.chunkCount === 0) throw new InputError('the video has no frames');
    await using target = await openByteOutput(output, { overwrite, inputs });
    const writer = new StreamWriter(target);
    await writer.writeHeader(header);
    await writeSide(side, writer);
    const clock = new Clock();
    const reports: ChunkReport[] = [];
    for await (const { packets, report } of journal.chunks()) {
      reports.push(report);
      for (const packet of packets) {
        await writer.writePacket(packet);
        clock.add(packet);
      }
    }
    await writer.finish();
    if (rate.maxSize !== undefined && writer.byteCount > rate.maxSize) {
      throw new Error(`the stream has ${writer.byteCount} bytes, which exceeds ${rate.maxSize}`);
    }
    await target.finish();
    const seconds = (performance.now() - started) / 1000;
    const duration = clock.seconds(properties);
    const frameCount = writer.packetCount;
    const { width, height } = properties;
    return {
      ...{ width, height, duration, seconds },
      frames: frameCount,
      bytes: writer.byteCount,
      bytesBySection: writer.bytesBySection,
      bitsPerPixel: bitsPerPixel(writer.bytesBySection.packet, frameCount, width * height),
      framesPerSecond: frameCount / seconds,
      pack: description.packName,
      device: description.device.device,
      notes: notes.lines,
      rate: {
        aim,
        ...outcome,
        bitrate: duration > 0 ? (8 * writer.bytesBySection.packet) / duration : 0,
        chunks: reports,
      },
    };
  } catch (error) {
    const isResumable = error instanceof CancelledError || error instanceof EnvironmentError;
    if (isResumable && journal.path !== null && (journal.scout !== null || journal.chunkCount > 0)) {
      journal.keep();
      notes.add(`finished work is kept in ${journal.path}: the same command with --resume goes on`);
    }
    throw error;
  }
}

function codeChunks(job: ChunkedJob): Promise<Outcome> {
  if (job.rate.target !== undefined) return codeToTarget(job);
  return job.rate.maxBitrate === undefined ? codeToBudget(job) : codeToLimit(job);
}

/** The journal stands beside an output file; other outputs cannot be resumed. */
async function journalPath(output: CompressJob['output']): Promise<string | null> {
  if (typeof output !== 'string') return null;
  const entry = await lstat(output).catch(() => null);
  return entry === null || entry.isFile() || entry.isSymbolicLink() ? `${output}.part` : null;
}

/** @throws InputError if nothing is left for the pictures. */
function refuseLargeSide(
  { maxSize }: RateOptions,
  fixedBytes: number,
  sideBytes: number,
  side: SideTracks | null,
): void {
  if (maxSize === undefined || fixedBytes < maxSize) return;
  const hasSound = side?.header.tracks.some(({ kind }) => kind === 'audio') === true;
  const what = hasSound ? 'sound and other tracks take' : 'subtitles, chapters and tags take';
  const advice = hasSound ? '; code the sound again with --audio opus:32k, or leave it out with --audio none' : '';
  throw new InputError(
    sideBytes === 0
      ? `a size of ${maxSize} bytes cannot be met: a stream without pictures has ${fixedBytes} bytes`
      : `a size of ${maxSize} bytes cannot be met: ${what} ${sideBytes} bytes${advice}`,
  );
}
