import { qualitiesOf, type EncoderOptions, type QualityControl } from '../../codec/encoder.js';
import { InputError } from '../../errors.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import { ticksToSeconds } from '../ticks.js';
import { BudgetControl, qualityOfBits } from './budget-control.js';
import { describeUnmetRate } from './describe-unmet.js';
import type { RateOptions } from './rate-options.js';
import type { RateReport } from './rate-report.js';
import { scout, scoutScale } from './scout.js';

/** Coding at a bit rate in one pass. */
export interface AheadPlan {
  /** For the encoder that codes the frames. */
  readonly options: EncoderOptions;
  readonly control: QualityControl;
  /** The frames, each as soon as the plan knows it. */
  readonly frames: AsyncIterable<Frame>;
  /**
   * After the last frame: what was reached.
   *
   * @param duration seconds of the video.
   * @throws InputError if the bit rate is too low for the video.
   */
  finish(duration: number, aim: string): RateReport;
}

/** Plans the quality of frames for a bit rate, with a scout that runs ahead of the encoder. */
export async function planAhead(
  frames: AsyncIterable<Frame>,
  properties: VideoProperties,
  encoder: EncoderOptions,
  { bitrate = 0 }: RateOptions,
  signal: AbortSignal | undefined,
): Promise<AheadPlan> {
  const qualities = await qualitiesOf(encoder.pack);
  const { timeBase, width, height, frameRate } = properties;
  const frameSeconds = frameRate.den / frameRate.num;
  const quality = Math.round(qualityOfBits(qualities, (bitrate * frameSeconds) / (width * height)));
  const control = new BudgetControl({ qualities, scale: scoutScale(properties), isStrict: false }, 0);
  const held: Frame[] = [];
  async function* copied(): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of frames) {
      held.push(frame);
      yield frame;
    }
  }
  async function* known(): AsyncGenerator<Frame, void, undefined> {
    for await (const found of scout(copied(), properties, { ...encoder, quality }, signal)) {
      const seconds = found.duration > 0n ? ticksToSeconds(found.duration, timeBase) : frameSeconds;
      control.know(found, seconds, bitrate * seconds);
      while (held.length > 0 && control.knows(held[0]!.pts)) yield held.shift()!;
    }
    control.end();
    yield* held;
  }
  return {
    options: { ...encoder, quality },
    control,
    frames: known(),
    finish: (duration, aim) => {
      const reached = duration > 0 ? control.spent / duration : 0;
      if (control.isBelowRange) throw new InputError(describeUnmetRate(bitrate, reached));
      return { aim, passes: 1, bitrate: reached, reached: null, chunks: [], recodedChunks: 0 };
    },
  };
}
