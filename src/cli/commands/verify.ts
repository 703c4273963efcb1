import { given, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { tellProblems } from '../problems.js';
import { countOf, describeBytes } from '../reporter.js';
import { nameOf, PIPE, readStdin } from '../standard-streams.js';

/** `tessera verify IN.tsr` */
export const verifyCommand = defineCommand({
  command: 'verify <in>',
  describe: 'Check all checksums of a .tsr file and decode all frames',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .options({
        pack: sharedOptions.pack,
        device: sharedOptions.device,
        threads: sharedOptions.threads,
        json: sharedOptions.json,
      })
      .example('$0 verify in.tsr', 'Exit code 0 if the stream is intact, 4 if it is damaged'),
  run: async (argv, { signal, reporter }) => {
    const { in: input, device, json } = argv;
    reporter.begin();
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { verifyStream } = await import('../../pipeline/verify.js');
    const result = await verifyStream(input === PIPE ? readStdin(signal) : input, {
      ...given({ pack: argv.pack, threads: wholeNumber('threads', argv.threads, 1, 64) }),
      device,
      signal,
      onProgress: (progress) => reporter.progress(progress),
    });
    if (!json) tellProblems(result.problems, reporter);
    const depending = result.damagedFrames === 0 ? '' : `, ${result.damagedFrames} more depend on a loss`;
    const found = result.isIntact ? 'intact' : `damaged, ${countOf(result.lostFrames, 'frame')} lost${depending}`;
    reporter.done(
      { command: 'verify', input, ...result },
      `${nameOf(input, 'stdin')}: ${found}; ${countOf(result.frames, 'frame')} decoded, ${countOf(result.checksums, 'picture checksum')} checked, ` +
        `${countOf(result.sidePackets, 'packet')} of other tracks read, ${describeBytes(result.bytes)}`,
    );
    return result.isIntact ? EXIT_CODES.done : EXIT_CODES.damagedStream;
  },
});
