import type { CommandModule } from 'yargs';
import { given, sharedOptions, wholeNumber } from '../arguments.js';
import { addInputAndOutput, compress, compressOptions } from '../compress-arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { parseSize } from '../rate-arguments.js';
import { countOf } from '../reporter.js';
import { UsageError } from '../run-command.js';
import { PIPE } from '../standard-streams.js';

/** The address of Redis holds its password: other users of the machine see arguments, but not variables. */
const VARIABLE = 'TESSERA_REDIS';

const redisOption = {
  type: 'string',
  requiresArg: true,
  describe: `redis://[user:password@]host[:port], rediss:// for TLS; default: the variable ${VARIABLE}`,
} as const;
const storeOption = {
  type: 'string',
  requiresArg: true,
  demandOption: true,
  describe: 'Folder that all machines see, or https://... prefix, for descriptions and results of chunks',
} as const;

function redisOf(given: string | undefined): string {
  const address = given ?? process.env[VARIABLE];
  if (address === undefined || address === '')
    throw new UsageError(`name Redis with --redis or the variable ${VARIABLE}`);
  return address;
}

const workerCommand = defineCommand({
  command: 'worker',
  describe: 'Code chunks of a farm until SIGTERM or Ctrl-C; chunks in work are finished',
  builder: (yargs) =>
    yargs
      .options({
        redis: redisOption,
        store: storeOption,
        root: {
          type: 'string',
          array: true,
          requiresArg: true,
          default: [] as string[],
          describe: 'Folder below which sources may be read; can be given several times',
        },
        url: {
          type: 'string',
          array: true,
          requiresArg: true,
          default: [] as string[],
          describe: 'Prefix of addresses below which sources may be read; can be given several times',
        },
        concurrency: { type: 'number', requiresArg: true, describe: 'Chunks at a time, 1..64; default 1' },
        'search-threads': {
          type: 'number',
          requiresArg: true,
          describe: 'Threads for search of each chunk, 1..64; default: its share of the cores',
        },
        memory: { type: 'string', requiresArg: true, describe: 'Refuse chunks that need more: 2GB; default: no limit' },
        'lock-seconds': {
          type: 'number',
          requiresArg: true,
          describe: 'After so long without a sign of life, others take the chunk; default 60',
        },
        pack: sharedOptions.pack,
        device: sharedOptions.device,
        threads: sharedOptions.threads,
        json: sharedOptions.json,
      })
      .example('$0 farm worker --redis redis://10.0.0.5 --store /mnt/farm --root /mnt/videos', 'One chunk at a time'),
  run: async (argv, { signal, reporter }) => {
    if (argv.root.length + argv.url.length === 0) throw new UsageError('name what may be read: --root or --url');
    const redis = redisOf(argv.redis);
    const { runWorker } = await import('../../farm/worker.js');
    await runWorker({
      ...{ redis, store: argv.store, roots: argv.root, urls: argv.url, device: argv.device, signal },
      ...given({
        concurrency: wholeNumber('concurrency', argv.concurrency, 1, 64),
        searchThreads: wholeNumber('search-threads', argv.searchThreads, 1, 64),
        lockSeconds: wholeNumber('lock-seconds', argv.lockSeconds, 1, 3600),
        threads: wholeNumber('threads', argv.threads, 1, 64),
        memory: argv.memory === undefined ? undefined : parseSize('memory', argv.memory),
        pack: argv.pack,
      }),
      onLine: (line) => (argv.json ? reporter.json({ type: 'worker', text: line }) : reporter.line(line)),
    });
    return EXIT_CODES.done;
  },
});

const compressCommand = defineCommand({
  command: 'compress <in> <out>',
  describe: 'Compress a video on the workers of a farm',
  builder: (yargs) =>
    addInputAndOutput(yargs)
      .options({
        ...compressOptions,
        redis: redisOption,
        store: storeOption,
        'source-url': {
          type: 'string',
          requiresArg: true,
          describe: 'Address of IN for workers that do not see the file',
        },
      })
      .example('$0 farm compress in.mp4 out.tsr --redis redis://10.0.0.5 --store /mnt/farm', 'As tessera compress'),
  run: async (argv, context) => {
    if (argv.in === PIPE) throw new UsageError('a farm needs a file that its workers see too, not a pipe');
    const redis = redisOf(argv.redis);
    await compress('farm compress', argv, context, async () => {
      const { farm } = await import('../../farm/farm.js');
      return farm({ redis, store: argv.store, ...given({ sourceUrl: argv.sourceUrl }) });
    });
    return EXIT_CODES.done;
  },
});

const statusCommand = defineCommand({
  command: 'status',
  describe: 'Show the workers and chunks of a farm',
  builder: (yargs) => yargs.options({ redis: redisOption, json: sharedOptions.json }),
  run: async (argv, { reporter }) => {
    const redis = redisOf(argv.redis);
    const { readFarmStatus } = await import('../../farm/status.js');
    const status = await readFarmStatus(redis);
    reporter.done(
      { command: 'farm status', ...status },
      `farm at ${status.redis}: ${countOf(status.workers, 'worker')}, ${countOf(status.active, 'chunk')} in work, ` +
        `${status.waiting} waiting`,
    );
    return EXIT_CODES.done;
  },
});

/** `tessera farm worker | compress | status` */
export const farmCommand: CommandModule = {
  command: 'farm',
  describe: 'Compress on many machines (docs/FARM.md)',
  builder: (yargs) =>
    yargs
      .command(workerCommand)
      .command(compressCommand)
      .command(statusCommand)
      .demandCommand(1, 'name what to do: worker, compress or status'),
  handler: () => undefined,
};
