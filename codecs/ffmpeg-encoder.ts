/**
 * Codecs that are encoders of the FFmpeg libraries inside the package: the common part of `x264`, `x265` and others.
 */
import { openMediaFile } from '../src/video/in/media-file.js';
import { EnvironmentError } from '../src/errors.js';
import { countPictureBytes, writeCodedFile } from '../src/video/out/coded-file.js';
import { describeFfmpeg } from '../src/video/measure/ffmpeg-info.js';
import { quietSettings, type EncoderSettings } from '../src/video/out/frame-encoder.js';
import type { Frame } from '../src/video/frame.js';
import type { Codec, CodecClip, CodecDescription, CodecFactory, CodecTask } from './codec.js';
import { parseVariant } from './codec-name.js';
import { commandLine, ffmpegOptions, outputName } from './command-line.js';
import type { IsLost } from './loss-pattern.js';

/** The differences between encoders. */
export interface EncoderTraits {
  /** The codec's name on the command line. */
  readonly name: string;
  /** FFmpeg's name of the encoder. */
  readonly encoder: string;
  /** Its option for the trade-off between speed and size, and the default value. */
  readonly preset: { readonly option: string; readonly value: string };
  /** Options of every run; options of a variant override them. */
  readonly options?: Readonly<Record<string, string>>;
  /** CRFs of a curve, from worst to best. */
  readonly defaultSettings: readonly number[];
}

/** A factory for an encoder; a variant is a preset and options of the encoder, such as `medium,bf=0`. */
export function ffmpegEncoder(traits: EncoderTraits): CodecFactory {
  return (variant) => {
    const { encoders } = describeFfmpeg();
    if (!encoders.includes(traits.encoder)) {
      throw new EnvironmentError(
        `the FFmpeg inside the package has no encoder ${traits.encoder}: install node-av again, or use ffmpeg-cli:${traits.encoder}`,
      );
    }
    const { first, options } = parseVariant(traits.name, variant);
    const preset = first ?? options[traits.preset.option] ?? traits.preset.value;
    return Promise.resolve(
      new FfmpegEncoderCodec(traits, preset, { [traits.preset.option]: preset, ...traits.options, ...options }),
    );
  };
}

class FfmpegEncoderCodec implements Codec {
  readonly settingName = 'CRF';
  readonly defaultSettings: readonly number[];
  readonly #traits: EncoderTraits;
  readonly #preset: string;
  /** All options but the rate. */
  readonly #options: Readonly<Record<string, string>>;

  constructor(traits: EncoderTraits, preset: string, options: Readonly<Record<string, string>>) {
    this.defaultSettings = traits.defaultSettings;
    this.#traits = traits;
    this.#preset = preset;
    this.#options = options;
  }

  describe(): Promise<CodecDescription> {
    const { name, encoder, preset } = this.#traits;
    const { [preset.option]: _preset, ...others } = this.#options;
    const own = Object.entries(others).filter(([option]) => this.#traits.options?.[option] === undefined);
    const extra = own.map(([option, value]) => `, ${option} ${value}`).join('');
    return Promise.resolve({
      title: `${name} ${this.#preset}${extra}`,
      version: `${encoder} of FFmpeg ${describeFfmpeg().version}`,
      details: { encoder, ...this.#options },
    });
  }

  command(clip: CodecClip, { setting, keyint, threads }: CodecTask): string {
    return commandLine([
      ...['ffmpeg', ...clip.source.ffmpegArguments],
      ...['-c:v', this.#traits.encoder, ...ffmpegOptions({ ...this.#options, crf: String(setting) })],
      ...['-g', String(keyint), ...(threads === 0 ? [] : ['-threads', String(threads)])],
      outputName(clip, '.mkv'),
    ]);
  }

  async encode(clip: CodecClip, { setting, keyint, threads, signal }: CodecTask, file: string): Promise<void> {
    const settings: EncoderSettings = {
      name: this.#traits.encoder,
      options: { ...this.#options, crf: String(setting) },
      keyint,
      threads,
    };
    await writeCodedFile(quietSettings(settings), clip.frames(), clip.properties, file, signal);
  }

  async *decode(
    file: string,
    _clip: CodecClip,
    { threads, signal }: CodecTask,
  ): AsyncGenerator<Frame, void, undefined> {
    await using video = await openMediaFile(file, { threads });
    yield* video.frames({ signal });
  }

  /** With one thread, so that all machines show the same pictures. */
  async *decodeLossy(
    file: string,
    clip: CodecClip,
    { signal }: CodecTask,
    isLost: IsLost,
  ): AsyncGenerator<Frame, void, undefined> {
    await using video = await openMediaFile(file, { threads: 1, isLost });
    const { timeBase } = video.properties;
    const { num, den } = clip.properties.frameRate;
    // Frames were numbered at the frame rate; the container rounds their times.
    const framesPerTick = (timeBase.num * num) / (timeBase.den * den);
    let first: bigint | null = null;
    for await (const frame of video.frames({ signal })) {
      first ??= frame.pts;
      yield { ...frame, pts: BigInt(Math.round(Number(frame.pts - first) * framesPerTick)) };
    }
  }

  async countPayloadBits(file: string): Promise<number> {
    return 8 * (await countPictureBytes(file));
  }
}
