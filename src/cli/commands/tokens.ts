import type { CommandModule } from 'yargs';
import { given, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { countOf, describeBytes } from '../reporter.js';
import { UsageError } from '../run-command.js';
import { nameOf, PIPE, readStdin, stdoutSink } from '../standard-streams.js';

const exportCommand = defineCommand({
  command: 'export <in> <out>',
  describe: 'Write the tokens of a .tsr file for other programs',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .positional('out', { type: 'string', demandOption: true, describe: '.npz or .jsonl file, or - (pipe)' })
      .options({
        format: {
          choices: ['npz', 'jsonl'] as const,
          requiresArg: true,
          describe: "Default: by the output's file extension; jsonl for a pipe",
        },
        ...sharedOptions,
      })
      .example('$0 tokens export in.tsr tokens.npz', 'For numpy')
      .example('$0 tokens export in.tsr - | head -n 2', 'One frame as JSON'),
  run: async (argv, { signal, reporter }) => {
    const { in: input, out: output, device, overwrite } = argv;
    if (output === PIPE && argv.json) throw new UsageError('--json needs stdout, which carries the tokens');
    reporter.begin();
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { exportTokens } = await import('../../pipeline/tokens/export-tokens.js');
    const result = await exportTokens(
      input === PIPE ? readStdin(signal) : input,
      output === PIPE ? stdoutSink() : output,
      {
        ...given({ format: argv.format, pack: argv.pack, threads: wholeNumber('threads', argv.threads, 1, 64) }),
        ...{ device, overwrite, signal },
        onProgress: (progress) => reporter.progress(progress),
        onNote: (note) => reporter.note(note),
      },
    );
    reporter.done(
      { command: 'tokens export', input, output, ...result },
      `${nameOf(input, 'stdin')} -> ${nameOf(output, 'stdout')}: tokens of ${countOf(result.frames, 'frame')} in ` +
        `${countOf(result.chunks, 'chunk')}, ${result.framesPerSecond.toFixed(1)} frames per second`,
    );
    return EXIT_CODES.done;
  },
});

const importCommand = defineCommand({
  command: 'import <in> <out>',
  describe: 'Make a .tsr file from exported tokens',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.npz or .jsonl file, or - (pipe)' })
      .positional('out', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .options(sharedOptions)
      .example('$0 tokens import tokens.npz out.tsr', 'The same stream, byte for byte, if nothing was changed'),
  run: async (argv, { signal, reporter }) => {
    const { in: input, out: output, device, overwrite } = argv;
    if (output === PIPE && argv.json) throw new UsageError('--json needs stdout, which carries the .tsr stream');
    reporter.begin();
    const { importTokens } = await import('../../pipeline/tokens/import-tokens.js');
    const result = await importTokens(
      input === PIPE ? readStdin(signal) : input,
      output === PIPE ? stdoutSink() : output,
      {
        ...given({ pack: argv.pack, threads: wholeNumber('threads', argv.threads, 1, 64) }),
        ...{ device, overwrite, signal },
        onProgress: (progress) => reporter.progress(progress),
        onNote: (note) => reporter.note(note),
      },
    );
    reporter.done(
      { command: 'tokens import', input, output, ...result },
      `${nameOf(input, 'stdin')} -> ${nameOf(output, 'stdout')}: ${countOf(result.frames, 'frame')}, ` +
        `${describeBytes(result.bytes)}${result.isSame === true ? ', the same stream as before' : ''}`,
    );
    return EXIT_CODES.done;
  },
});

/** `tessera tokens export IN.tsr OUT`, `tessera tokens import IN OUT.tsr` */
export const tokensCommand: CommandModule = {
  command: 'tokens',
  describe: 'Export the tokens of a .tsr file, and import them again',
  builder: (yargs) =>
    yargs.command(exportCommand).command(importCommand).demandCommand(1, 'name export or import').strict(),
  handler: () => undefined,
};
