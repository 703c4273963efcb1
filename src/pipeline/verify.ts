import { Decoder, type DecoderOptions, type DecodingProblem } from '../codec/decoder.js';
import { BitstreamError, throwIfCancelled } from '../errors.js';
import { feedPackets, type FeedCounts } from './packet-feed.js';
import { ProgressMeter, type LongCallOptions } from './progress.js';
import { openStream, type StreamInput } from './stream-input.js';
import { tolerateDamage } from './side-window.js';
import { surveyStream, type Survey } from './survey.js';
import { findUnwritable } from '../video/side/trial-writing.js';

/** How to verify. */
export interface VerifyOptions extends Omit<DecoderOptions, 'postFilter' | 'strict'>, LongCallOptions {}

/** The result of {@link verifyStream}. */
export interface VerifyResult {
  /** True if nothing is wrong. */
  readonly isIntact: boolean;
  /** Frames that were decoded. */
  readonly frames: number;
  /** Frames whose pictures are lost. */
  readonly lostFrames: number;
  /** Frames whose pictures depend on a lost one. */
  readonly damagedFrames: number;
  /** Loop pictures that were held to their checksums. */
  readonly checksums: number;
  /** Packets of sound, subtitles and other tracks that were read. */
  readonly sidePackets: number;
  readonly problems: readonly DecodingProblem[];
  /** Bytes of the stream. */
  readonly bytes: number;
  readonly seconds: number;
  readonly framesPerSecond: number;
}

/**
 * Checks a `.tsr` stream: every CRC, the number of frames against the end section, every frame by decoding it (without
 * post-filter), every loop-picture checksum, and the packets beside the pictures by writing them to nowhere. Damage is
 * part of the result.
 *
 * @throws InputError if there is no such file; BitstreamError if it holds no tessera stream; ModelError if its model
 * pack is missing; EnvironmentError; CancelledError.
 */
export async function verifyStream(input: StreamInput, options: VerifyOptions = {}): Promise<VerifyResult> {
  const { signal } = options;
  throwIfCancelled(signal);
  await using stream = await openStream(input, { strict: false, signal });
  const { reader } = stream;
  const { width, height } = reader.header;
  await using decoder = await Decoder.create(reader.header, { ...options, postFilter: 'none', strict: false });
  let total = 0;
  const survey = await surveyStream(reader, (section) => (total += Number(section.kind === 'packet')), signal);
  await using _side = survey.side;
  const counts: FeedCounts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
  const meter = new ProgressMeter(width * height, total, options.onProgress);
  let fedBytes = 0;
  let concealed = 0;
  const packets = feedPackets(reader.sections(), true, counts);
  for await (const frame of decoder.decode(packets, { signal })) {
    if (frame.isConcealed) concealed++;
    meter.addPacket(counts.packetBytes - fedBytes, counts.bytes);
    fedBytes = counts.packetBytes;
    meter.addFrame();
  }
  const side = await readSidePackets(survey, signal);
  meter.finish(stream.byteLength);
  const problems = [...decoder.problems, ...side.problems];
  if (counts.packets === 0) problems.push({ frame: null, reason: 'the stream holds no frames' });
  const frames = meter.frames - concealed;
  return {
    isIntact: problems.length === 0,
    frames,
    lostFrames: decoder.concealedFrames,
    damagedFrames: decoder.damagedFrames,
    checksums: counts.checksums,
    sidePackets: side.packets,
    problems,
    bytes: stream.byteLength,
    seconds: meter.seconds,
    framesPerSecond: frames / meter.seconds,
  };
}

async function readSidePackets(
  { side, sideFault }: Survey,
  signal: AbortSignal | undefined,
): Promise<{ packets: number; problems: DecodingProblem[] }> {
  const problems: DecodingProblem[] = sideFault === null ? [] : [{ frame: null, reason: sideFault }];
  let packets = 0;
  if (side === null) return { packets, problems };
  try {
    for await (const _ of side.packets()) {
      throwIfCancelled(signal);
      packets++;
    }
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    problems.push({ frame: null, reason: error.message });
  }
  const unwritable = await findUnwritable(tolerateDamage(side, () => undefined));
  problems.push(...unwritable.map((reason) => ({ frame: null, reason })));
  return { packets, problems };
}
