import type { DescribedField } from '../../bitstream/structure.js';
import type { StreamInfo } from '../../pipeline/inspect.js';
import { sharedOptions } from '../arguments.js';
import { defineCommand } from '../define-command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { toJsonLine } from '../json-lines.js';
import { countOf, describeTime } from '../reporter.js';
import { PIPE, readStdin, writeStdout } from '../standard-streams.js';
import { formatTable } from '../table.js';

/** The most special levels of a scene's pyramid, and its most confident words, that a line shows. */
const SHOWN_LEVELS = 4;
const SHOWN_WORDS = 6;

/** `tessera info IN.tsr` */
export const infoCommand = defineCommand({
  command: 'info <in>',
  describe: 'Show the contents of a .tsr file and its bits by section',
  builder: (yargs) =>
    yargs
      .positional('in', { type: 'string', demandOption: true, describe: '.tsr file, or - (pipe)' })
      .options({
        frames: { type: 'boolean', default: false, describe: 'List all frames' },
        words: { type: 'boolean', default: false, describe: 'List the scenes with their words' },
        json: sharedOptions.json,
      })
      .example('$0 info in.tsr', 'Header and bits by section')
      .example('$0 info in.tsr --frames --json', 'Bits by frame, for programs'),
  run: async ({ in: input, frames, words, json }, { signal }) => {
    // FFmpeg and onnxruntime take a while to load: only where they are used.
    const { inspectStream } = await import('../../pipeline/inspect.js');
    const { describeHeader } = await import('../../bitstream/stream-header.js');
    const info = await inspectStream(input === PIPE ? readStdin(signal) : input, { frames, words, signal });
    if (json) {
      const { frameTable = [], scenes = [], ...stream } = info;
      await writeStdout(toJsonLine({ type: 'stream', input, ...stream }));
      for (const frame of frameTable) await writeStdout(toJsonLine({ type: 'frame', ...frame }));
      for (const scene of scenes) await writeStdout(toJsonLine({ type: 'scene', ...scene }));
    } else {
      await writeStdout(`${describe(info, describeHeader(info.header)).join('\n')}\n`);
    }
    return EXIT_CODES.done;
  },
});

/** Returns language, title and dispositions, if they are known. */
function describeTrack({ language, title, dispositions }: NonNullable<StreamInfo['video']>): string {
  const known = [language, title].filter((text) => text !== null);
  return [...known, ...(dispositions.length === 0 ? [] : [`(${dispositions.join(', ')})`])].join(', ');
}

function describe(info: StreamInfo, headerFields: readonly DescribedField[]): string[] {
  const rate = info.bitsPerSecond === null ? '' : `, ${(info.bitsPerSecond / 1000).toFixed(1)} kbit/s`;
  const header = [
    ...headerFields.map(({ name, value }) => [name, value]),
    ['frames', `${info.frames}, of them ${countOf(info.keyFrames, 'key frame')}`],
    ['duration', `${info.duration.toFixed(3)} s`],
    ['pictures', `${info.bitsPerPixel.toFixed(4)} bits per pixel${rate}`],
    ...(info.meanQ === null ? [] : [['mean q', info.meanQ.toFixed(1)]]),
    ...(info.video === null || describeTrack(info.video) === '' ? [] : [['video track', describeTrack(info.video)]]),
    ...info.tracks.map((track) => [track.kind, [track.codec, describeTrack(track)].filter(Boolean).join(', ')]),
    ...(info.chapters === 0 ? [] : [['chapters', String(info.chapters)]]),
    ...Object.entries(info.tags).map(([name, value]) => [`tag ${name}`, value.replaceAll('\n', ' ')]),
  ];
  const sections = info.sections
    .filter(({ count, section }) => count > 0 || section === 'packet')
    .map(({ section, count, bytes }) => [
      section,
      count,
      bytes,
      bytes * 8,
      `${((100 * bytes) / info.bytes).toFixed(2)} %`,
    ]);
  const frames = (info.frameTable ?? []).map((frame) => [
    frame.number,
    frame.kind,
    frame.q,
    frame.time.toFixed(3),
    frame.bytes,
    frame.bits,
    frame.bitsPerPixel.toFixed(4),
  ]);
  return [
    formatTable(['field', 'value'], header),
    '',
    formatTable(['section', 'count', 'bytes', 'bits', 'share'], sections),
    ...(info.frameTable === undefined
      ? []
      : ['', formatTable(['frame', 'kind', 'q', 'time', 'bytes', 'bits', 'bits per pixel'], frames)]),
    ...(info.scenes === undefined ? [] : ['', describeWords(info.scenes)]),
    ...info.problems.map((problem) => `damage: ${problem}`),
  ];
}

function describeWords(scenes: NonNullable<StreamInfo['scenes']>): string {
  if (scenes.length === 0) return 'no words: add them with tessera words';
  const list = (words: (typeof scenes)[number]['words']): string =>
    words.map(({ word, confidence }) => `${word} ${confidence.toFixed(2)}`).join(', ');
  const rows = scenes.map(({ start, end, words, pyramid }) => [
    ...[describeTime(start), describeTime(end)],
    list(pyramid.slice(-SHOWN_LEVELS)).replaceAll(', ', ' > '),
    list(words.slice(0, SHOWN_WORDS)),
  ]);
  return formatTable(['start', 'end', 'pyramid', 'words'], rows);
}
