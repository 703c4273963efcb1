import type { BenchOptions } from '../../../bench/bench-options.js';
import { parseSize } from '../../../bench/size.js';
import { given, metricNames, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { countOf, describeSeconds } from '../reporter.js';
import type { CommandContext } from '../run-command.js';
import { writeStdout } from '../standard-streams.js';
import { toJsonLine } from '../json-lines.js';

interface BenchArguments {
  readonly clips: string[] | undefined;
  readonly preset: string | undefined;
  readonly codecs: string[] | undefined;
  readonly metrics: string | undefined;
  readonly frames: number | undefined;
  readonly size: string | undefined;
  readonly keyint: number | undefined;
  readonly pictures: number | undefined;
  readonly jobs: number;
  readonly out: string;
  readonly dryRun: boolean;
  readonly overwrite: boolean;
  readonly json: boolean;
}

/** `tessera bench [CLIPS...]` */
export const benchCommand = defineCommand({
  command: 'bench [clips..]',
  describe: 'Measure codecs on clips: rate, quality, speed (docs/BENCHMARK.md)',
  builder: (yargs) =>
    yargs
      .positional('clips', {
        type: 'string',
        array: true,
        describe:
          'Video files, folders, patterns, JSON files that describe raw video; default: the clips of the preset',
      })
      .options({
        preset: {
          type: 'string',
          requiresArg: true,
          describe: 'quick, standard, hd, hd-anchors, low-delay, loss, seed, or a YAML file; other options override it',
        },
        codecs: {
          type: 'string',
          array: true,
          requiresArg: true,
          describe: 'Codecs, separated by commas, with settings after @: tessera-nano:none,x264:medium,bf=0@18,22,26',
        },
        metrics: { type: 'string', requiresArg: true, describe: 'Metrics, separated by commas' },
        frames: { type: 'number', requiresArg: true, describe: 'Largest number of frames of each clip; default all' },
        size: { type: 'string', requiresArg: true, describe: 'Scale clips to this size, such as 640x360' },
        keyint: {
          type: 'number',
          requiresArg: true,
          describe: 'Largest distance between key frames; default 250 frames',
        },
        pictures: {
          type: 'number',
          requiresArg: true,
          describe: 'Number of frames of each job to keep as pictures; default 3',
        },
        jobs: {
          type: 'number',
          requiresArg: true,
          default: 1,
          describe: 'Number of jobs at the same time; cost is measured only with 1',
        },
        out: { type: 'string', requiresArg: true, default: 'bench-results', describe: 'Folder of the results' },
        'dry-run': {
          type: 'boolean',
          default: false,
          describe: 'List the jobs and their commands, but do not run them',
        },
        overwrite: { ...sharedOptions.overwrite, describe: 'Replace another run in the folder' },
        json: sharedOptions.json,
      })
      .example('$0 bench --preset quick', 'Two clips, some minutes')
      .example(
        '$0 bench clips/*.mkv --codecs tessera-nano,x265:medium --out results',
        'Your clips; repeat the command to resume',
      ),
  run: async (argv, context) => (argv.dryRun ? await listJobs(argv, context) : await run(argv, context)),
});

function settingsOf(argv: BenchArguments): Omit<BenchOptions, 'folder'> {
  const { clips, preset, codecs, metrics, size } = argv;
  const count = (name: 'frames' | 'keyint' | 'pictures' | 'jobs', least: number): number | undefined =>
    wholeNumber(name, argv[name], least, 2 ** 31 - 1);
  return given({
    ...{ clips, preset, codecs },
    metrics: metrics === undefined ? undefined : metricNames(metrics),
    size: size === undefined ? undefined : parseSize(size),
    frames: count('frames', 1),
    keyint: count('keyint', 1),
    pictures: count('pictures', 0),
    jobs: count('jobs', 1),
  });
}

async function listJobs(argv: BenchArguments, { signal, reporter }: CommandContext): Promise<number> {
  // FFmpeg and onnxruntime take a while to load: only where they are used.
  const { listBenchJobs } = await import('../../../bench/run-bench.js');
  const jobs = await listBenchJobs({ ...settingsOf(argv), signal, onNote: (note) => reporter.note(note) });
  for (const job of jobs) {
    const { clip, codec, setting, command } = job;
    const line = argv.json ? toJsonLine({ type: 'job', ...job }) : `${clip} ${codec}@${setting}: ${command}\n`;
    await writeStdout(line);
  }
  return EXIT_CODES.done;
}

async function run(argv: BenchArguments, { signal, reporter }: CommandContext): Promise<number> {
  const { runBench } = await import('../../../bench/run-bench.js');
  const { out, overwrite } = argv;
  const summary = await runBench({
    ...settingsOf(argv),
    folder: out,
    restart: overwrite,
    signal,
    onProgress: (progress) => reporter.jobs(progress),
    onNote: (note) => reporter.note(note),
  });
  const { jobs, failedJobs, seconds, resultsFile } = summary;
  const { readResults } = await import('../../../bench/report/read-results.js');
  const { writeReport } = await import('../../../bench/report/write-report.js');
  const reports = await writeReport(await readResults(resultsFile), out, { resultsFolder: out, signal });
  const failed = failedJobs.length === 0 ? '' : `, ${failedJobs.length} of them failed`;
  reporter.done(
    { command: 'bench', ...summary, reports },
    `${countOf(jobs, 'job')}${failed}, ${describeSeconds(seconds)}: ${resultsFile}; open ${reports[0]!}`,
  );
  return failedJobs.length === 0 ? EXIT_CODES.done : EXIT_CODES.incomplete;
}
