import { wholeNumber } from '../arguments.js';
import { addInputAndOutput, compress, compressOptions } from '../compress-arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';

/** `tessera compress IN OUT.tsr` */
export const compressCommand = defineCommand({
  command: 'compress <in> <out>',
  describe: 'Compress a video to a .tsr file',
  builder: (yargs) =>
    addInputAndOutput(yargs)
      .options({
        ...compressOptions,
        jobs: {
          type: 'number',
          requiresArg: true,
          describe: 'Code so many chunks at a time (same stream); 0: as many as cores and memory allow',
        },
      })
      .example('$0 compress in.mp4 out.tsr', 'Compress with default quality')
      .example('$0 compress -q 40 --keyint 2s in.mkv out.tsr', 'Higher quality, and a key frame every 2 seconds')
      .example('$0 compress in.mp4 out.tsr --max-size 10MB --audio opus:64k', 'A file of 10 MB at most')
      .example('$0 compress in.mp4 out.tsr --target vmaf=93', 'VMAF 93 in every part')
      .example('ffmpeg -i in.avi -f yuv4mpegpipe - | $0 compress - out.tsr', 'From a pipe'),
  run: async (argv, context) => {
    const jobs = wholeNumber('jobs', argv.jobs, 0, 16);
    await compress('compress', argv, context, async () => {
      if (jobs === undefined) return undefined;
      const { localChunks } = await import('../../pipeline/chunks/local-chunks.js');
      return localChunks(jobs === 0 ? {} : { jobs });
    });
    return EXIT_CODES.done;
  },
});
