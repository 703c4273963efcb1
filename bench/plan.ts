/** Everything that a run will do, settled before it begins: clips, codecs, metrics, jobs in their order. */
import type { Codec, CodecTask } from '../codecs/codec.js';
import { commandLine } from '../codecs/command-line.js';
import { findCodec } from '../codecs/find-codec.js';
import { EnvironmentError, InputError, throwIfCancelled } from '../src/errors.js';
import { explainUnavailable, isMetricName, METRIC_NAMES, type MetricName } from '../src/metrics/measures.js';
import type { BenchJobPlan, BenchOptions, BenchSettings } from './bench-options.js';
import { planClip, type ClipPlan } from './clips/clip-plan.js';
import { findClips } from './clips/find-clips.js';
import { formatCodec, parseCodecList } from './codec-list.js';
import { describeVersions } from './machine.js';
import { loadPreset } from './preset.js';
import type { BenchCodec, Results } from './results.js';

const DEFAULT_CODECS = ['tessera-nano', 'x264:medium', 'x265:medium'];
const DEFAULT_METRICS: readonly MetricName[] = ['psnr-y', 'psnr-yuv', 'ssim', 'ms-ssim', 'lpips'];
const DEFAULT_KEYINT = 250;
const DEFAULT_PICTURES = 3;
/** A size at which every metric can be measured if this machine can measure it at all. */
const LARGE = { width: 4096, height: 4096 };

/** One clip with one codec at one setting. */
export interface Job {
  readonly clip: ClipPlan;
  readonly codec: BenchCodec;
  readonly setting: number;
  readonly command: string;
}

/** The plan of a run. */
export interface BenchPlan {
  readonly clips: readonly ClipPlan[];
  readonly codecs: readonly BenchCodec[];
  readonly settings: Results['settings'];
  readonly pictures: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Codecs and metrics of the preset that the machine does not have, with the reason, one line each. */
  readonly leftOut: readonly string[];
  /** The command line that repeats the run. */
  readonly command: string;
  /** Clip by clip, so that a clip's frames are kept only as long as they are needed. */
  readonly jobs: readonly Job[];
}

/**
 * Plans a run. Codecs and metrics of a preset that this machine does not have are left out. Codecs and metrics that the
 * caller names must be available.
 *
 * @throws InputError, EnvironmentError, ModelError if any of it cannot be done here; CancelledError.
 */
export async function planBench(options: BenchOptions): Promise<BenchPlan> {
  const { preset, signal, jobs: jobsAtOnce = 1 } = options;
  const given = givenSettings(options);
  const settings = { ...(preset === undefined ? {} : await loadPreset(preset)), ...given };
  if (settings.clips === undefined || settings.clips.length === 0) {
    throw new InputError(
      'there is no clip: name video files, folders or patterns (clips/*.mkv), or take --preset quick',
    );
  }
  const leftOut: string[] = [];
  const metrics = await checkMetrics(settings.metrics ?? DEFAULT_METRICS, given.metrics === undefined ? leftOut : null);
  const keyint = checkCount('keyint', settings.keyint ?? DEFAULT_KEYINT, 1);
  const frames = settings.frames === undefined ? null : checkCount('frames', settings.frames, 1);
  const size = settings.size ?? null;
  const found = await findCodecs(settings.codecs ?? DEFAULT_CODECS, given.codecs === undefined ? leftOut : null);
  const clips: ClipPlan[] = [];
  for (const clip of await findClips(settings.clips)) {
    throwIfCancelled(signal);
    clips.push(await planClip(clip, { frames, size }, signal));
  }
  const codecs = found.map(({ entry }) => entry);
  const pictures = checkCount('pictures', settings.pictures ?? DEFAULT_PICTURES, 0);
  checkCount('jobs', jobsAtOnce, 1);
  return {
    ...{ clips, codecs, pictures, leftOut },
    versions: await describeVersions(metrics),
    settings: {
      preset: preset ?? null,
      ...{ metrics, frames, size, keyint, jobs: jobsAtOnce },
      targetBitsPerPixel: settings.targetBitsPerPixel ?? null,
      published: (settings.published ?? []).map((figures) => ({ ...figures, metrics: { ...figures.metrics } })),
    },
    command: formatCommand(settings.clips, codecs, { metrics, frames, size, keyint, pictures }, options),
    jobs: clips.flatMap((clip) =>
      found.flatMap(({ codec, entry }) =>
        entry.settings.map((setting) => ({
          ...{ clip, codec: entry, setting },
          command: commandOf(codec, clip, { setting, keyint, threads: 0 }),
        })),
      ),
    ),
  };
}

/** The jobs of a plan as people see them. */
export function listJobs({ jobs }: BenchPlan): BenchJobPlan[] {
  return jobs.map(({ clip, codec, setting, command }) => ({ clip: clip.name, codec: codec.name, setting, command }));
}

function givenSettings(options: BenchOptions): BenchSettings {
  const names = [
    'clips',
    'codecs',
    'metrics',
    'frames',
    'size',
    'keyint',
    'pictures',
    'targetBitsPerPixel',
    'published',
  ];
  const given = Object.entries(options).filter(([name, value]) => names.includes(name) && value !== undefined);
  // No clips on a command line are an empty list: those of the preset are wanted then.
  return Object.fromEntries(given.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

/**
 * Checks that metrics can be measured here.
 *
 * @param leftOut gets the reasons of missing ones; null: a missing one is an error.
 */
async function checkMetrics(names: readonly string[], leftOut: string[] | null): Promise<MetricName[]> {
  const metrics: MetricName[] = [];
  for (const name of names) {
    if (!isMetricName(name))
      throw new InputError(`there is no metric '${name}': name some of ${METRIC_NAMES.join(', ')}`);
    const reason = await explainUnavailable(name, LARGE);
    if (reason === null) metrics.push(name);
    else if (leftOut === null) throw new EnvironmentError(reason);
    else leftOut.push(`the metric ${name} is left out: ${reason}`);
  }
  if (metrics.length === 0) throw new EnvironmentError(`no metric can be measured: ${leftOut?.join('; ')}`);
  return [...new Set(metrics)];
}

interface FoundCodec {
  readonly codec: Codec;
  readonly entry: BenchCodec;
}

/**
 * Finds codecs.
 *
 * @param leftOut gets the reasons of missing ones; null: a missing one is an error.
 */
async function findCodecs(lists: readonly string[], leftOut: string[] | null): Promise<FoundCodec[]> {
  const found = await Promise.all(
    parseCodecList(lists).map(async ({ name, settings }): Promise<FoundCodec | string> => {
      try {
        const codec = await findCodec(name);
        return { codec, entry: await describeCodec(name, codec, settings) };
      } catch (error) {
        if (leftOut === null || !(error instanceof EnvironmentError)) throw error;
        return `the codec ${name} is left out: ${error.message}`;
      }
    }),
  );
  leftOut?.push(...found.filter((one) => typeof one === 'string'));
  const codecs = found.filter((one) => typeof one !== 'string');
  if (codecs.length === 0) throw new EnvironmentError(`no codec is available: ${leftOut?.join('; ')}`);
  return codecs;
}

async function describeCodec(name: string, codec: Codec, points: readonly number[] | null): Promise<BenchCodec> {
  const { title, version, details } = await codec.describe();
  // The codec's own settings go from worst to best; settings of a user are sorted in the same way.
  const [worst = 0, ...others] = codec.defaultSettings;
  const rises = (others.at(-1) ?? worst) >= worst;
  const settings = points === null ? [...codec.defaultSettings] : points.toSorted((a, b) => (rises ? a - b : b - a));
  return { name, title, version, details: { ...details }, settingName: codec.settingName, settings };
}

function commandOf(codec: Codec, { name, properties, source }: ClipPlan, task: CodecTask): string {
  const frames = (): never => {
    throw new Error('a command needs no frames');
  };
  return codec.command({ name, properties, source, frameCount: 0, frames }, task);
}

function checkCount(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new InputError(`${name} is ${value}: give a whole number from ${least} on`);
}

function formatCommand(
  clips: readonly string[],
  codecs: readonly BenchCodec[],
  settings: Pick<Results['settings'], 'metrics' | 'frames' | 'size' | 'keyint'> & { readonly pictures: number },
  { preset, jobs = 1 }: BenchOptions,
): string {
  const { metrics, frames, size, keyint, pictures } = settings;
  return commandLine([
    ...['tessera', 'bench', ...clips],
    // A preset also holds published figures.
    ...(preset === undefined ? [] : ['--preset', preset]),
    ...['--codecs', codecs.map((codec) => formatCodec(codec.name, codec.settings)).join(',')],
    ...['--metrics', metrics.join(',')],
    ...(frames === null ? [] : ['--frames', String(frames)]),
    ...(size === null ? [] : ['--size', `${size.width}x${size.height}`]),
    ...['--keyint', String(keyint), '--pictures', String(pictures)],
    ...(jobs === 1 ? [] : ['--jobs', String(jobs)]),
  ]);
}
