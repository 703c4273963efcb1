import type * as CliProgress from 'cli-progress';
import type { SingleBar } from 'cli-progress';
import { createRequire } from 'node:module';
import { NO_PROGRESS, type Progress } from '../pipeline/progress.js';
import { toJsonLine } from './json-lines.js';

const require = createRequire(import.meta.url);

const JSON_PROGRESS_MS = 1000;

/**
 * Reports to people on stderr, and to programs on stdout as JSON lines. It writes nothing else to stdout, because
 * stdout may carry the payload.
 */
export class Reporter {
  readonly #isJson: boolean;
  #bar: SingleBar | null = null;
  /** True if the total of the bar is known. */
  #hasTotal = false;
  #lastJsonMs = -Infinity;

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  /** Shows that the work has started, before any progress is known. */
  begin(): void {
    this.progress(NO_PROGRESS);
  }

  /** Shows progress: a bar where stderr is a terminal, a JSON line per second with `--json`. */
  progress(progress: Progress): void {
    if (this.#isJson) {
      const now = performance.now();
      if (now - this.#lastJsonMs < JSON_PROGRESS_MS) return;
      this.#lastJsonMs = now;
      this.json({ type: 'progress', ...progress });
    } else if (process.stderr.isTTY) {
      const hasTotal = progress.totalFrames !== null;
      if (hasTotal !== this.#hasTotal) this.stop();
      this.#hasTotal = hasTotal;
      this.#bar ??= startBar(progress);
      this.#bar.update(progress.frames, describe(progress));
    }
  }

  /** Shows the number of finished jobs in the same way, with a JSON line for each change. */
  jobs(progress: JobsProgress): void {
    if (this.#isJson) {
      this.json({ type: 'progress', ...progress });
    } else if (process.stderr.isTTY) {
      const { jobs, totalJobs, secondsLeft, current } = progress;
      const texts = { left: describeLeft(secondsLeft), current };
      this.#bar ??= startJobsBar(totalJobs, texts);
      this.#bar.update(jobs, texts);
    }
  }

  /** Reports information for the user, in one line. */
  note(text: string): void {
    if (this.#isJson) this.json({ type: 'note', text });
    else this.line(`note: ${text}`);
  }

  /** One line on stderr. */
  line(text: string): void {
    this.stop();
    process.stderr.write(`tessera: ${text}\n`);
  }

  /** One line of JSON on stdout. */
  json(value: object): void {
    process.stdout.write(toJsonLine(value));
  }

  /** The result: a JSON line with `--json`, else one line for people. */
  done(result: object, summary: string): void {
    if (this.#isJson) this.json({ type: 'done', ...result });
    else this.line(summary);
  }

  /** Reports an error: a line for people, and with `--json` one for programs. */
  error(line: string, details: object): void {
    this.line(line);
    if (this.#isJson) this.json({ type: 'error', ...details });
  }

  /** Removes the progress bar. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

/** The progress of a command that runs jobs. */
export interface JobsProgress {
  readonly jobs: number;
  readonly totalJobs: number;
  readonly secondsLeft: number | null;
  /** Reports the current work. */
  readonly current: string;
}

function startJobsBar(totalJobs: number, texts: Record<string, string>): SingleBar {
  const bar = newBar('{bar} {value}/{total} jobs | {left} left | {current}');
  bar.start(totalJobs, 0, texts);
  return bar;
}

function newBar(format: string): SingleBar {
  // Loaded with the first bar: only terminals show one.
  const { Presets, SingleBar } = require('cli-progress') as typeof CliProgress;
  return new SingleBar(
    { format, stream: process.stderr, barsize: 24, hideCursor: true, clearOnComplete: true, stopOnComplete: false },
    Presets.shades_classic,
  );
}

function startBar(progress: Progress): SingleBar {
  const format =
    progress.totalFrames === null
      ? '{place}{value} frames | {fps} fps{bits}'
      : '{place}{bar} {value}/{total} frames | {fps} fps{bits} | {left} left';
  const bar = newBar(format);
  bar.start(progress.totalFrames ?? 0, 0, describe(progress));
  return bar;
}

function describe(progress: Progress): Record<string, string> {
  const { framesPerSecond, bytes, bitsPerPixel, secondsLeft, pass, passes, chunk, probe, expectedBytes } = progress;
  const places = [
    ...(pass === undefined || passes === 1 ? [] : [`pass ${pass} of ${passes}`]),
    ...(chunk === undefined ? [] : [`chunk ${chunk}`]),
    ...(probe === undefined ? [] : [`probe ${probe}`]),
    ...(expectedBytes === undefined ? [] : [`about ${describeBytes(expectedBytes)}`]),
  ];
  return {
    place: places.map((place) => `${place} | `).join(''),
    fps: framesPerSecond.toFixed(1),
    // A command that reads or writes no stream has no bytes to show.
    bits: bytes === 0 ? '' : ` | ${bitsPerPixel.toFixed(4)} bits per pixel`,
    left: describeLeft(secondsLeft),
  };
}

function describeLeft(seconds: number | null): string {
  return seconds === null ? '…' : describeSeconds(seconds);
}

/** `1:02:03`, `2:03`, `3 s`. */
export function describeSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time in a video: `0:05.0`, `1:02:03.5`. */
export function describeTime(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  const minutes = Math.floor(tenths / 600);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** Returns a number of bytes with separated thousands. */
export function describeBytes(bytes: number): string {
  return countOf(bytes, 'byte');
}

/** Returns a number with its noun: `1 frame`, `2 frames`. */
export function countOf(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}
