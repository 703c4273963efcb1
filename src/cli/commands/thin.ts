import { sharedOptions } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { countOf, describeBytes } from '../reporter.js';
import { UsageError } from '../run-command.js';
import { nameOf, PIPE, stdoutSink } from '../standard-streams.js';

/** `tessera thin IN.tsr OUT.tsr --to 0.5` */
export const thinCommand = defineCommand({
  command: 'thin <in> <out>',
  describe: 'Leave frames of a resilient .tsr file out, without decoding',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file of compress --resilient' })
      .positional('out', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .options({
        to: {
          type: 'number',
          demandOption: true,
          requiresArg: true,
          describe: 'Share of the frames that stay: 0.5 is every other one',
        },
        overwrite: sharedOptions.overwrite,
        json: sharedOptions.json,
      })
      .example('$0 thin in.tsr out.tsr --to 0.5', 'Half the frames, the same quality of each'),
  run: async (argv, { signal, reporter }) => {
    const { in: input, out: output, to, overwrite } = argv;
    if (input === PIPE) throw new UsageError('thin needs a file, not a pipe');
    if (output === PIPE && argv.json) throw new UsageError('--json needs stdout, which carries the .tsr stream');
    reporter.begin();
    const { thinStream } = await import('../../pipeline/thin.js');
    const result = await thinStream(input, output === PIPE ? stdoutSink() : output, {
      ...{ to, overwrite, signal },
      onNote: (note) => reporter.note(note),
    });
    reporter.done(
      { command: 'thin', input, output, ...result },
      `${input} -> ${nameOf(output, 'stdout')}: ${result.frames} of ${countOf(result.framesBefore, 'frame')}, ` +
        `${describeBytes(result.bytes)} of ${describeBytes(result.bytesBefore)}`,
    );
    return EXIT_CODES.done;
  },
});
