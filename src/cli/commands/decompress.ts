import { given, parseDuration, parseSeconds, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { tellProblems } from '../problems.js';
import { countOf } from '../reporter.js';
import { UsageError } from '../run-command.js';
import { nameOf, PIPE, readStdin, stdoutSink } from '../standard-streams.js';

/** `tessera decompress IN.tsr OUT` */
export const decompressCommand = defineCommand({
  command: 'decompress <in> <out>',
  describe: 'Decompress a .tsr file to a video',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .positional('out', {
        type: 'string',
        demandOption: true,
        describe: '.mp4, .mov, .mkv, .webm, .y4m, out/%05d.png, a folder, or - (y4m)',
      })
      .options({
        'post-filter': {
          choices: ['lpips', 'psnr', 'none'] as const,
          requiresArg: true,
          describe: 'Improve pictures for the eye, for PSNR, or not at all; default: set by the pack',
        },
        'video-codec': {
          choices: ['h264', 'hevc', 'av1', 'vp9', 'ffv1'] as const,
          requiresArg: true,
          describe: 'Codec of the output; ffv1 is lossless (in .mkv)',
        },
        start: { type: 'string', requiresArg: true, describe: 'Start at this time: 12.5 or 1:02:03.5' },
        duration: { type: 'string', requiresArg: true, describe: 'Stop after this time' },
        strict: { type: 'boolean', default: false, describe: 'Fail if the stream is damaged' },
        ...sharedOptions,
      })
      .example('$0 decompress in.tsr out.mp4', 'Write a video with all tracks of the source')
      .example('$0 decompress in.tsr out.mkv --video-codec ffv1', 'Write a lossless video')
      .example('$0 decompress in.tsr - | ffplay -', 'Play it')
      .example('$0 decompress in.tsr out.mp4 --start 1:30 --duration 10', 'Write ten seconds of it'),
  run: async (argv, { signal, reporter }) => {
    const { in: input, out: output, device, overwrite, strict } = argv;
    if (output === PIPE && argv.json) throw new UsageError('--json needs stdout, which carries the y4m stream');
    reporter.begin();
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { decompressVideo } = await import('../../pipeline/decompress.js');
    const result = await decompressVideo(
      input === PIPE ? readStdin(signal) : input,
      output === PIPE ? stdoutSink() : output,
      {
        ...given({
          postFilter: argv.postFilter,
          videoCodec: argv.videoCodec,
          start: parseSeconds('start', argv.start),
          duration: parseDuration('duration', argv.duration),
          threads: wholeNumber('threads', argv.threads, 1, 64),
          pack: argv.pack,
        }),
        device,
        overwrite,
        strict,
        signal,
        onProgress: (progress) => reporter.progress(progress),
        onNote: (note) => reporter.note(note),
      },
    );
    if (!argv.json) tellProblems(result.problems, reporter);
    const damaged = result.damagedFrames === 0 ? '' : `, ${result.damagedFrames} of them damaged by losses`;
    const concealed = result.concealedFrames === 0 ? '' : `, ${result.concealedFrames} of them concealed`;
    reporter.done(
      { command: 'decompress', input, output, ...result },
      `${nameOf(input, 'stdin')} -> ${nameOf(output, 'stdout')}: ${countOf(result.frames, 'frame')} of ${result.width}x${result.height}${concealed}${damaged}, ` +
        `post-filter ${result.postFilter}, ${result.framesPerSecond.toFixed(1)} frames per second`,
    );
    return EXIT_CODES.done;
  },
});
