import type { ArgumentsCamelCase, Argv, InferredOptionTypes } from 'yargs';
import { PRESETS } from '../codec/sequence-options.js';
import type { ChunkCoders } from '../pipeline/chunks/chunk-coders.js';
import { checkKeyint, given, parseDuration, parseSeconds, sharedOptions, wholeNumber } from './arguments.js';
import { PRESET_FIGURES } from './preset-figures.js';
import { parseAudio, parseRate, rateOptions } from './rate-arguments.js';
import { countOf, describeBytes } from './reporter.js';
import { UsageError, type CommandContext } from './run-command.js';
import { nameOf, PIPE, readStdin, stdoutSink } from './standard-streams.js';

/** File extensions that other programs and `tessera decompress` use for other formats. */
const VIDEO_EXTENSIONS = new Set(['.mp4', '.m4v', '.mov', '.mkv', '.webm', '.avi', '.y4m', '.png']);

/** What decides a stream: the options of `compress` and `farm compress`. */
export const compressOptions = {
  quality: {
    type: 'number',
    alias: 'q',
    requiresArg: true,
    describe: '0 (worst) .. 63 (best), default 28; in the pack lookup-free 1 .. 18, default 18',
  },
  ...rateOptions,
  resume: { type: 'boolean', default: false, describe: 'Go on with a stopped command (same options)' },
  keyint: {
    type: 'string',
    requiresArg: true,
    describe: 'Largest distance between key frames: frames (250) or seconds (10s); default 10s',
  },
  tune: {
    choices: ['lpips', 'psnr'] as const,
    requiresArg: true,
    describe: 'Quality measure to optimise for; default lpips',
  },
  preset: {
    choices: PRESETS,
    requiresArg: true,
    describe: `Time spent on decisions; default medium. Speed (of x265 medium), bits: ${PRESET_FIGURES}`,
  },
  resilient: {
    type: 'boolean',
    default: false,
    describe: 'A stream that survives lost packets, for networks; a few percent larger',
  },
  words: { type: 'boolean', default: false, describe: 'Also write words for tessera find (docs/WORDS.md)' },
  strict: { type: 'boolean', default: false, describe: 'Fail if the input is cut or damaged' },
  start: { type: 'string', requiresArg: true, describe: 'Start at this time: 12.5 or 1:02:03.5' },
  duration: { type: 'string', requiresArg: true, describe: 'Stop after this time' },
  audio: {
    // yargs gives --no-audio as false.
    coerce: (value: unknown): string | undefined => (value === false ? 'none' : (value as string | undefined)),
    describe: 'copy (default), none (also --no-audio), or opus:64k to code sound again',
  },
  track: { type: 'number', requiresArg: true, describe: 'Video track of a file with several, from 1; default 1' },
  ...sharedOptions,
} as const;

type CompressArguments = InferredOptionTypes<typeof compressOptions> & { readonly in: string; readonly out: string };

/** Adds input and output to a command. */
export function addInputAndOutput(yargs: Argv) {
  return yargs
    .positional('in', { type: 'string', demandOption: true, describe: 'Video file, folder of pictures, or - (pipe)' })
    .positional('out', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' });
}

/**
 * Compresses a video as the arguments say.
 *
 * @param openChunks gives the place where chunks are coded; undefined: one encoder codes the whole video.
 */
export async function compress(
  command: string,
  argv: ArgumentsCamelCase<CompressArguments>,
  { signal, reporter }: CommandContext,
  openChunks: () => Promise<ChunkCoders | undefined>,
): Promise<void> {
  const { in: input, out: output, device, overwrite, strict, words, resilient } = argv;
  if (output === PIPE && argv.json) throw new UsageError('--json needs stdout, which carries the .tsr stream');
  const extension = /\.[^.\\/]*$/.exec(output)?.[0].toLowerCase() ?? '';
  if (output !== input && VIDEO_EXTENSIONS.has(extension)) {
    throw new UsageError(
      `compress writes a tessera stream, but ${output} has another file extension: end its name with .tsr`,
    );
  }
  reporter.begin();
  // FFmpeg and onnxruntime take a while to load: only where they are used.
  const { compressVideo } = await import('../pipeline/compress.js');
  const result = await compressVideo(
    input === PIPE ? readStdin(signal) : input,
    output === PIPE ? stdoutSink() : output,
    {
      ...given({
        quality: wholeNumber('quality', argv.quality, 0, 63),
        threads: wholeNumber('threads', argv.threads, 1, 64),
        start: parseSeconds('start', argv.start),
        duration: parseDuration('duration', argv.duration),
        audio: parseAudio(argv.audio),
        rate: parseRate(argv),
        track: wholeNumber('track', argv.track, 1, 1000),
        chunks: await openChunks(),
        pack: argv.pack,
        tune: argv.tune,
        preset: argv.preset,
        keyint: checkKeyint(argv.keyint),
      }),
      device,
      overwrite,
      strict,
      words,
      resilient,
      resume: argv.resume,
      signal,
      onProgress: (progress) => reporter.progress(progress),
      onNote: (note) => reporter.note(note),
    },
  );
  const { frames, bytes, bitsPerPixel, framesPerSecond } = result;
  reporter.done(
    { command, input, output, ...result },
    `${nameOf(input, 'stdin')} -> ${nameOf(output, 'stdout')}: ${countOf(frames, 'frame')} of ${result.width}x${result.height}, ${describeBytes(bytes)} ` +
      `(${bitsPerPixel.toFixed(4)} bits per pixel), ${framesPerSecond.toFixed(1)} frames per second`,
  );
}
