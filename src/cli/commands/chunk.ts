import type { CommandModule } from 'yargs';
import { given, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { countOf, describeBytes } from '../reporter.js';

const encodeCommand = defineCommand({
  command: 'encode <description> <out>',
  describe: 'Code one chunk that a program described (docs/FARM.md)',
  builder: (yargs) =>
    yargs
      .positional('description', { type: 'string', demandOption: true, describe: 'JSON file' })
      .positional('out', { type: 'string', demandOption: true, describe: '.tsr file' })
      .options({
        qualities: {
          type: 'string',
          requiresArg: true,
          describe: 'File for the quality of each packet; a chunk with a bit budget needs it',
        },
        'search-threads': { type: 'number', requiresArg: true, describe: 'Threads for search, 1..64; default: all' },
        ...sharedOptions,
      })
      .example('$0 chunk encode 3f2a.json 3f2a.tsr --qualities 3f2a.qualities', 'For any scheduler of jobs'),
  run: async (argv, { signal, reporter }) => {
    const { description, out, qualities, overwrite } = argv;
    const { encodeChunkFile } = await import('../../pipeline/chunks/encode-chunk-file.js');
    const { frames, bytes } = await encodeChunkFile(description, out, {
      ...given({
        searchThreads: wholeNumber('search-threads', argv.searchThreads, 1, 64),
        threads: wholeNumber('threads', argv.threads, 1, 64),
        pack: argv.pack,
        qualities,
      }),
      ...{ device: argv.device, overwrite, signal },
    });
    reporter.done(
      { command: 'chunk encode', description, output: out, frames, bytes },
      `${description} -> ${out}: ${countOf(frames, 'frame')}, ${describeBytes(bytes)}`,
    );
    return EXIT_CODES.done;
  },
});

/** `tessera chunk encode` */
export const chunkCommand: CommandModule = {
  command: 'chunk',
  describe: 'Code chunks for schedulers of jobs',
  builder: (yargs) => yargs.command(encodeCommand).demandCommand(1, 'name what to do: encode'),
  handler: () => undefined,
};
