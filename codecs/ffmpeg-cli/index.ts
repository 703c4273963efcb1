import { EnvironmentError, InputError } from '../../src/errors.js';
import { countPictureBytes } from '../../src/video/out/coded-file.js';
import { ffmpegCommands, ffmpegVersion, findFfmpegWith } from '../../src/video/measure/ffmpeg-command.js';
import type { Frame } from '../../src/video/frame.js';
import { ByteReader } from '../../src/io/pipe.js';
import { frameFromPlanar, planarByteLength, planarFromFrame } from '../../src/video/planar-buffer.js';
import type { Codec, CodecClip, CodecDescription, CodecFactory, CodecTask } from '../codec.js';
import { parseVariant } from '../codec-name.js';
import { commandLine, ffmpegOptions, outputName } from '../command-line.js';
import { withKeyDistance } from './key-distance.js';
import { FfmpegProgram } from './program.js';
import { rateOptionOf } from './rate-options.js';

/** Option of the variant that says which option of FFmpeg takes the setting. */
const SETTING = 'setting';

/**
 * Any video encoder of a command-line FFmpeg: the variant is the encoder's name, then options as `ffmpeg` takes them,
 * such as `libaom-av1,cpu-used=4`. `setting=qp` names the option that takes the setting where the usual one of the
 * encoder is not wanted.
 */
const factory: CodecFactory = async (variant) => {
  const { first: encoder, options: given } = parseVariant('ffmpeg-cli', variant);
  if (encoder === undefined) {
    throw new InputError('ffmpeg-cli needs the name of an encoder, such as ffmpeg-cli:libaom-av1');
  }
  const commands = ffmpegCommands();
  if (commands.length === 0) {
    throw new EnvironmentError('there is no command-line ffmpeg here: install one, or name it in FFMPEG_PATH');
  }
  const command = await findFfmpegWith('encoder', encoder, commands);
  if (command === null) {
    throw new EnvironmentError(
      `no ffmpeg here has the encoder ${encoder} (asked ${commands.join(', ')}): see ffmpeg -encoders, or name another one in FFMPEG_PATH`,
    );
  }
  const { [SETTING]: named, ...options } = given;
  const usual = rateOptionOf(encoder);
  const rate = named === undefined || named === usual.option ? usual : { option: named, settings: usual.settings };
  return new CommandLineCodec(command, encoder, rate.option, rate.settings, { ...usual.beside, ...options });
};
export default factory;

class CommandLineCodec implements Codec {
  readonly settingName: string;

  constructor(
    readonly program: string,
    readonly encoder: string,
    /** Option that takes the setting. */
    readonly rateOption: string,
    readonly defaultSettings: readonly number[],
    readonly options: Readonly<Record<string, string>>,
  ) {
    this.settingName = rateOption === 'crf' ? 'CRF' : rateOption;
  }

  async describe(): Promise<CodecDescription> {
    const extra = Object.entries(this.options).map(([name, value]) => `, ${name} ${value}`);
    const version = await ffmpegVersion(this.program);
    return {
      title: `${this.encoder} (ffmpeg ${version.replace(/-.*/, '')})${extra.join('')}`,
      version: `${this.encoder} of ffmpeg ${version}`,
      details: { encoder: this.encoder, program: this.program, setting: this.rateOption, ...this.options },
    };
  }

  command(clip: CodecClip, task: CodecTask): string {
    const words = [...this.#encoderWords(task), outputName(clip, this.#extension)];
    return commandLine(['ffmpeg', ...clip.source.ffmpegArguments, ...words]);
  }

  async encode(clip: CodecClip, task: CodecTask, file: string): Promise<void> {
    const { width, height, frameRate } = clip.properties;
    const input = [
      ...['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`],
      ...['-framerate', `${frameRate.num}/${frameRate.den}`, '-i', 'pipe:0'],
    ];
    const muxer = this.#extension === '.mkv' ? 'matroska' : 'mp4';
    const words = [...input, ...this.#encoderWords(task), '-f', muxer, '-y', file];
    await using ffmpeg = FfmpegProgram.start(this.program, words, task.signal);
    for await (const frame of clip.frames()) if (!(await ffmpeg.write(planarFromFrame(frame)))) break;
    const cost = await ffmpeg.finish();
    task.onProgram?.(cost);
  }

  async *decode(file: string, clip: CodecClip, task: CodecTask): AsyncGenerator<Frame, void, undefined> {
    const { width, height } = clip.properties;
    const threads = task.threads === 0 ? [] : ['-threads', String(task.threads)];
    // Samples of more bits are rounded, because the noise of dithering would count as an error of the codec.
    const toFrames = ['-sws_dither', 'none', '-f', 'rawvideo', '-pix_fmt', 'yuv420p'];
    const words = [...threads, '-i', file, ...(await this.#eachFrameOnce()), ...toFrames];
    await using ffmpeg = FfmpegProgram.start(this.program, [...words, 'pipe:1'], task.signal);
    const reader = new ByteReader(ffmpeg.output);
    const length = planarByteLength(width, height);
    for (let index = 0n; !(await reader.atEnd()); index++) {
      const picture = await reader.read(length);
      if (picture.length < length) break;
      yield frameFromPlanar(picture, width, height, index, 1n);
    }
    const cost = await ffmpeg.finish();
    task.onProgram?.(cost);
  }

  async countPayloadBits(file: string): Promise<number> {
    return 8 * (await countPictureBytes(file));
  }

  /** Matroska has no place for VVC yet. */
  get #extension(): '.mkv' | '.mp4' {
    return this.encoder === 'libvvenc' ? '.mp4' : '.mkv';
  }

  #encoderWords({ setting, keyint, threads }: CodecTask): string[] {
    return [
      ...['-c:v', this.encoder, `-${this.rateOption}`, String(setting)],
      ...ffmpegOptions(withKeyDistance(this.encoder, this.options, keyint)),
      ...(threads === 0 ? [] : ['-threads', String(threads)]),
    ];
  }

  /** FFmpeg would repeat and drop frames by their times; the option against it changed its name with 5.1. */
  async #eachFrameOnce(): Promise<string[]> {
    const [major = 0, minor = 0] = (await ffmpegVersion(this.program)).match(/\d+/g)?.map(Number) ?? [];
    const isOld = major < 5 || (major === 5 && minor < 1);
    return isOld ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough'];
  }
}
