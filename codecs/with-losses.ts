/** A codec whose packets are lost on the way: the bits of the whole file, the pictures that a viewer still sees. */
import { InputError } from '../src/errors.js';
import type { Frame } from '../src/video/frame.js';
import type { Codec, CodecClip, CodecDescription, CodecTask } from './codec.js';
import { describeLosses, drawLosses, type LossPattern } from './loss-pattern.js';

/**
 * Adds losses to a codec.
 *
 * @param name the codec's name, for messages.
 * @throws InputError if the codec cannot decode behind a loss.
 */
export function withLosses(codec: Codec, name: string, losses: LossPattern): Codec {
  if (codec.decodeLossy === undefined) {
    throw new InputError(
      `${name} cannot be measured with lost packets: +loss works with model packs and the codecs of FFmpeg inside the package, without a post-filter of ours behind them`,
    );
  }
  return new LossyCodec(codec, codec.decodeLossy.bind(codec), losses);
}

class LossyCodec implements Codec {
  readonly settingName: string;
  readonly defaultSettings: readonly number[];

  constructor(
    readonly codec: Codec,
    readonly decodeLossy: NonNullable<Codec['decodeLossy']>,
    readonly losses: LossPattern,
  ) {
    this.settingName = codec.settingName;
    this.defaultSettings = codec.defaultSettings;
  }

  async describe(): Promise<CodecDescription> {
    const { title, version, details } = await this.codec.describe();
    const losses = describeLosses(this.losses);
    return { title: `${title}, ${losses}`, version, details: { ...details, losses } };
  }

  /** The codec's own command, and the losses as a comment. */
  command(clip: CodecClip, task: CodecTask): string {
    return `${this.codec.command(clip, task)} # with ${describeLosses(this.losses)}`;
  }

  async encode(clip: CodecClip, task: CodecTask, file: string): Promise<void> {
    await this.codec.encode(clip, task, file);
  }

  decode(file: string, clip: CodecClip, task: CodecTask): AsyncGenerator<Frame, void, undefined> {
    return showAtEachFrame(this.decodeLossy(file, clip, task, drawLosses(this.losses, clip.name)), clip.frameCount);
  }

  /** The bits of the whole file: lost packets were sent too. */
  async countPayloadBits(file: string): Promise<number> {
    return await this.codec.countPayloadBits(file);
  }
}

/**
 * Yields what a viewer sees at the time of each frame: its picture, or, if there is none, the one before. A picture that
 * comes after a later one is not shown.
 *
 * @param pictures with the number of the frame as `pts`.
 * @throws InputError if the first picture is missing.
 */
async function* showAtEachFrame(
  pictures: AsyncIterable<Frame>,
  frameCount: number,
): AsyncGenerator<Frame, void, undefined> {
  let shown: Frame | null = null;
  let next = 0;
  for await (const picture of pictures) {
    const at = Number(picture.pts);
    if (shown === null && at > 0)
      throw new InputError('the first picture is missing, although its packet was not lost');
    if (at < next) continue;
    while (shown !== null && next < at) yield { ...shown, pts: BigInt(next++) };
    shown = picture;
    yield picture;
    next = at + 1;
  }
  if (shown === null) throw new InputError('no picture can be decoded');
  while (next < frameCount) yield { ...shown, pts: BigInt(next++) };
}
