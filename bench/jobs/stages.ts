/** The parts of a job, each done in a process of its own. */
import { stat } from 'node:fs/promises';
import type { Codec, CodecClip, CodecTask } from '../../codecs/codec.js';
import { findCodec } from '../../codecs/find-codec.js';
import { InputError } from '../../src/errors.js';
import { measureFrames, summariseFrames, type FramePair, type MetricName } from '../../src/metrics/measures.js';
import type { Frame } from '../../src/video/frame.js';
import { writeFrameWebp } from '../../src/video/in/images.js';
import { readPreparedClip } from '../clips/prepared-clip.js';
import type { JobCost, MetricValues } from '../results.js';
import { takeCost } from './cost.js';
import type { DecodeRequest, EncodeRequest, Measured, MeasureRequest, StageRequest } from './messages.js';

/** Digits that are kept of a metric's values behind the point. */
const DIGITS = 6;

/** Executes a request. */
export async function runStage(request: StageRequest): Promise<JobCost | Measured> {
  const codec = await findCodec(request.codec);
  const clip = await readPreparedClip(request.framesFile);
  if (request.stage === 'encode') return await encode(codec, clip, request);
  if (request.stage === 'decode') return await decode(codec, clip, request);
  return await measure(codec, clip, request);
}

function taskOf({ setting, keyint }: StageRequest): CodecTask {
  return { setting, keyint, threads: 0 };
}

async function encode(codec: Codec, clip: CodecClip, request: EncodeRequest): Promise<JobCost> {
  return await takeCost((onProgram) => codec.encode(clip, { ...taskOf(request), onProgram }, request.file));
}

async function decode(codec: Codec, clip: CodecClip, request: DecodeRequest): Promise<JobCost> {
  let frames = 0;
  const cost = await takeCost(async (onProgram) => {
    for await (const _ of codec.decode(request.file, clip, { ...taskOf(request), onProgram })) frames++;
  });
  requireAll(frames, clip);
  return cost;
}

/** Decodes once more, for the metrics: no figure of cost has their work in it. */
async function measure(codec: Codec, clip: CodecClip, request: MeasureRequest): Promise<Measured> {
  const { file, metrics, threads, pictures } = request;
  const { colour, frameRate } = clip.properties;
  const keep = new Map(pictures.map(({ frame, path }) => [frame, path]));
  const shown = codec.decode(file, clip, taskOf(request));
  const pairs = pairFrames(clip, shown, async (index, frame) => {
    const path = keep.get(index);
    if (path !== undefined) await writeFrameWebp(path, frame, colour);
  });
  const values: Partial<Record<MetricName, number[]>> =
    metrics.length === 0 ? await countOnly(pairs) : await measureFrames(metrics, pairs, { colour, frameRate, threads });
  const { size } = await stat(file);
  return {
    payloadBits: await codec.countPayloadBits(file),
    fileBytes: size,
    metrics: Object.fromEntries(
      metrics.flatMap((name) => {
        const summary = summarise(name, values[name] ?? []);
        return summary === null ? [] : [[name, summary]];
      }),
    ),
  };
}

/** Yields originals with their decoded frames. Throws InputError if their numbers differ. */
async function* pairFrames(
  clip: CodecClip,
  shown: AsyncIterable<Frame>,
  onFrame: (index: number, frame: Frame) => Promise<void>,
): AsyncGenerator<FramePair, void, undefined> {
  const originals = clip.frames()[Symbol.asyncIterator]();
  let frames = 0;
  for await (const decoded of shown) {
    const { done, value } = (await originals.next()) as IteratorResult<Frame, undefined>;
    if (done === true) {
      frames++;
      continue;
    }
    await onFrame(frames++, decoded);
    yield { original: value, decoded };
  }
  await originals.return?.();
  requireAll(frames, clip);
}

async function countOnly(pairs: AsyncIterable<FramePair>): Promise<Record<string, never>> {
  for await (const _ of pairs);
  return {};
}

function requireAll(frames: number, { frameCount }: CodecClip): void {
  if (frames !== frameCount) throw new InputError(`${frames} frames came back of the ${frameCount} that were coded`);
}

/** Null for no values: temporal metrics of a clip of one frame. */
function summarise(name: MetricName, values: readonly number[]): MetricValues | null {
  const round = (value: number): number => Number(value.toFixed(DIGITS));
  const perFrame = values.map(round);
  const summary = summariseFrames(perFrame, name);
  if (summary === null) return null;
  return { mean: round(summary.mean), worst: summary.min, p5: round(summary.p5), perFrame };
}
