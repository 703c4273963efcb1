import type { StreamReader } from '../bitstream/stream-reader.js';
import { StreamReader as Reader } from '../bitstream/stream-reader.js';
import { findKey } from '../bitstream/stream-index.js';
import type { ByteSink } from '../bitstream/stream-writer.js';
import { Decoder, type DecoderOptions, type DecodingProblem, type PostFilter } from '../codec/decoder.js';
import { planeBuffers } from '../codec/planes.js';
import { BitstreamError, InputError, throwIfCancelled } from '../errors.js';
import { resolveInput } from '../io/input.js';
import { release } from '../platform/threads.js';
import { createVideoSink, type OutputVideoCodec, type VideoSink } from '../video/out/media-writer.js';
import type { SideTracks } from '../video/side/side-tracks.js';
import { feedPackets, type FeedCounts } from './packet-feed.js';
import { ProgressMeter, type LongCallOptions } from './progress.js';
import { checkTimes, cutSideTracks, tolerateDamage, type TimeWindow } from './side-window.js';
import { openStream, propertiesOf, type StreamInput } from './stream-input.js';
import { surveyStream } from './survey.js';
import { findOrigin, moveSideTracks } from './time-origin.js';
import { convertTicks, secondsToTicks, ticksToSeconds } from './ticks.js';

/** How to decompress. */
export interface DecompressOptions extends DecoderOptions, LongCallOptions {
  /** Video codec of the output. Default: H.264; in WebM, VP9. Not allowed for y4m and PNG. */
  readonly videoCodec?: OutputVideoCodec;
  /** Start at this time, in seconds. The output starts there with time 0. */
  readonly start?: number;
  /** Stop after this duration, in seconds. */
  readonly duration?: number;
  /** Replace an existing file. Default: false. */
  readonly overwrite?: boolean;
}

/** The result of {@link decompressVideo}. */
export interface DecompressResult {
  readonly width: number;
  readonly height: number;
  /** The number of frames written, with concealed frames. */
  readonly frames: number;
  /** The number of frames that repeat the last picture because their own picture was lost. */
  readonly concealedFrames: number;
  /** The number of other frames whose pictures depend on a lost one. */
  readonly damagedFrames: number;
  /** The damage found in the stream. Frames are numbered from the start of the stream. */
  readonly problems: readonly DecodingProblem[];
  /** Notes on everything that the output cannot hold, one line each. */
  readonly notes: readonly string[];
  readonly postFilter: PostFilter;
  readonly device: 'cpu' | 'cuda';
  /** The duration of the call in seconds. */
  readonly seconds: number;
  readonly framesPerSecond: number;
}

/** The part of the stream to decode, and its side tracks. */
interface Plan {
  readonly totalFrames: number | null;
  readonly side: SideTracks | null;
  readonly window: TimeWindow | null;
  /** Time of the stream that is time 0 of the output, ticks of the video. */
  readonly origin: bigint;
  readonly problems: DecodingProblem[];
  /** What the output cannot hold, one line each. */
  readonly notes: string[];
}

/**
 * Decompresses a `.tsr` stream to a video, with all side data (sound, subtitles, chapters, tags).
 *
 * @param source path of a file or pipe, or the bytes of a stream.
 * @param output path of an MP4, QuickTime, Matroska, WebM or y4m file, of a folder for PNG pictures or a pattern such
 * as `out/%05d.png`; or a sink, which gets y4m.
 * @throws BitstreamError if the stream cannot be read (with `strict`: if it has any damage); InputError; ModelError if
 * its model pack is missing; EnvironmentError; CancelledError. Nothing is left behind then.
 */
export async function decompressVideo(
  source: StreamInput,
  output: string | ByteSink,
  options: DecompressOptions = {},
): Promise<DecompressResult> {
  checkTimes(options.start, options.duration);
  throwIfCancelled(options.signal);
  const { strict = false, signal, start, duration } = options;
  const input = await resolveInput(source, signal);
  if (typeof input !== 'string' && typeof output !== 'string' && start === undefined && duration === undefined) {
    // From pipe to pipe no survey is needed: frames are written while bytes arrive.
    const reader = await Reader.open(input, { strict });
    const plan = { totalFrames: null, side: null, window: null, origin: 0n, problems: [], notes: [] };
    return decodeTo(reader, plan, input, output, options);
  }
  await using stream = await openStream(input, { strict, signal });
  const plan = await makePlan(stream.reader, options);
  await using _side = plan.side;
  return await decodeTo(stream.reader, plan, input, output, options);
}

const WORDS_NOTE = 'the words of the stream are left out: the output has no place for them';

/** Reads the whole stream to find its side data, the number of frames, and the start of the wanted part. */
async function makePlan(reader: StreamReader, options: DecompressOptions): Promise<Plan> {
  const { start, duration, signal, strict = false } = options;
  const times: bigint[] = [];
  const notes: string[] = [];
  const { side, sideFault } = await surveyStream(
    reader,
    (section) => {
      if (section.kind === 'packet') times.push(section.packet.pts);
      if (section.kind === 'words') notes.push(WORDS_NOTE);
    },
    signal,
  );
  const problems: DecodingProblem[] = [];
  if (sideFault !== null) {
    if (strict) throw new BitstreamError(sideFault);
    problems.push({ frame: null, reason: sideFault });
  }
  const onDamage = (reason: string): void => {
    if (strict) throw new BitstreamError(reason);
    // The tracks are read more than once.
    const problem = { frame: null, reason: `the side data (sound and other tracks) is cut: ${reason}` };
    if (!problems.some(({ reason: told }) => told === problem.reason)) problems.push(problem);
  };
  const sound = side === null ? null : tolerateDamage(side, onDamage);
  const { timeBase } = reader.header;
  times.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const first = times[0] ?? 0n;
  if (start === undefined && duration === undefined) {
    try {
      const origin = await findOrigin({ ticks: first, timeBase }, sound);
      const moved = sound === null ? null : moveSideTracks(sound, origin);
      const ticks = convertTicks(origin.ticks, origin.timeBase, timeBase);
      return { totalFrames: times.length, side: moved, window: null, origin: ticks, problems, notes };
    } catch (error) {
      await side?.[Symbol.asyncDispose]();
      throw error;
    }
  }
  const wanted = first + secondsToTicks(start ?? 0, timeBase);
  const from = times.find((time) => time >= wanted);
  if (from === undefined) {
    await side?.[Symbol.asyncDispose]();
    const last = ticksToSeconds((times.at(-1) ?? first) - first, timeBase);
    throw new InputError(`start is ${start ?? 0} s, but the last frame starts at ${last.toFixed(3)} s`);
  }
  const until = duration === undefined ? null : from + secondsToTicks(duration, timeBase);
  const window = { from, until, timeBase };
  const inside = times.filter((time) => time >= from && (until === null || time < until));
  const cut = sound === null ? null : cutSideTracks(sound, window);
  return { totalFrames: inside.length, side: cut, window, origin: from, problems, notes };
}

async function decodeTo(
  reader: StreamReader,
  plan: Plan,
  input: StreamInput,
  output: string | ByteSink,
  options: DecompressOptions,
): Promise<DecompressResult> {
  const { signal, onNote, overwrite = false, videoCodec } = options;
  const properties = propertiesOf(reader.header);
  await using decoder = await Decoder.create(reader.header, options);
  if (decoder.device.device === 'cuda') onNote?.(`on cuda: ${decoder.device.reason}`);
  await using sink: VideoSink = await createVideoSink(output, properties, {
    videoCodec,
    side: plan.side,
    overwrite,
    inputs: typeof input === 'string' ? [input] : [],
  });
  const { window, origin } = plan;
  const key = window === null ? null : findKey(await reader.readIndex(), window.from);
  const counts: FeedCounts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
  const packets = feedPackets(reader.sections(key ?? undefined), key === null, counts);
  const meter = new ProgressMeter(properties.width * properties.height, plan.totalFrames, options.onProgress);
  let concealedFrames = 0;
  let damagedFrames = 0;
  let fedBytes = 0;
  for await (const frame of decoder.decode(packets, { signal })) {
    if (window !== null && frame.pts < window.from) continue;
    if (window?.until !== null && window !== null && frame.pts >= window.until) break;
    await sink.write({ ...frame, pts: frame.pts - origin });
    release(planeBuffers(frame));
    if (frame.isConcealed) concealedFrames++;
    if (frame.isDamaged) damagedFrames++;
    meter.addPacket(counts.packetBytes - fedBytes, counts.bytes);
    fedBytes = counts.packetBytes;
    meter.addFrame();
  }
  const before = key?.packetNumber ?? 0;
  const found = decoder.problems.map(({ frame, reason }) => ({
    frame: frame === null ? null : frame + before,
    reason,
  }));
  if (meter.frames === 0) {
    const reason = found[0]?.reason ?? 'it holds no packets';
    throw new BitstreamError(`no frame of the stream can be decoded: ${reason}`);
  }
  await sink.finish();
  meter.finish();
  const notes = [...plan.notes, ...sink.notes];
  for (const note of notes) onNote?.(note);
  return {
    width: properties.width,
    height: properties.height,
    frames: meter.frames,
    concealedFrames,
    damagedFrames,
    problems: [...plan.problems, ...found],
    notes,
    postFilter: decoder.postFilter,
    device: decoder.device.device,
    seconds: meter.seconds,
    framesPerSecond: meter.frames / meter.seconds,
  };
}
