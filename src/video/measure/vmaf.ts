import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../errors.js';
import { ffmpegCommands, findFfmpegWith } from './ffmpeg-command.js';
import type { Frame, Rational } from '../frame.js';
import { planarFromFrame } from '../planar-buffer.js';

const LOG = 'vmaf.json';
/** Pairs that may wait in pipes: FFmpeg reads its two inputs at different paces. */
const MAX_WAITING = 4;

/** The models of VMAF: the name in libvmaf and the pixel format of the input. */
export const VMAF_MODELS = {
  vmaf: { title: 'VMAF', version: 'vmaf_v0.6.1', pixelFormat: 'yuv420p' },
  'vmaf-neg': { title: 'VMAF NEG', version: 'vmaf_v0.6.1neg', pixelFormat: 'yuv420p' },
  // It measures banding, which needs finer steps than 8 bits.
  'vmaf-v1': { title: 'VMAF v1', version: 'vmaf_v1.0.16_3d0h', pixelFormat: 'yuv420p10le' },
} as const;

/** A model of VMAF. */
export type VmafName = keyof typeof VMAF_MODELS;

const run = promisify(execFile);
const searches = new Map<string, Promise<string | { readonly reason: string }>>();

/**
 * Returns the path of a command-line FFmpeg whose libvmaf has the model, or the reason why there is none. The same
 * commands are tested only once.
 */
export function findVmaf(name: VmafName): Promise<string | { readonly reason: string }> {
  const commands = ffmpegCommands();
  const key = [name, ...commands].join('\n');
  const search = searches.get(key) ?? searchVmaf(name, commands);
  searches.set(key, search);
  return search;
}

async function searchVmaf(name: VmafName, commands: readonly string[]): Promise<string | { readonly reason: string }> {
  for (const command of commands) if (await hasModel(command, name)) return command;
  const { title, version } = VMAF_MODELS[name];
  const command = await findFfmpegWith('filter', 'libvmaf', commands);
  if (command !== null) {
    const reason = `${title} needs libvmaf's model ${version}, which ${command} does not have`;
    return { reason: `${reason}: install a newer ffmpeg with libvmaf, or name one in FFMPEG_PATH` };
  }
  const state = commands.length === 0 ? 'there is none here' : `${commands.join(', ')} has none`;
  return {
    reason: `${title} needs a command-line ffmpeg with libvmaf, and ${state}: install one, or name it in FFMPEG_PATH`,
  };
}

/** Returns whether an FFmpeg can measure one grey picture with a model. FFmpeg has no list of models. */
async function hasModel(command: string, name: VmafName): Promise<boolean> {
  const source = ['-f', 'lavfi', '-i', 'color=gray:size=256x256:rate=1:duration=1'];
  const filter = `[0:v]format=${VMAF_MODELS[name].pixelFormat},split[a][b];[a][b]libvmaf=${modelOption(name)}`;
  try {
    await run(command, ['-nostdin', '-loglevel', 'quiet', ...source, '-filter_complex', filter, '-f', 'null', '-']);
    return true;
  } catch {
    return false;
  }
}

function modelOption(name: VmafName): string {
  return `model=version=${VMAF_MODELS[name].version}`;
}

/** VMAF by the filter `libvmaf` of a command-line FFmpeg, fed through two pipes. */
export class VmafMeter implements AsyncDisposable {
  readonly #title: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** Resolves to FFmpeg's error text, or null if it succeeded. */
  readonly #ended: Promise<string | null>;
  readonly #waiting: Promise<void>[] = [];

  private constructor(name: VmafName, child: ChildProcess, folder: string) {
    this.#title = VMAF_MODELS[name].title;
    this.#child = child;
    this.#folder = folder;
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < 4096) complaint += chunk.toString('utf8');
    });
    this.#ended = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) => {
        const line = complaint.trim().split('\n').at(-1) ?? '';
        resolve(code === 0 ? null : line === '' ? `it ended with ${code ?? signal ?? 'no code'}` : line);
      });
    });
    // The reader of the pipe has closed it; FFmpeg's own error says more.
    for (const pipe of this.#pipes) pipe.on('error', () => undefined);
  }

  /** @throws EnvironmentError if there is no FFmpeg whose libvmaf has the model. */
  static async start(
    name: VmafName,
    clip: { width: number; height: number; frameRate: Rational; threads: number },
  ): Promise<VmafMeter> {
    const command = await findVmaf(name);
    if (typeof command !== 'string') throw new EnvironmentError(command.reason);
    const folder = await mkdtemp(join(tmpdir(), 'tessera-vmaf-'));
    const { width, height, frameRate, threads } = clip;
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`];
    const rate = ['-framerate', `${frameRate.num}/${frameRate.den}`];
    const format = `format=${VMAF_MODELS[name].pixelFormat}`;
    const options = `${modelOption(name)}:log_fmt=json:log_path=${LOG}:n_threads=${threads}`;
    const filter = `[0:v]${format}[decoded];[1:v]${format}[original];[decoded][original]libvmaf=${options}`;
    const child = spawn(
      command,
      [
        ...['-nostdin', '-hide_banner', '-loglevel', 'error'],
        ...[...input, ...rate, '-i', 'pipe:3'],
        ...[...input, ...rate, '-i', 'pipe:4'],
        ...['-filter_complex', filter, '-f', 'null', '-'],
      ],
      // The log has a plain name: paths would have to be escaped for the filter.
      { cwd: folder, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] },
    );
    return new VmafMeter(name, child, folder);
  }

  get #pipes(): readonly [decoded: Writable, original: Writable] {
    return [this.#child.stdio[3] as Writable, this.#child.stdio[4] as Writable];
  }

  /** Sends a pair; resolves as soon as another pair can be sent. */
  async add(original: Frame, decoded: Frame): Promise<void> {
    const [decodedPipe, originalPipe] = this.#pipes;
    const both = Promise.all([writeFrame(decodedPipe, decoded), writeFrame(originalPipe, original)]);
    this.#waiting.push(both.then(() => undefined));
    if (this.#waiting.length < MAX_WAITING) return;
    const failed = await Promise.race([this.#waiting.shift()!, this.#ended]);
    if (failed !== undefined) throw failure(this.#title, failed);
  }

  /**
   * After the last pair: VMAF of each frame, 0..100.
   *
   * @throws EnvironmentError if FFmpeg fails.
   */
  async finish(): Promise<number[]> {
    for (const pipe of this.#pipes) pipe.end();
    const failed = await this.#ended;
    if (failed !== null) throw failure(this.#title, failed);
    const log = JSON.parse(await readFile(join(this.#folder, LOG), 'utf8')) as {
      frames: { metrics: { vmaf: number } }[];
    };
    return log.frames.map(({ metrics }) => metrics.vmaf);
  }

  /** Ends FFmpeg if it still runs and removes its log. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const pipe of this.#pipes) pipe.destroy();
    this.#child.kill();
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function failure(title: string, reason: string | null): EnvironmentError {
  return new EnvironmentError(`ffmpeg cannot measure ${title}: ${reason ?? 'it ended before all frames were read'}`);
}

/** Also resolves if the pipe is closed; FFmpeg's exit gives the reason. */
function writeFrame(pipe: Writable, frame: Frame): Promise<void> {
  return new Promise((resolve) => {
    pipe.write(planarFromFrame(frame), () => resolve());
  });
}
