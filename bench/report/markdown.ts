import { METRICS, type MetricName } from '../../src/metrics/metric-names.js';
import { tableAtRate } from '../analysis/at-rate.js';
import { bdTable } from '../analysis/bd-tables.js';
import { speedsOf } from '../analysis/speeds.js';
import type { BdKind, BdRow, BdSummary, CodecSpeed, Figure, Speed } from '../analysis/types.js';
import type { Results } from '../results.js';
import { bitsPerPixel, decimalsOf, megabytes, NOT_AVAILABLE, orNone, signed, threeDigits } from './shared/format.js';

/** All tables of a run, as one Markdown text. */
export function toMarkdown(results: Results): string {
  const sections = [
    `# Benchmark of ${results.createdAt.slice(0, 10)}`,
    introduction(results),
    '## Rate at equal quality',
    ...results.codecs.map(({ name }) => summaryTable(results, name)),
    '## By clip',
    ...results.codecs.flatMap(({ name }) => results.settings.metrics.map((metric) => clipTable(results, name, metric))),
    '## Speed and memory',
    speedTable(results),
    ...(results.settings.targetBitsPerPixel === null
      ? []
      : [
          `## At ${bitsPerPixel(results.settings.targetBitsPerPixel)} bits per pixel`,
          atRateTable(results, results.settings.targetBitsPerPixel),
        ]),
    ...(results.jobs.some(({ status }) => status === 'failed') ? ['## Failed jobs', failureTable(results)] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** One paragraph: the measured codecs and clips, the machine and the command. */
export function introduction(results: Results): string {
  const { clips, codecs, machine, versions } = results;
  const frames = clips.map((clip) => clip.frames).filter((number) => number > 0);
  const [least, most] = [Math.min(...frames), Math.max(...frames)];
  return [
    `${count(clips.length, 'clip')}${frames.length === 0 ? '' : ` of ${least === most ? least : `${least} to ${most}`} frames`}, ` +
      `${count(codecs.length, 'codec')}, ${count(results.jobs.length, 'job')}; ${machine.cpu}, ` +
      `${count(machine.cores, 'core')}, ${machine.platform}, Node ${machine.node.replace(/^v/, '')}; ` +
      `${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}.`,
    '',
    `    ${results.command}`,
    ...(results.leftOut.length === 0 ? [] : ['', ...results.leftOut.map((line) => `* ${line}`)]),
  ].join('\n');
}

/** Mean BD-rate of every codec by every metric, against one anchor. */
export function summaryTable(results: Results, anchor: string): string {
  const { metrics } = results.settings;
  const tables = metrics.map((metric) => bdTable(results, anchor, metric));
  const rows = results.codecs
    .filter(({ name }) => name !== anchor)
    .map(({ name, title }) => [
      title,
      ...tables.map((table) => {
        const { rate } = table.rows.find(({ codec }) => codec === name)!.summary;
        return withCount(rate, results.clips.length, (value) => `${signed(value, 1)} %`);
      }),
    ]);
  return table([`against ${titleOf(results, anchor)}`, ...metrics.map((metric) => METRICS[metric].title)], rows);
}

/** Every clip's figures by one metric against one anchor. */
export function clipTable(results: Results, anchor: string, metric: MetricName): string {
  const { rows } = bdTable(results, anchor, metric);
  const { title, unit } = METRICS[metric];
  const decimals = decimalsOf(METRICS[metric]);
  const percent = (value: number): string => signed(value, 1);
  const difference = (value: number): string => signed(value, decimals);
  const kinds: readonly (readonly [BdKind, string, (value: number) => string])[] = [
    ['rate', 'BD-rate %, PCHIP', percent],
    ['rateAkima', 'BD-rate %, Akima', percent],
    ['quality', `BD-${title}${unit === '' ? '' : ` ${unit}`}`, difference],
  ];
  const body = rows.flatMap((row) =>
    kinds.map(([kind, name, write]) => [
      titleOf(results, row.codec),
      name,
      ...summaryCells(row, kind, results.clips.length, write),
      ...row.clips.map((clip) => orNone(clip[kind], write)),
    ]),
  );
  const head = ['codec', 'figure', 'mean', '95 % interval', 'median', ...results.clips.map(({ name }) => name)];
  const reasons = reasonLines(results, rows);
  return [
    `### ${title}, against ${titleOf(results, anchor)}`,
    table(head, body),
    ...(reasons.length === 0 ? [] : [reasons.map((line) => `* ${line}`).join('\n')]),
  ].join('\n\n');
}

/** Why figures are missing, one line per reason. */
function reasonLines(results: Results, rows: readonly BdRow[]): string[] {
  return rows.flatMap((row) => {
    const places = new Map<string, string[]>();
    for (const [index, clip] of row.clips.entries()) {
      const { rate } = clip;
      if ('reason' in rate) places.set(rate.reason, [...(places.get(rate.reason) ?? []), results.clips[index]!.name]);
    }
    return [...places].map(
      ([reason, clips]) => `${titleOf(results, row.codec)}, ${NOT_AVAILABLE} on ${clips.join(', ')}: ${reason}`,
    );
  });
}

function summaryCells(
  row: BdRow,
  kind: BdKind,
  clips: number,
  write: (value: number) => string,
): [mean: string, interval: string, median: string] {
  const summary = row.summary[kind];
  return [withCount(summary, clips, write), intervalText(summary, write), orNone(summary.median, write)];
}

/** `-4.0 .. +2.1` or N/A. */
export function intervalText({ interval }: BdSummary, write: (value: number) => string): string {
  return 'reason' in interval ? NOT_AVAILABLE : `${write(interval.low)} .. ${write(interval.high)}`;
}

/** A mean, which says so where clips are missing in it. */
function withCount({ mean, count: of }: BdSummary, clips: number, write: (value: number) => string): string {
  const text = orNone(mean, write);
  return of === clips || of === 0 ? text : `${text} (${of} of ${clips} clips)`;
}

/** Frames per second, processor time, memory. */
export function speedTable(results: Results): string {
  const head = [
    ...['codec', 'encode, frames per second', 'decode, frames per second'],
    ...['encode, CPU s per frame', 'decode, CPU s per frame', 'encode, peak memory', 'decode, peak memory'],
  ];
  const rows = speedsOf(results).map((speed) => speedRow(results, speed));
  const reason = speedsOf(results).flatMap(({ encode }) => ('reason' in encode ? [encode.reason] : []));
  const note =
    reason.length === 0 ? [] : [[...new Set(reason)].map((line) => `* ${NOT_AVAILABLE}: ${line}`).join('\n')];
  return [table(head, rows), ...note].join('\n\n');
}

function speedRow(results: Results, { codec, encode, decode }: CodecSpeed): string[] {
  const cell = (speed: Speed | { readonly reason: string }, write: (speed: Speed) => string): string =>
    'reason' in speed ? NOT_AVAILABLE : write(speed);
  return [
    titleOf(results, codec),
    ...[encode, decode].map((speed) => cell(speed, ({ framesPerSecond }) => threeDigits(framesPerSecond))),
    ...[encode, decode].map((speed) => cell(speed, ({ cpuSecondsPerFrame }) => threeDigits(cpuSecondsPerFrame))),
    ...[encode, decode].map((speed) => cell(speed, ({ peakBytes }) => megabytes(peakBytes))),
  ];
}

/** Metrics at one rate, published figures of other clips below those measured. */
export function atRateTable(results: Results, rate: number): string {
  const { metrics, published } = results.settings;
  const write = (metric: MetricName, figure: Figure): string =>
    orNone(figure, (value) => value.toFixed(decimalsOf(METRICS[metric])));
  const measured = tableAtRate(results, rate).map(({ codec, values }) => [
    titleOf(results, codec),
    'measured',
    ...metrics.map((metric) => {
      const { figure, count: of } = values[metric]!;
      const some = of > 0 && of < results.clips.length ? ` (${of} of ${results.clips.length} clips)` : '';
      return `${write(metric, figure)}${some}`;
    }),
  ]);
  const others = published.map(({ title, source, metrics: figures, bitsPerPixel: at }) => [
    title,
    `published on other clips at ${bitsPerPixel(at)}: ${source}`,
    ...metrics.map((metric) => {
      const value = figures[metric];
      return value === undefined ? '' : write(metric, { value });
    }),
  ]);
  return table(['codec', 'where from', ...metrics.map((metric) => METRICS[metric].title)], [...measured, ...others]);
}

function failureTable(results: Results): string {
  const rows = results.jobs.flatMap((job) =>
    job.status === 'failed' ? [[job.clip, titleOf(results, job.codec), String(job.setting), job.reason]] : [],
  );
  return table(['clip', 'codec', 'setting', 'reason'], rows);
}

function titleOf(results: Results, codec: string): string {
  return results.codecs.find(({ name }) => name === codec)?.title ?? codec;
}

/** A Markdown table: text to the left in the first column, the rest to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`).replaceAll(/\s+/g, ' ')).join(' | ')} |`;
  return [line(head), `|${head.map((_, index) => (index === 0 ? '---' : '--:')).join('|')}|`, ...rows.map(line)].join(
    '\n',
  );
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
