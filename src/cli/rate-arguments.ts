import type { AudioChoice } from '../pipeline/compress-options.js';
import {
  explainConflict,
  TARGET_METRICS,
  type QualityTarget,
  type RateOptions,
  type TargetMetric,
} from '../pipeline/rate/rate-options.js';
import { UsageError } from './run-command.js';

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** Options of a command that take a rate, in the form for yargs. */
export const rateOptions = {
  bitrate: { type: 'string', requiresArg: true, describe: 'Mean bits per second of the pictures: 800k, 1.5M' },
  'max-size': { type: 'string', requiresArg: true, describe: 'Largest size of the whole file: 10MB, 800kB, 4MiB' },
  'max-bitrate': {
    type: 'string',
    requiresArg: true,
    describe: 'Largest bit rate of the pictures over any second, with --quality or --target',
  },
  target: {
    type: 'string',
    requiresArg: true,
    describe: 'Quality to reach in every part: vmaf=93, lpips=0.06, psnr=38, ssim=0.98, ms-ssim=0.99; p5:vmaf=88',
  },
} as const;

/** Options as yargs gives them. */
interface RateArguments {
  readonly bitrate?: string | undefined;
  readonly maxSize?: string | undefined;
  readonly maxBitrate?: string | undefined;
  readonly target?: string | undefined;
  readonly quality?: number | undefined;
}

/** Returns what decides the quality; undefined if it is a constant quality. Throws UsageError. */
export function parseRate({ bitrate, maxSize, maxBitrate, target, quality }: RateArguments): RateOptions | undefined {
  const rate: RateOptions = {
    ...(bitrate === undefined ? {} : { bitrate: parseBits('bitrate', bitrate) }),
    ...(maxSize === undefined ? {} : { maxSize: parseSize('max-size', maxSize) }),
    ...(maxBitrate === undefined ? {} : { maxBitrate: parseBits('max-bitrate', maxBitrate) }),
    ...(target === undefined ? {} : { target: parseTarget(target) }),
  };
  if (Object.keys(rate).length === 0) return undefined;
  const conflict = explainConflict(rate, quality !== undefined);
  if (conflict !== null) throw new UsageError(conflict);
  return rate;
}

/** Bits per second from `800k`, `1.5M`, `800kbit/s`. Throws UsageError. */
function parseBits(name: string, text: string): number {
  const bits = scaled(/^(\d+(?:\.\d+)?)\s*([kmg]?)(?:bit\/s|bps|b)?$/i.exec(text.trim()));
  if (bits !== null) return bits;
  throw new UsageError(`--${name} takes bits per second, such as 800k or 1.5M, not '${text}'`);
}

/** Bytes from `10MB`, `800kB`, `4MiB`, `5000000`. Throws UsageError. */
export function parseSize(name: string, text: string): number {
  const bytes = scaled(/^(\d+(?:\.\d+)?)\s*((?:[kmg]i?)?)b?$/i.exec(text.trim()));
  if (bytes !== null && bytes >= 1) return Math.floor(bytes);
  throw new UsageError(`--${name} takes bytes, such as 10MB, 800kB or 4MiB, not '${text}'`);
}

function scaled(match: RegExpExecArray | null): number | null {
  const [, number = '', unit = ''] = match ?? [];
  const value = Number(number) * FACTORS[unit.toLowerCase()]!;
  return match === null || !(value > 0) ? null : value;
}

/** A target from `vmaf=93` or `p5:vmaf=88`. Throws UsageError. */
function parseTarget(text: string): QualityTarget {
  const [, statistic, metric = '', value = ''] =
    /^(?:(mean|p5):)?([a-z-]+)[=:](-?\d+(?:\.\d+)?)$/.exec(text.trim()) ?? [];
  if (!Object.hasOwn(TARGET_METRICS, metric)) {
    const names = Object.keys(TARGET_METRICS).join(', ');
    throw new UsageError(`--target takes a metric and its value, such as vmaf=93 or p5:vmaf=88; metrics are ${names}`);
  }
  return {
    ...{ metric: metric as TargetMetric, value: Number(value) },
    ...(statistic === undefined ? {} : { statistic: statistic as 'mean' | 'p5' }),
  };
}

/** What happens to sound, from `copy`, `none`, `opus` or `opus:64k`. Throws UsageError. */
export function parseAudio(value: string | undefined): AudioChoice | undefined {
  if (value === undefined || value === 'copy' || value === 'none' || value === 'opus') return value;
  const bits = value.startsWith('opus:') ? scaled(/^(\d+(?:\.\d+)?)(k?)$/i.exec(value.slice('opus:'.length))) : null;
  if (bits !== null) return { opus: bits };
  throw new UsageError(`--audio takes copy, none, opus or opus with a bit rate such as opus:64k, not '${value}'`);
}
