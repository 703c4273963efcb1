import { isMetricName, METRIC_NAMES, type MetricName } from '../metrics/metric-names.js';
import { keyIntervalFrames } from '../pipeline/key-interval.js';
import { UsageError } from './run-command.js';

/** Options that several commands share, in the form for yargs. */
export const sharedOptions = {
  pack: { type: 'string', requiresArg: true, describe: 'Model pack: a name or a folder' },
  device: { choices: ['auto', 'cpu', 'cuda'], default: 'auto', describe: 'Device for the networks' },
  threads: { type: 'number', requiresArg: true, describe: 'Threads of each network in onnxruntime, 1..64' },
  overwrite: { type: 'boolean', alias: 'y', default: false, describe: 'Replace existing files' },
  json: { type: 'boolean', default: false, describe: 'JSON lines on stdout (docs/CLI.md)' },
} as const;

/** Returns an integer in `min .. max`, or undefined. Throws UsageError. */
export function wholeNumber(name: string, value: number | undefined, min: number, max: number): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return value;
  throw new UsageError(`--${name} takes a whole number from ${min} to ${max}`);
}

/** Checks `--keyint`. The frame rate of the video converts it to frames later. Throws UsageError. */
export function checkKeyint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    keyIntervalFrames(text, { num: 25, den: 1 });
  } catch {
    throw new UsageError('--keyint takes frames (250), at least 1, or seconds (10s)');
  }
  return text;
}

/** Returns a time above zero. Throws UsageError. */
export function parseDuration(name: string, text: string | undefined): number | undefined {
  const seconds = parseSeconds(name, text);
  if (seconds === 0) throw new UsageError(`--${name} takes a time above 0`);
  return seconds;
}

/** Seconds from `12.5`, `12.5s`, `1:02.5` or `1:00:02.5`. Throws UsageError. */
export function parseSeconds(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)s?$/.exec(text.trim());
  if (match === null) throw new UsageError(`--${name} takes seconds (12.5) or a time (1:02:03.5), not '${text}'`);
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Names of metrics from a list with commas. Throws UsageError. */
export function metricNames(text: string): MetricName[] {
  return text.split(',').map((part) => {
    const name = part.trim();
    if (isMetricName(name)) return name;
    throw new UsageError(`there is no metric '${name}': name some of ${METRIC_NAMES.join(', ')}`);
  });
}

/** Returns the options without undefined values, which mean "not given". */
export function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
