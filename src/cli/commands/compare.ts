import { METRIC_NAMES, METRICS } from '../../metrics/metric-names.js';
import type { CompareResult } from '../../pipeline/compare.js';
import { given, metricNames, sharedOptions, wholeNumber } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { toJsonLine } from '../json-lines.js';
import { countOf } from '../reporter.js';
import { writeStdout } from '../standard-streams.js';
import { formatTable } from '../table.js';

/** `tessera compare A B` */
export const compareCommand = defineCommand({
  command: 'compare <original> <changed>',
  describe: 'Measure a video against its original',
  builder: (yargs) =>
    yargs
      .positional('original', { type: 'string', demandOption: true, describe: 'Video file or folder of pictures' })
      .positional('changed', { type: 'string', demandOption: true, describe: 'The same video after coding' })
      .options({
        metrics: {
          type: 'string',
          requiresArg: true,
          describe: `Metrics, separated by commas: ${METRIC_NAMES.join(', ')}`,
        },
        frames: { type: 'number', requiresArg: true, describe: 'Number of frames to compare; default all' },
        threads: { ...sharedOptions.threads, describe: 'Threads, 1..64; default one per core' },
        json: sharedOptions.json,
      })
      .example('$0 compare in.mp4 back.mp4', 'PSNR, SSIM, MS-SSIM, LPIPS')
      .example('$0 compare in.mp4 back.mp4 --metrics psnr-y,vmaf', 'VMAF needs an ffmpeg with libvmaf'),
  run: async ({ original, changed, json, ...argv }, { signal, reporter }) => {
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { compareVideos } = await import('../../pipeline/compare.js');
    const result = await compareVideos(original, changed, {
      ...given({
        metrics: argv.metrics === undefined ? undefined : metricNames(argv.metrics),
        frames: wholeNumber('frames', argv.frames, 1, 2 ** 31 - 1),
        threads: wholeNumber('threads', argv.threads, 1, 64),
      }),
      signal,
      ...(process.stderr.isTTY && !json ? { onProgress: (progress) => reporter.progress(progress) } : {}),
    });
    reporter.stop();
    if (!json) for (const note of result.notes) reporter.note(note);
    if (json) await writeStdout(toJsonLine({ type: 'comparison', original, changed, ...result }));
    else await writeStdout(`${describe(result)}\n`);
    return EXIT_CODES.done;
  },
});

function describe({ width, height, frames, metrics }: CompareResult): string {
  const rows = METRIC_NAMES.flatMap((name) => {
    const found = metrics[name];
    if (found === undefined) return [];
    const { title, unit } = METRICS[name];
    return [[title, ...[found.mean, found.min, found.p5].map((value) => value.toFixed(unit === '' ? 4 : 2)), unit]];
  });
  const table = formatTable(['metric', 'mean', 'worst', '5 %', 'unit'], rows);
  return `${table}\n\n${countOf(frames, 'frame')} of ${width}x${height}`;
}
