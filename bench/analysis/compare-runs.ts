import { METRICS, type MetricName } from '../../src/metrics/metric-names.js';
import type { BenchClip, Results } from '../results.js';
import { bdRow, compareCurves } from './bd-tables.js';
import { curveOf } from './curves.js';
import { speedsOf } from './speeds.js';
import type { BdSummary, Figure, Speed } from './types.js';

/** The thresholds for a regression. */
export interface ComparisonLimits {
  /** Percent of rate that a codec may lose on average at equal quality. */
  readonly ratePercent: number;
  /** Percent of speed that it may lose, or of memory that it may gain. */
  readonly costPercent: number;
}

/** Limits where the user names none: timings wander by several percent on a quiet machine. */
export const DEFAULT_LIMITS: ComparisonLimits = { ratePercent: 1, costPercent: 15 };

/** A codec's curve in one run against its own in another. */
export interface CurveChange {
  readonly codec: string;
  readonly metric: MetricName;
  /** BD-rate of the later run against the earlier, percent, over the clips of both; negative is better. */
  readonly rate: BdSummary;
  /** Difference at equal rate, in the metric's unit and direction. */
  readonly quality: BdSummary;
  readonly isRegression: boolean;
}

/** A cost of a codec in both runs. */
export interface CostChange {
  readonly codec: string;
  readonly what: 'encode speed' | 'decode speed' | 'encode memory' | 'decode memory';
  readonly unit: 'frames per second' | 'bytes';
  readonly before: number;
  readonly after: number;
  readonly percent: number;
  readonly isRegression: boolean;
}

/** The change of a codec between two runs. */
export interface RunComparison {
  readonly curves: readonly CurveChange[];
  readonly costs: readonly CostChange[];
  /** Jobs that failed in the later run only, one line each; every one is a regression. */
  readonly newFailures: readonly string[];
  /** Notes on everything that was not compared, and why, one line each. */
  readonly notes: readonly string[];
  readonly hasRegression: boolean;
}

/**
 * Compares two runs: every codec, clip and metric of both. Clips are compared only where their frames are the same; costs
 * only where the machine is.
 *
 * @param before the earlier run.
 * @param after the later one.
 */
export function compareRuns(before: Results, after: Results, limits: ComparisonLimits = DEFAULT_LIMITS): RunComparison {
  const notes: string[] = [];
  const clips = commonClips(before, after, notes);
  const codecs = common(before.codecs, after.codecs, 'codec', notes);
  const metrics = common(named(before.settings.metrics), named(after.settings.metrics), 'metric', notes);
  if (before.settings.keyint !== after.settings.keyint) {
    notes.push(`key frames: every ${before.settings.keyint} frames before, every ${after.settings.keyint} after`);
  }
  const curves = codecs.flatMap((codec) =>
    metrics.map((metric) => curveChange(before, after, clips, codec, metric as MetricName, limits)),
  );
  for (const { codec, metric, rate } of curves) {
    if (rate.count === 0) notes.push(`${codec}, ${METRICS[metric].title}: no clip has two curves to compare`);
  }
  const costs = compareCosts(before, after, clips, codecs, limits, notes);
  const newFailures = failuresOf(after).filter(({ key }) =>
    before.jobs.some((job) => keyOf(job) === key && job.status === 'done'),
  );
  return {
    curves,
    costs,
    newFailures: newFailures.map(({ text }) => text),
    notes,
    hasRegression: newFailures.length > 0 || [...curves, ...costs].some(({ isRegression }) => isRegression),
  };
}

function curveChange(
  before: Results,
  after: Results,
  clips: readonly string[],
  codec: string,
  metric: MetricName,
  limits: ComparisonLimits,
): CurveChange {
  const row = bdRow(
    codec,
    clips.map((clip) =>
      compareCurves(curveOf(before, clip, codec, metric), curveOf(after, clip, codec, metric), metric),
    ),
  );
  const { rate, quality } = row.summary;
  return { codec, metric, rate, quality, isRegression: isAbove(rate.mean, limits.ratePercent) };
}

function isAbove(figure: Figure, limit: number): boolean {
  return 'value' in figure && figure.value > limit;
}

function compareCosts(
  before: Results,
  after: Results,
  clips: readonly string[],
  codecs: readonly string[],
  limits: ComparisonLimits,
  notes: string[],
): CostChange[] {
  const [one, other] = [before.machine, after.machine];
  if (one.cpu !== other.cpu || one.cores !== other.cores) {
    notes.push(`speed and memory: the machines differ (${one.cpu}, ${one.cores} cores; ${other.cpu}, ${other.cores})`);
    return [];
  }
  // Both over the same jobs: a clip or setting more would change the mean.
  const shared = (results: Results, beside: Results): Results => {
    const keys = new Set(beside.jobs.filter(({ status }) => status === 'done').map(keyOf));
    return { ...results, jobs: results.jobs.filter((job) => clips.includes(job.clip) && keys.has(keyOf(job))) };
  };
  const [early, late] = [speedsOf(shared(before, after)), speedsOf(shared(after, before))];
  return codecs.flatMap((codec) =>
    (['encode', 'decode'] as const).flatMap((direction) => {
      const [was, is] = [early, late].map((speeds) => speeds.find((speed) => speed.codec === codec)?.[direction]);
      if (was === undefined || is === undefined || 'reason' in was || 'reason' in is) {
        notes.push(
          `${codec}: no ${direction} times in ${was === undefined || 'reason' in was ? 'the first' : 'the second'}`,
        );
        return [];
      }
      return costChanges(codec, direction, was, is, limits);
    }),
  );
}

function costChanges(
  codec: string,
  direction: 'encode' | 'decode',
  was: Speed,
  is: Speed,
  { costPercent }: ComparisonLimits,
): CostChange[] {
  const change = (before: number, after: number): number => (after / before - 1) * 100;
  const speed = change(was.framesPerSecond, is.framesPerSecond);
  const memory = change(was.peakBytes, is.peakBytes);
  return [
    {
      codec,
      what: `${direction} speed`,
      unit: 'frames per second',
      before: was.framesPerSecond,
      after: is.framesPerSecond,
      percent: speed,
      isRegression: speed < -costPercent,
    },
    {
      codec,
      what: `${direction} memory`,
      unit: 'bytes',
      before: was.peakBytes,
      after: is.peakBytes,
      percent: Number.isFinite(memory) ? memory : 0,
      isRegression: Number.isFinite(memory) && memory > costPercent,
    },
  ];
}

/** Clips of both runs whose coded frames are the same. */
function commonClips(before: Results, after: Results, notes: string[]): string[] {
  return common(before.clips, after.clips, 'clip', notes).filter((name) => {
    const [one, other] = [before, after].map(({ clips }) => clips.find((clip) => clip.name === name)!);
    const differs = (['sha256', 'width', 'height', 'frames'] as const).filter(
      (field: keyof BenchClip) => one![field] !== other![field],
    );
    if (differs.length > 0) notes.push(`clip ${name}: not compared, its ${differs.join(', ')} differ`);
    return differs.length === 0;
  });
}

function named(names: readonly string[]): { readonly name: string }[] {
  return names.map((name) => ({ name }));
}

/** Names that both have; the others become notes. */
function common(
  before: readonly { readonly name: string }[],
  after: readonly { readonly name: string }[],
  what: string,
  notes: string[],
): string[] {
  const [first, second] = [before, after].map((all) => new Set(all.map(({ name }) => name)));
  for (const name of first!) if (!second!.has(name)) notes.push(`${what} ${name}: only in the first`);
  for (const name of second!) if (!first!.has(name)) notes.push(`${what} ${name}: only in the second`);
  return [...first!].filter((name) => second!.has(name));
}

function keyOf({ clip, codec, setting }: Results['jobs'][number]): string {
  return JSON.stringify([clip, codec, setting]);
}

function failuresOf(results: Results): { key: string; text: string }[] {
  return results.jobs.flatMap((job) =>
    job.status === 'failed'
      ? [{ key: keyOf(job), text: `${job.codec} ${job.setting} on ${job.clip}: ${job.reason}` }]
      : [],
  );
}
