import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { CancelledError, EnvironmentError } from '../../src/errors.js';
import type { ProgramCost } from '../codec.js';

const POLL_MS = 20;
/** Lines that `-benchmark` makes FFmpeg write at its end. */
const TIMES = /bench: utime=([\d.]+)s stime=([\d.]+)s/;

/** A running command-line FFmpeg. Disposing it stops the program. */
export class FfmpegProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;
  readonly #poll: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  #text = '';
  #peakBytes: number | null = null;

  private constructor(child: ChildProcess, signal: AbortSignal | undefined) {
    this.#child = child;
    this.#signal = signal;
    child.stderr?.on('data', (chunk: Buffer) => {
      // The important lines come last.
      this.#text = (this.#text + chunk.toString('utf8')).slice(-16_384);
    });
    this.#ended = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#text += `\n[error] ${error.message}`;
        resolve(-1);
      });
      child.on('close', (code, killedBy) => resolve(code ?? killedBy ?? -1));
    });
    // The reader of the pipe has closed it; FFmpeg's own error says more.
    child.stdin?.on('error', () => undefined);
    signal?.addEventListener('abort', this.#kill);
    this.#poll = setInterval(() => this.#measure(), POLL_MS);
  }

  /** Starts FFmpeg; its messages are kept for {@link finish}. */
  static start(command: string, words: readonly string[], signal: AbortSignal | undefined): FfmpegProgram {
    const quiet = ['-hide_banner', '-nostats', '-benchmark', '-loglevel', 'level+info'];
    const stdin = words.includes('pipe:0') ? 'pipe' : 'ignore';
    return new FfmpegProgram(spawn(command, [...quiet, ...words], { stdio: [stdin, 'pipe', 'pipe'] }), signal);
  }

  /** Bytes that FFmpeg writes to its stdout. */
  get output(): Readable {
    return this.#child.stdout!;
  }

  /** Writes to FFmpeg's stdin; false if it does not read any more. */
  async write(bytes: Uint8Array): Promise<boolean> {
    const pipe = this.#child.stdin as Writable;
    if (pipe.write(bytes)) return true;
    const drained = new Promise<boolean>((resolve) => pipe.once('drain', () => resolve(true)));
    return Promise.race([drained, this.#ended.then(() => false)]);
  }

  /**
   * Waits until FFmpeg has finished.
   *
   * @throws EnvironmentError with FFmpeg's error text; CancelledError.
   */
  async finish(): Promise<ProgramCost> {
    this.#child.stdin?.end();
    this.#child.stdout?.resume();
    const code = await this.#ended;
    clearInterval(this.#poll);
    if (this.#signal?.aborted === true) throw new CancelledError();
    if (code !== 0) throw new EnvironmentError(`ffmpeg failed: ${complaintIn(this.#text) ?? `it ended with ${code}`}`);
    const [, user, system] = TIMES.exec(this.#text) ?? [];
    return { cpuSeconds: Number(user ?? 0) + Number(system ?? 0), peakBytes: this.#peakBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#kill);
    clearInterval(this.#poll);
    this.#kill();
    await this.#ended;
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL');
  };

  /** The kernel's own high-water mark: that of `getrusage` counts the parent's memory at the start. */
  #measure(): void {
    if (process.platform !== 'linux') return;
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1');
      const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (kibibytes !== undefined) this.#peakBytes = Number(kibibytes) * 1024;
    } catch {
      // It has ended.
    }
  }
}

/** The first error in FFmpeg's messages: those that follow are its consequences. */
function complaintIn(text: string): string | null {
  const line = text.split('\n').find((candidate) => /\[(error|fatal|panic)\]/.test(candidate));
  return line === undefined ? null : line.replace(/^(\[[^\]]*\]\s*)+/, '').trim();
}
