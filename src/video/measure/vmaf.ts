import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { EnvironmentError } from '../../errors.js';
import { ffmpegCommands, findFfmpegWith } from './ffmpeg-command.js';
import type { Frame, Rational } from '../frame.js';
import { planarFromFrame } from '../planar-buffer.js';

const LOG = 'vmaf.json';
/** Pairs that may wait in pipes: FFmpeg reads its two inputs at different paces. */
const MAX_WAITING = 4;

const searches = new Map<string, Promise<string | { readonly reason: string }>>();

/**
 * Returns the path of a command-line FFmpeg with libvmaf, or the reason why there is none. The same commands are tested
 * only once.
 */
export function findVmaf(): Promise<string | { readonly reason: string }> {
  const commands = ffmpegCommands();
  const key = commands.join('\n');
  const search = searches.get(key) ?? searchVmaf(commands);
  searches.set(key, search);
  return search;
}

async function searchVmaf(commands: readonly string[]): Promise<string | { readonly reason: string }> {
  const command = await findFfmpegWith('filter', 'libvmaf', commands);
  if (command !== null) return command;
  const state = commands.length === 0 ? 'there is none here' : `${commands.join(', ')} has none`;
  return {
    reason: `VMAF needs a command-line ffmpeg with libvmaf, and ${state}: install one, or name it in FFMPEG_PATH`,
  };
}

/** VMAF (its default model, v0.6.1) by the filter `libvmaf` of a command-line FFmpeg, fed through two pipes. */
export class VmafMeter implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** Resolves to FFmpeg's error text, or null if it succeeded. */
  readonly #ended: Promise<string | null>;
  readonly #waiting: Promise<void>[] = [];

  private constructor(child: ChildProcess, folder: string) {
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

  /** @throws EnvironmentError if there is no FFmpeg with libvmaf. */
  static async start(clip: {
    width: number;
    height: number;
    frameRate: Rational;
    threads: number;
  }): Promise<VmafMeter> {
    const command = await findVmaf();
    if (typeof command !== 'string') throw new EnvironmentError(command.reason);
    const folder = await mkdtemp(join(tmpdir(), 'tessera-vmaf-'));
    const { width, height, frameRate, threads } = clip;
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', `${width}x${height}`];
    const rate = ['-framerate', `${frameRate.num}/${frameRate.den}`];
    const filter = `[0:v][1:v]libvmaf=log_fmt=json:log_path=${LOG}:n_threads=${threads}`;
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
    return new VmafMeter(child, folder);
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
    if (failed !== undefined) throw failure(failed);
  }

  /**
   * After the last pair: VMAF of each frame, 0..100.
   *
   * @throws EnvironmentError if FFmpeg fails.
   */
  async finish(): Promise<number[]> {
    for (const pipe of this.#pipes) pipe.end();
    const failed = await this.#ended;
    if (failed !== null) throw failure(failed);
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

function failure(reason: string | null): EnvironmentError {
  return new EnvironmentError(`ffmpeg cannot measure VMAF: ${reason ?? 'it ended before all frames were read'}`);
}

/** Also resolves if the pipe is closed; FFmpeg's exit gives the reason. */
function writeFrame(pipe: Writable, frame: Frame): Promise<void> {
  return new Promise((resolve) => {
    pipe.write(planarFromFrame(frame), () => resolve());
  });
}
