/** Shared helpers for FFmpeg's libraries: log level, errors, exact time arithmetic. */
import { AV_LOG_QUIET, AV_NOPTS_VALUE } from 'node-av/constants';
import { FFmpegError, Log } from 'node-av/lib';
import { EnvironmentError, InputError } from '../errors.js';
import { describeTooManyFiles } from '../io/open-files.js';
import type { Rational } from './frame.js';

/** FFmpeg's "no time stamp". */
export const noTimestamp: bigint = AV_NOPTS_VALUE;

// libav logs to stderr by default; errors are returned as codes, which we convert to our own messages.
Log.setLevel(AV_LOG_QUIET);

const outOfMemory = -12;
const noSpace = -28;
const tooManyFiles = [-23, -24];
const noPermission = [-1, -13, -30];

/** Returns FFmpeg's text for a (negative) error code, as one line without a full stop. */
export function describeCode(code: number): string {
  return FFmpegError.strerror(code).split('\n')[0]?.replace(/\.$/, '') ?? `error ${code}`;
}

/**
 * Throws if `code` is negative.
 *
 * @param what - what failed, as the beginning of a sentence: `cannot read 'a.mp4'`
 * @throws EnvironmentError for lack of memory, disk space or permission; InputError otherwise
 */
export function throwIfInputFails(code: number, what: string): void {
  if (code >= 0) return;
  throwIfMachineFails(code, what);
  throw new InputError(`${what}: ${describeCode(code)}`);
}

/**
 * Throws if `code` is negative, for operations that cannot fail because of the input.
 *
 * @throws EnvironmentError
 */
export function throwIfOutputFails(code: number, what: string): void {
  if (code >= 0) return;
  throwIfMachineFails(code, what);
  throw new EnvironmentError(`${what}: ${describeCode(code)}`);
}

/**
 * Throws if `code` means that something is missing on the machine.
 *
 * @throws EnvironmentError for lack of memory, disk space or permission
 */
export function throwIfMachineFails(code: number, what: string): void {
  if (tooManyFiles.includes(code)) throw describeTooManyFiles(new Error('EMFILE'))!;
  if (code === outOfMemory) throw new EnvironmentError(`${what}: out of memory`);
  if (code === noSpace) throw new EnvironmentError(`${what}: the disk is full; free some space and try again`);
  if (noPermission.includes(code)) throw new EnvironmentError(`${what}: ${describeCode(code)}; check its permissions`);
}

/** Returns a native object that must not be null: libav's allocators return null if there is not enough memory. */
export function mustExist<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new EnvironmentError(`FFmpeg could not make ${what}`);
  return value;
}

/** `value` if both parts are positive, else `fallback`: libav writes 0/1 or 0/0 for "unknown". */
export function positiveRational(value: Rational, fallback: Rational): Rational {
  return value.num > 0 && value.den > 0 ? { num: value.num, den: value.den } : fallback;
}

/** Converts ticks of time base `from` to ticks of `to`, rounding to nearest, halves away from zero. */
export function rescaleTicks(ticks: bigint, from: Rational, to: Rational): bigint {
  const numerator = ticks * BigInt(from.num) * BigInt(to.den);
  const denominator = BigInt(from.den) * BigInt(to.num);
  const half = denominator / 2n;
  return numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator);
}

/** Ticks as seconds; exact to a double's precision. */
export function ticksToSeconds(ticks: bigint, timeBase: Rational): number {
  return (Number(ticks) * timeBase.num) / timeBase.den;
}

/** Returns a file path in libav's form: with its protocol, so that `a:b.mp4` is not read as a URL. */
export function fileUrl(path: string): string {
  return `file:${path}`;
}
