import { dirname } from 'node:path';
import type { CostChange, CurveChange, RunComparison } from '../../../bench/analysis/compare-runs.js';
import { sharedOptions } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { toJsonLine } from '../json-lines.js';
import { countOf } from '../reporter.js';
import { UsageError, type CommandContext } from '../run-command.js';
import { writeStdout } from '../standard-streams.js';
import { formatTable } from '../table.js';

/** `tessera report RESULTS.json`, `tessera report A.json B.json` */
export const reportCommand = defineCommand({
  command: 'report <results> [later]',
  describe: "Make a benchmark's reports again, or compare two runs",
  builder: (yargs) =>
    yargs
      .positional('results', { type: 'string', demandOption: true, describe: 'Results of tessera bench' })
      .positional('later', { type: 'string', describe: 'Results of a later run, to compare with the first' })
      .options({
        out: { type: 'string', requiresArg: true, describe: 'Folder of the reports; default: that of the results' },
        pictures: {
          type: 'boolean',
          default: true,
          describe: 'Include pictures in the page; --no-pictures leaves them out',
        },
        'rate-limit': {
          type: 'number',
          requiresArg: true,
          describe: 'Largest BD-rate in % that is no regression; default 1',
        },
        'cost-limit': {
          type: 'number',
          requiresArg: true,
          describe: 'Largest loss of speed or gain of memory in % that is no regression; default 15',
        },
        json: sharedOptions.json,
      })
      .example('$0 report bench-results/results.json', 'Write page, tables and plots again')
      .example('$0 report before.json after.json', 'Show what became better or worse'),
  run: async (argv, context) => {
    const { results, later, out, pictures, json } = argv;
    if (later === undefined) {
      if (argv.rateLimit !== undefined || argv.costLimit !== undefined) {
        throw new UsageError('--rate-limit and --cost-limit compare two runs');
      }
      return await makeReport(results, out ?? dirname(results), pictures, context);
    }
    if (out !== undefined) throw new UsageError('--out belongs to the reports of one run');
    return await compare(results, later, limitsOf(argv.rateLimit, argv.costLimit), json);
  },
});

async function makeReport(
  file: string,
  folder: string,
  hasPictures: boolean,
  { signal, reporter }: CommandContext,
): Promise<number> {
  // Plots and pictures take a while to load: only where they are used.
  const { readResults } = await import('../../../bench/report/read-results.js');
  const { writeReport } = await import('../../../bench/report/write-report.js');
  const results = await readResults(file);
  const files = await writeReport(results, folder, {
    resultsFolder: dirname(file),
    signal,
    ...(hasPictures ? {} : { pictureBudget: 0 }),
  });
  const [page] = files;
  reporter.done({ command: 'report', results: file, files }, `${countOf(files.length, 'file')} written; open ${page!}`);
  return EXIT_CODES.done;
}

/** Returns the limits that the user gave; the others keep their defaults. */
function limitsOf(rate: number | undefined, cost: number | undefined): { ratePercent?: number; costPercent?: number } {
  for (const [name, value] of Object.entries({ 'rate-limit': rate, 'cost-limit': cost })) {
    if (value !== undefined && !(value >= 0)) throw new UsageError(`--${name} takes a percentage, 0 or more`);
  }
  return {
    ...(rate === undefined ? {} : { ratePercent: rate }),
    ...(cost === undefined ? {} : { costPercent: cost }),
  };
}

async function compare(
  earlier: string,
  later: string,
  limits: { ratePercent?: number; costPercent?: number },
  json: boolean,
): Promise<number> {
  const { readResults } = await import('../../../bench/report/read-results.js');
  const { compareRuns, DEFAULT_LIMITS } = await import('../../../bench/analysis/compare-runs.js');
  const [before, after] = [await readResults(earlier), await readResults(later)];
  const comparison = compareRuns(before, after, { ...DEFAULT_LIMITS, ...limits });
  const text = json
    ? toJsonLine({ type: 'run-comparison', before: earlier, after: later, ...comparison })
    : `${describe(comparison).join('\n')}\n`;
  await writeStdout(text);
  return comparison.hasRegression ? EXIT_CODES.regression : EXIT_CODES.done;
}

function describe({ curves, costs, newFailures, notes, hasRegression }: RunComparison): string[] {
  const blocks: string[][] = [];
  if (curves.length > 0) {
    const head = ['codec', 'metric', 'BD-rate %', '95 % interval', 'at equal rate', 'clips', ''];
    blocks.push([formatTable(head, curves.map(curveRow))]);
  }
  if (costs.length > 0) {
    blocks.push([formatTable(['codec', 'cost', 'before', 'after', 'change %', ''], costs.map(costRow))]);
  }
  if (newFailures.length > 0) blocks.push(newFailures.map((line) => `fails now: ${line}  REGRESSION`));
  if (notes.length > 0) blocks.push(notes.map((line) => `note: ${line}`));
  blocks.push([hasRegression ? 'the second run is worse than the first' : 'no regression']);
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function curveRow({ codec, metric, rate, quality, isRegression }: CurveChange): (string | number)[] {
  const { interval } = rate;
  return [
    codec,
    metric,
    'value' in rate.mean ? signed(rate.mean.value, 2) : 'N/A',
    'low' in interval ? `${signed(interval.low, 2)} .. ${signed(interval.high, 2)}` : 'N/A',
    'value' in quality.mean ? signed(quality.mean.value, 4) : 'N/A',
    rate.count,
    isRegression ? 'REGRESSION' : '',
  ];
}

function costRow({ codec, what, unit, before, after, percent, isRegression }: CostChange): (string | number)[] {
  const write = (value: number): string => (unit === 'bytes' ? `${(value / 1e6).toFixed(0)} MB` : value.toFixed(2));
  return [codec, what, write(before), write(after), signed(percent, 1), isRegression ? 'REGRESSION' : ''];
}

function signed(value: number, decimals: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(decimals)}`;
}
