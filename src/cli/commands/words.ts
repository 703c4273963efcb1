import { given, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { countOf, describeBytes } from '../reporter.js';
import { UsageError } from '../run-command.js';
import { PIPE } from '../standard-streams.js';

/** `tessera words FILE` */
export const wordsCommand = defineCommand({
  command: 'words <file>',
  describe: 'Add words to a .tsr file or to any other video, for tessera find',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: '.tsr file, or a video: makes VIDEO.words' })
      .options({
        pack: sharedOptions.pack,
        device: sharedOptions.device,
        threads: sharedOptions.threads,
        overwrite: { ...sharedOptions.overwrite, describe: 'Replace words that exist' },
        json: sharedOptions.json,
      })
      .example('$0 words in.tsr', 'Add words to a stream, from its decoded pictures')
      .example('$0 words in.mp4', 'Write in.mp4.words, which tessera find searches too'),
  run: async (argv, { signal, reporter }) => {
    const { file, device, overwrite } = argv;
    if (file === PIPE) throw new UsageError('words needs a file, not a pipe');
    reporter.begin();
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { addWords } = await import('../../pipeline/words/add-words.js');
    const result = await addWords(file, {
      ...given({ pack: argv.pack, threads: wholeNumber('threads', argv.threads, 1, 64) }),
      ...{ device, overwrite, signal },
      onProgress: (progress) => reporter.progress(progress),
      onNote: (note) => reporter.note(note),
    });
    reporter.done(
      { command: 'words', input: file, ...result },
      `${file} -> ${result.output}: words of ${countOf(result.scenes, 'scene')}, ${describeBytes(result.wordsBytes)}`,
    );
    return EXIT_CODES.done;
  },
});
