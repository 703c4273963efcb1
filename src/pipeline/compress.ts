import { open } from 'node:fs/promises';
import { DIMENSION_LIMIT, FRAME_AREA_LIMIT } from '../bitstream/limits.js';
import { MAGIC } from '../bitstream/stream-header.js';
import { StreamWriter, type ByteSink } from '../bitstream/stream-writer.js';
import { InputError, throwIfCancelled } from '../errors.js';
import { resolveInput } from '../io/input.js';
import type { VideoProperties } from '../video/frame.js';
import { openVideo, type VideoSource } from '../video/in/media-reader.js';
import { openByteOutput } from '../io/byte-output.js';
import { chooseSide } from './choose-side.js';
import type { CompressJob } from './compress-job.js';
import type { CompressOptions, CompressResult, VideoInput } from './compress-options.js';
import { Clock, NoteBook, writeSide } from './compress-parts.js';
import { encoderHeader } from './encoder-header.js';
import { DEFAULT_KEY_INTERVAL, keyIntervalFrames } from './key-interval.js';
import { checkInteger } from '../codec/check-integer.js';
import { bitsPerPixel, ProgressMeter } from './progress.js';
import { openChunkMaker, openWholeMaker } from './packet-maker.js';
import { compressByChunks, needsChunks } from './rate/compress-by-chunks.js';
import { planAhead } from './rate/plan-ahead.js';
import { checkRate, describeAim, hasRate } from './rate/rate-options.js';
import { countPart, openPart } from './source-part.js';
import { checkTimes } from './side-window.js';
import { WordsMaker } from './words/words-maker.js';

export type { AudioChoice, CompressOptions, CompressResult, VideoInput } from './compress-options.js';

/**
 * Compresses a video to a `.tsr` stream. Sound, subtitles, chapters and tags are kept unchanged. Memory does not grow
 * with the length of the video.
 *
 * @param output path of the file, or a sink for bytes. The file appears when it is complete.
 * @throws InputError if the input cannot be used, the output must not be written, or the aim cannot be reached;
 * ModelError; EnvironmentError; CancelledError. Nothing is left behind then, but finished parts in `OUTPUT.part` after a
 * CancelledError or an EnvironmentError of a call with a `rate` that takes several passes.
 */
export async function compressVideo(
  given: VideoInput,
  output: string | ByteSink,
  options: CompressOptions = {},
): Promise<CompressResult> {
  const { signal, onNote } = options;
  checkTimes(options.start, options.duration);
  if (options.track !== undefined) checkInteger('track', options.track, 1, 1000);
  if (options.rate !== undefined) checkRate(options.rate, options.quality !== undefined);
  throwIfCancelled(signal);
  const input = isList(given) ? given : await resolveInput(given, signal);
  await refuseStream(input);
  const { picturesPerSecond, strict = false } = options;
  const openSource = (from: VideoInput): Promise<VideoSource> =>
    openVideo(from, {
      signal,
      strict,
      track: options.track,
      ...(picturesPerSecond === undefined ? {} : { picturesPerSecond }),
    });
  await using source = await openSource(input);
  const { properties } = source;
  checkSize(properties);
  const keyint = keyIntervalFrames(options.keyint ?? DEFAULT_KEY_INTERVAL, properties.frameRate);
  const notes = new NoteBook(onNote);
  notes.update(source);
  const isRepeatable = typeof input === 'string' || isList(input);
  if (options.rate?.maxSize !== undefined && !isRepeatable) {
    throw new InputError(
      'a largest size needs the whole video first, and a pipe can be read only once: save it to a file, or give a bit rate',
    );
  }
  if (options.resume === true && (!isRepeatable || typeof output !== 'string')) {
    throw new InputError('only a call that reads files and writes a file can be resumed: leave out resume');
  }
  const job: CompressJob = {
    ...{ source, properties, input, output, notes, options },
    reopen: isRepeatable ? () => openSource(input) : null,
    inputs: typeof input === 'string' ? [input] : isList(input) ? input : [],
    encoder: { ...options, keyint, onNote: (note) => notes.update({ notes: [note] }) },
  };
  if (!needsChunks(job)) return await compressAtOnce(job);
  if (options.words === true) {
    throw new InputError(
      'words cannot be written with an aim that takes several passes: compress first, then add words',
    );
  }
  return await compressByChunks(job);
}

/** Codes the frames as they come. */
async function compressAtOnce(job: CompressJob): Promise<CompressResult> {
  const { source, properties, options, encoder: given, output, inputs, notes } = job;
  const { signal, rate, chunks } = options;
  if (chunks !== undefined && hasRate(rate)) {
    throw new InputError(
      'a bit rate in one pass takes one encoder: leave out jobs and farm, or save the input to a file',
    );
  }
  const part = await openPart(source.frames({ signal }), properties.timeBase, options);
  const plan = hasRate(rate) ? await planAhead(part.frames, properties, given, rate, signal) : null;
  await using maker = await (chunks === undefined
    ? openWholeMaker(job, plan)
    : openChunkMaker(job, chunks, part.window?.from ?? 0n));
  const { encoder } = maker;
  await using target = await openByteOutput(output, { overwrite: options.overwrite ?? false, inputs });
  const writer = new StreamWriter(target);
  const aim = hasRate(rate) ? describeAim(rate, options.quality) : undefined;
  await writer.writeHeader(encoderHeader(encoder, properties, aim));
  // Side data comes first, so that a reader of a pipe knows the tracks before it starts an output file.
  {
    await using side = await chooseSide(source, part.window, options, notes);
    await writeSide(side, writer);
  }
  throwIfCancelled(signal);

  const pixels = properties.width * properties.height;
  const meter = new ProgressMeter(pixels, countPart(source, options), options.onProgress);
  const clock = new Clock();
  const frames = plan?.frames ?? part.frames;
  await using words = options.words === true ? await WordsMaker.create(properties) : null;
  for await (const packet of maker.make(words?.watch(frames) ?? frames, () => meter.addFrame())) {
    const size = await writer.writePacket(packet);
    await words?.addPacket(packet);
    clock.add(packet);
    meter.addPacket(size, writer.byteCount);
    notes.update(source);
  }
  if (meter.frames === 0) throw new InputError('the video has no frames');
  const duration = clock.seconds(properties);
  const report = plan?.finish(duration, aim!);
  await writer.finish((await words?.finish()) ?? null);
  await target.finish();
  meter.finish(writer.byteCount);
  notes.update(source);
  const { seconds } = meter;
  return {
    width: properties.width,
    height: properties.height,
    frames: meter.frames,
    bytes: writer.byteCount,
    bytesBySection: writer.bytesBySection,
    bitsPerPixel: bitsPerPixel(writer.bytesBySection.packet, meter.frames, pixels),
    duration,
    seconds,
    framesPerSecond: meter.frames / seconds,
    pack: encoder.packName,
    device: encoder.device.device,
    notes: notes.lines,
    ...(report === undefined ? {} : { rate: report }),
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
