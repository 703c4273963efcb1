import { METRICS } from '../../src/metrics/metric-names.js';
import { tableAtRate } from '../analysis/at-rate.js';
import { bdTable, defaultAnchor } from '../analysis/bd-tables.js';
import { doneJobs, meanCurve } from '../analysis/curves.js';
import { speedsOf } from '../analysis/speeds.js';
import type { Results } from '../results.js';
import type { PageData, PagePictures, PagePoint } from './shared/page-data.js';
import { codecStyles } from './shared/palette.js';

/** Everything that the page shows of a run. */
export function pageData(results: Results, pictures: PagePictures): PageData {
  const { clips, codecs, settings } = results;
  const { metrics, targetBitsPerPixel } = settings;
  const styles = codecStyles(codecs.map(({ name }) => name));
  const clipAt = indexByName(clips);
  const codecAt = indexByName(codecs);
  return {
    createdAt: results.createdAt,
    command: results.command,
    facts: factsOf(results),
    metrics: metrics.map((name) => ({ name, ...METRICS[name] })),
    clips: clips.map(({ name, file, sha256, width, height, frames, frameRate, notes }) => ({
      ...{ name, file, sha256, width, height, frames, notes },
      framesPerSecond: frameRate.num / frameRate.den,
    })),
    codecs: codecs.map((codec, index) => ({ ...codec, style: styles[index]! })),
    points: doneJobs(results).map((job): PagePoint => ({
      clip: clipAt(job.clip),
      codec: codecAt(job.codec),
      setting: job.setting,
      bitsPerPixel: job.bitsPerPixel,
      kilobitsPerSecond: job.kilobitsPerSecond,
      command: job.command,
      values: metrics.map((name) => job.metrics[name] ?? null),
    })),
    failures: results.jobs.flatMap((job) =>
      job.status === 'failed'
        ? [{ ...job, clip: clipAt(job.clip), codec: codecAt(job.codec) }].map(
            ({ clip, codec, setting, command, reason }) => ({ clip, codec, setting, command, reason }),
          )
        : [],
    ),
    meanCurves: codecs.map(({ name }) => metrics.map((metric) => meanCurve(results, name, metric))),
    bdTables: codecs.map(({ name }) => metrics.map((metric) => bdTable(results, name, metric))),
    defaultAnchor: codecAt(defaultAnchor(results)),
    speeds: speedsOf(results),
    target:
      targetBitsPerPixel === null
        ? null
        : {
            bitsPerPixel: targetBitsPerPixel,
            rows: tableAtRate(results, targetBitsPerPixel),
            published: settings.published.map(({ title, source, bitsPerPixel, metrics: figures }) => ({
              ...{ title, source, bitsPerPixel },
              metrics: figures,
            })),
          },
    pictures,
  };
}

function factsOf({ machine, versions, settings, leftOut }: Results): [string, string][] {
  const { preset, frames, size, keyint, jobs } = settings;
  return [
    ['Processor', `${machine.cpu}, ${machine.cores} core${machine.cores === 1 ? '' : 's'}`],
    ['Memory', `${(machine.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
    ['Platform', `${machine.platform}, Node ${machine.node.replace(/^v/, '')}`],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['Preset', preset ?? 'none'],
    ['Frames', frames === null ? 'all of each clip' : `at most ${frames} of each clip`],
    ['Size', size === null ? 'as the clips are' : `${size.width}x${size.height}`],
    ['Key frames', `at most ${keyint} frames apart`],
    ['Jobs at once', jobs === 1 ? '1, so times were taken' : `${jobs}, so no times were taken`],
    ...leftOut.map((line): [string, string] => ['Left out', line]),
  ];
}

function indexByName(all: readonly { readonly name: string }[]): (name: string) => number {
  const places = new Map(all.map(({ name }, index) => [name, index]));
  return (name) => places.get(name)!;
}

/**
 * JSON of the data that can stand inside a `script` element: numbers with six significant digits, no end tag.
 */
export function toEmbeddedJson(data: PageData): string {
  const round = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  return JSON.stringify(data, round).replaceAll('<', String.raw`\u003c`);
}
