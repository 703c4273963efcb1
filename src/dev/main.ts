#!/usr/bin/env node
/** `tessera-dev`: commands for training packs; not part of the published command line. */
import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { DEFAULT_PACK, DEFAULT_TUNE, TUNES } from '../codec/encoder.js';
import type { Tune } from '../codec/sequence-options.js';
import { InputError, TesseraError } from '../errors.js';
import { filmClips } from './camera-clips.js';
import { writeClassifierPictures } from './classifier-pictures.js';
import type { ClipCoding } from './clip-coder.js';
import { dumpClips, requireDifferentNames, type DumpOptions } from './dump.js';
import { writePlanes } from './planes.js';

const parser = yargs(process.argv.slice(2))
  .scriptName('tessera-dev')
  .command(
    'dump [clips..]',
    'Run the encoder over clips and write training data (training/README.md)',
    (command) =>
      command
        .positional('clips', { type: 'string', array: true, default: [], describe: 'Video files and pictures' })
        .options({
          list: { type: 'string', requiresArg: true, describe: 'File with one more clip per line' },
          out: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder for the shards' },
          frames: { type: 'number', default: 8, describe: 'Frames of each clip' },
          'quality-range': { type: 'string', default: '8..46', describe: 'Quality indices to draw from' },
          seed: { type: 'number', default: 1, describe: 'Draws places and qualities; names the shards' },
          pack: { type: 'string', default: DEFAULT_PACK, describe: 'Model pack whose tables and loop filter are used' },
          'loop-filter': { choices: ['on', 'off'] as const, default: 'off' as const, describe: 'Filter references' },
          tune: { choices: TUNES, default: DEFAULT_TUNE, describe: 'What the encoder is tuned for' },
          scales: { type: 'boolean', default: false, describe: "Also write the scales of the pack's prior" },
          crop: { type: 'number', describe: 'Crop pictures to this many samples a side' },
          camera: { type: 'boolean', default: false, describe: 'Make clips of pictures: a camera moves over them' },
          'search-frames': { type: 'number', default: 48, describe: 'Frames of a clip to choose the place from' },
          workers: { type: 'number', default: 1, describe: 'Processes that share the clips' },
          shard: { type: 'string', requiresArg: true, describe: 'Only part i of n of the clips: i/n, i from 0' },
        })
        .example('$0 dump clips/*.mp4 --out shards --workers 2', 'Eight frames of each clip, both cores'),
    async (argv) => {
      const clips = await namedClips(argv.clips, argv.list);
      if (argv.workers > 1 && argv.shard === undefined) {
        await runWorkers(argv.workers);
        return;
      }
      const options: DumpOptions = {
        out: argv.out,
        frames: wholeNumber('frames', argv.frames, 1),
        quality: readRange(argv.qualityRange),
        seed: argv.seed,
        pack: argv.pack,
        loopFilter: argv.loopFilter === 'on',
        scales: argv.scales,
        tune: argv.tune as Tune,
        crop: argv.crop === undefined ? null : wholeNumber('crop', argv.crop, 16),
        camera: argv.camera,
        searchFrames: wholeNumber('search-frames', argv.searchFrames, 1),
      };
      await dump(shardOf(clips, argv.shard), options);
    },
  )
  .command(
    'planes [clips..]',
    'Write the pictures of clips as arrays (training/README.md)',
    (command) =>
      command
        .positional('clips', { type: 'string', array: true, default: [], describe: 'Video files' })
        .options({
          list: { type: 'string', requiresArg: true, describe: 'File with one more clip per line' },
          out: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder for the arrays' },
          frames: { type: 'number', default: 65, describe: 'Frames of each clip at most' },
        })
        .example('$0 planes clips/*.mp4 --out planes', 'The first 65 frames of each clip'),
    async (argv) => {
      const clips = await namedClips(argv.clips, argv.list);
      for await (const { folder, frames } of writePlanes(clips, argv.out, wholeNumber('frames', argv.frames, 1))) {
        process.stdout.write(`${folder}: ${frames === null ? 'is there' : `${frames} frames`}\n`);
      }
    },
  )
  .command(
    'classifier-pictures [clips..]',
    'Write pictures of clips as the classifier of words takes them (training/README.md)',
    (command) =>
      command
        .positional('clips', { type: 'string', array: true, default: [], describe: 'Video files' })
        .options({
          list: { type: 'string', requiresArg: true, describe: 'File with one more clip per line' },
          out: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder for the arrays' },
          count: { type: 'number', default: 6, describe: 'Pictures of each clip at most' },
        })
        .example('$0 classifier-pictures clips/*.mp4 --out pictures', 'Six pictures of each clip'),
    async (argv) => {
      const clips = await namedClips(argv.clips, argv.list);
      for await (const { path, pictures } of writeClassifierPictures(
        clips,
        argv.out,
        wholeNumber('count', argv.count, 1),
      )) {
        process.stdout.write(`${path}: ${pictures} pictures\n`);
      }
    },
  )
  .command(
    'camera-clips [pictures..]',
    'Film pictures with known camera motion, and code the clips (training/README.md)',
    (command) =>
      command
        .positional('pictures', { type: 'string', array: true, default: [], describe: 'Pictures and video files' })
        .options({
          list: { type: 'string', requiresArg: true, describe: 'File with one more picture per line' },
          out: { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder for the arrays' },
          codings: {
            type: 'string',
            default:
              'lookup-free@6,lookup-free@10,lookup-free@14,lookup-free@18,tessera-nano@10,tessera-nano@20,tessera-nano@30',
            describe: 'Packs with their qualities, commas between them',
          },
          frames: { type: 'number', default: 5, describe: 'Frames of each clip, 1 + 4k' },
          side: { type: 'number', default: 64, describe: 'Side of the frames, a multiple of 16 samples' },
          seed: { type: 'number', default: 1, describe: 'Draws speeds and places' },
        })
        .example('$0 camera-clips photos/*.jpg --out camera', 'Nine clips of each photograph'),
    async (argv) => {
      const pictures = await namedClips(argv.pictures, argv.list);
      const side = wholeNumber('side', argv.side, 16);
      const frames = wholeNumber('frames', argv.frames, 1);
      if (side % 16 !== 0) throw new InputError(`--side is ${side}: give a multiple of 16`);
      if (frames % 4 !== 1) throw new InputError(`--frames is ${frames}: give 1, 5, 9 or another 1 + 4k`);
      const options = { out: argv.out, side, frames, seed: argv.seed, codings: readCodings(argv.codings) };
      for await (const { folder, clips } of filmClips(pictures, options)) {
        process.stdout.write(`${folder}: ${clips === null ? 'is there' : `${clips} clips`}\n`);
      }
    },
  )
  .demandCommand(1, 'name a command')
  .strict()
  .help()
  .version(false)
  .fail(false);

try {
  await parser.parseAsync();
} catch (error) {
  const isOurs = error instanceof TesseraError || (error instanceof Error && error.name === 'YError');
  process.stderr.write(`tessera-dev: ${isOurs ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = error instanceof TesseraError ? error.exitCode : isOurs ? 2 : 1;
}

/** The clips named on the command line and in a list. */
async function namedClips(named: readonly string[], list: string | undefined): Promise<string[]> {
  const listed = list === undefined ? '' : await readFile(list, 'utf8');
  const clips = [...named, ...listed.split('\n').filter((line) => line.trim() !== '')];
  if (clips.length === 0) throw new InputError('name clips, or a --list of them');
  requireDifferentNames(clips);
  return clips;
}

async function dump(clips: readonly string[], options: DumpOptions): Promise<void> {
  let count = 0;
  for await (const { clip, folder, frames, q, framesPerSecond } of dumpClips(clips, options)) {
    const what = frames === null ? 'is there' : `${frames} frames, ${framesPerSecond.toFixed(2)} frames per second`;
    process.stdout.write(`${++count}/${clips.length} ${clip} -> ${folder}: q ${q}, ${what}\n`);
  }
}

/** Runs the same command in several processes, each with its part of the clips. */
async function runWorkers(count: number): Promise<void> {
  const script = fileURLToPath(import.meta.url);
  const codes = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const child = fork(script, [...process.argv.slice(2), '--shard', `${index}/${count}`]);
      return new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
    }),
  );
  process.exitCode = Math.max(...codes);
}

function shardOf(clips: readonly string[], shard: string | undefined): readonly string[] {
  if (shard === undefined) return clips;
  const [part, parts] = shard.split('/').map(Number);
  if (part === undefined || parts === undefined || !(Number.isInteger(part) && part >= 0 && part < parts)) {
    throw new InputError(`--shard is ${shard}: give i/n with i from 0 to n - 1`);
  }
  return clips.filter((_, index) => index % parts === part);
}

function readRange(text: string): [number, number] {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && low <= high && high <= 63) return [low, high];
  throw new InputError(`--quality-range is ${text}: give two indices from 0 to 63, such as 8..46`);
}

/** `PACK@QUALITY,...` */
function readCodings(text: string): ClipCoding[] {
  return text.split(',').map((coding) => {
    const match = /^(.+)@(\d+)$/.exec(coding);
    if (match === null) throw new InputError(`--codings has ${coding}: give PACK@QUALITY, such as tessera-nano@20`);
    return { pack: match[1]!, quality: Number(match[2]) };
  });
}

function wholeNumber(name: string, value: number, min: number): number {
  if (Number.isInteger(value) && value >= min) return value;
  throw new InputError(`--${name} takes a whole number from ${min} on`);
}
