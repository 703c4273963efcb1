// How fast tessera encodes and decodes beside x265, in one run: node scripts/measure-speed.mjs [OPTIONS] CLIP...
//
//     --frames N     play each clip back and forth until there are N frames; default: the clip as it is
//     --quality Q    tessera's quality index; default 26
//     --crf C        x265's rate factor; default 28
//     --rounds N     rounds, of which the median counts; default 3
//
// Frames lie in memory before a clock starts and are thrown away when decoded; the start of workers, models and encoders
// counts. Build first.
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { formatTable } from '../dist/src/cli/table.js';
import { encodeReference } from '../dist/src/exports/bench.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { encodeClip, readClip } from './in-memory.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '0' },
    quality: { type: 'string', default: '26' },
    crf: { type: 'string', default: '28' },
    rounds: { type: 'string', default: '3' },
  },
});
const [count, quality, crf, rounds] = [values.frames, values.quality, values.crf, values.rounds].map(Number);

const rows = [];
for (const path of positionals) {
  const { frames, properties } = await readFrames(path, count);
  const ways = {
    'tessera encodes': () => encode(frames, properties),
    'decodes, none': (packets) => decode(packets, frames.length, 'none'),
    'decodes, lpips': (packets) => decode(packets, frames.length, 'lpips'),
    'x265 medium encodes': () => encodeX265('medium', frames, properties),
    'x265 veryslow encodes': () => encodeX265('veryslow', frames, properties),
  };
  const speeds = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  let stream;
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(ways)) {
      const result = await measure(stream);
      stream = result.stream ?? stream;
      speeds[name].push(frames.length / result.seconds);
    }
  }
  const medians = Object.values(speeds).map((list) => list.sort((a, b) => a - b)[list.length >> 1]);
  const x265 = medians[3];
  rows.push([
    `${basename(path)}, ${frames.length} of ${properties.width}x${properties.height}`,
    ...medians.map((speed, index) => `${speed.toFixed(1)}${index < 3 ? ` (${(speed / x265).toFixed(2)}x)` : ''}`),
  ]);
}
process.stdout.write(
  `${formatTable(['frames per second (of x265 medium)', 'tessera encodes', 'decodes, none', 'decodes, lpips', 'x265 medium', 'x265 veryslow'], rows)}\n`,
);

/** Frames of a video, back and forth until there are `wanted`; 0: as they are. */
async function readFrames(path, wanted) {
  const { frames: once, properties } = await readClip(path);
  if (wanted === 0) return { frames: once, properties };
  const period = Math.max(1, 2 * once.length - 2);
  const frames = Array.from({ length: wanted }, (_, index) => {
    const place = index % period;
    const frame = once[place < once.length ? place : period - place];
    return { ...frame, pts: BigInt(index) * once[0].duration, duration: once[0].duration };
  });
  return { frames, properties };
}

async function encode(frames, properties) {
  const started = performance.now();
  const stream = await encodeClip({ frames, properties }, { quality, keyint: 100000 });
  return { seconds: (performance.now() - started) / 1000, stream };
}

async function decode({ packets, header }, expected, postFilter) {
  const started = performance.now();
  const decoder = await Decoder.create(header, { postFilter, strict: true });
  let shown = 0;
  for await (const _frame of decoder.decode(packets)) shown++;
  const seconds = (performance.now() - started) / 1000;
  await decoder[Symbol.asyncDispose]();
  if (shown !== expected) throw new Error(`${shown} of ${expected} frames were decoded`);
  return { seconds };
}

async function encodeX265(preset, frames, { frameRate }) {
  const { encodeSeconds } = await encodeReference({ codec: 'x265', preset, crf, keyint: 100000, frameRate }, frames);
  return { seconds: encodeSeconds };
}
