// How fast each preset is and how many more bits it needs, beside x265 medium, in one run:
//
//     node scripts/measure-presets.mjs [OPTIONS] CLIP...
//
//     --out FILE          results; what it holds is not measured again. Default: bench/results/presets.json
//     --frames N          frames of each clip for bits; default 33
//     --qualities A,B,C   default 16,26,36
//     --speed-frames N    frames for speed at quality 26, back and forth; default 150; 0: speed is not measured
//     --crf C             x265's rate factor; default 28
//     --write             nothing is measured; the figures go into README.md, docs/ENCODER.md and src/cli/preset-figures.ts
//                         (for --help); build again then
//
// Bits: BD-rate by PSNR of luma without post-filter, against medium. Speed: by processor time of all threads, so that other
// programs on the machine change it little; the start of workers and of x265 counts. Build first.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { optimiseLater } from '../dist/src/cli/engine.js';
import { PRESETS } from '../dist/src/codec/sequence-options.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { computeBdRate } from '../dist/src/metrics/bd-rate.js';
import { meanSquaredError } from '../dist/src/metrics/psnr.js';
import { writeCodedFile } from '../dist/src/video/out/coded-file.js';
import { quietSettings } from '../dist/src/video/out/frame-encoder.js';
import { backAndForth, encodeClip, readClip } from './in-memory.mjs';

// As the command line does.
optimiseLater();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: join(root, 'bench/results/presets.json') },
    frames: { type: 'string', default: '33' },
    qualities: { type: 'string', default: '16,26,36' },
    'speed-frames': { type: 'string', default: '150' },
    crf: { type: 'string', default: '28' },
    write: { type: 'boolean', default: false },
  },
});
const [frameCount, speedFrames, crf] = [values.frames, values['speed-frames'], values.crf].map(Number);
const qualities = values.qualities.split(',').map(Number);
const SPEED_QUALITY = 26;
/** Text between these lines is replaced. */
const [BEGIN, END] = ['<!-- presets: begin -->', '<!-- presets: end -->'];

const measured = existsSync(values.out) ? JSON.parse(readFileSync(values.out, 'utf8')).measured : {};

for (const path of values.write ? [] : positionals) {
  const clip = await readClip(path);
  const name = basename(path);
  const size = `${clip.properties.width}x${clip.properties.height}`;
  for (const quality of qualities) {
    for (const preset of PRESETS) {
      await once(`${name} ${size} bits ${preset} ${quality}`, () => bits(firstFrames(clip), preset, quality));
    }
  }
  if (speedFrames === 0) continue;
  const long = lengthen(clip, speedFrames);
  for (const preset of PRESETS) {
    await once(`${name} ${size} speed ${preset}`, () =>
      cost(speedFrames, () => encodeClip(long, { quality: SPEED_QUALITY, preset, keyint: 100000 })),
    );
  }
  await once(`${name} ${size} speed x265`, () => cost(speedFrames, () => encodeX265(long)));
}
const rows = summarise();
if (!values.write) save();
const table = [
  '| preset | speed of x265 medium | bits against medium, at equal PSNR |',
  '|---|---|---|',
  ...rows.map(
    ({ preset, speed, bits: more }) =>
      `| \`${preset}\` | ${speed === null ? '-' : speed.toFixed(2)} | ${more === null ? '-' : percent(more)} |`,
  ),
].join('\n');
console.log(table);
if (values.write) {
  for (const file of ['README.md', 'docs/ENCODER.md']) writeTable(join(root, file), table);
  writeFileSync(join(root, 'src/cli/preset-figures.ts'), figuresForHelp());
}

/** Measures something once; the file is complete after each. */
async function once(key, measure) {
  if (measured[key] !== undefined) return;
  measured[key] = await measure();
  console.log(key, JSON.stringify(measured[key]));
  save();
}

function save() {
  const options = { frames: frameCount, qualities, speedFrames, speedQuality: SPEED_QUALITY, crf };
  writeFileSync(values.out, `${JSON.stringify({ options, presets: summarise(), measured }, null, 2)}\n`);
}

function firstFrames({ frames, properties }) {
  return { frames: frames.slice(0, frameCount), properties };
}

/** The frames back and forth until there are `count`. */
function lengthen({ frames, properties }, count) {
  return { frames: [...backAndForth(frames, count)], properties };
}

async function bits(clip, preset, quality) {
  const { header, packets } = await encodeClip(clip, { quality, preset, keyint: 100000 });
  const decoder = await Decoder.create(header, { postFilter: 'none', strict: true });
  let sum = 0;
  let index = 0;
  for await (const frame of decoder.decode(packets)) {
    sum += 10 * Math.log10(255 ** 2 / Math.max(1e-9, meanSquaredError(clip.frames[index++].y, frame.y)));
  }
  await decoder[Symbol.asyncDispose]();
  if (index !== clip.frames.length) throw new Error(`${index} of ${clip.frames.length} frames were decoded`);
  return { bytes: packets.reduce((total, { tokens }) => total + tokens.length, 0), psnr: sum / index };
}

/** Processor milliseconds per frame. */
async function cost(frames, work) {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  return { processorMs: (user + system) / 1000 / frames };
}

async function encodeX265({ frames, properties }) {
  const folder = mkdtempSync(join(tmpdir(), 'measure-presets-'));
  try {
    const settings = { name: 'libx265', options: { preset: 'medium', crf: String(crf) }, keyint: 100000, threads: 2 };
    await writeCodedFile(quietSettings(settings), frames, properties, join(folder, 'coded.mkv'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Mean speed (as a ratio of x265's) and BD-rate of each preset over the clips; null where nothing is measured. */
function summarise() {
  const clips = [...new Set(Object.keys(measured).map((key) => key.split(' ').slice(0, 2).join(' ')))];
  return PRESETS.map((preset) => {
    const speeds = {};
    const rates = {};
    for (const clip of clips) {
      const own = measured[`${clip} speed ${preset}`];
      const x265 = measured[`${clip} speed x265`];
      if (own !== undefined && x265 !== undefined) speeds[clip] = round(x265.processorMs / own.processorMs, 3);
      const [curve, medium] = [preset, 'medium'].map((of) =>
        qualities
          .flatMap((quality) => measured[`${clip} bits ${of} ${quality}`] ?? [])
          .map(({ bytes, psnr }) => ({ rate: bytes, quality: psnr })),
      );
      if (qualities.length > 1 && curve.length === qualities.length && medium.length === qualities.length)
        rates[clip] = round(rateBetween(medium, curve), 4);
    }
    return { preset, speed: mean(Object.values(speeds)), bits: mean(Object.values(rates)), speeds, rates };
  });
}

function rateBetween(anchor, curve) {
  const result = computeBdRate(anchor, curve);
  if ('reason' in result) throw new Error(`there is no BD-rate: ${result.reason}`);
  return result.percent / 100;
}

function mean(list) {
  return list.length === 0 ? null : round(list.reduce((sum, value) => sum + value, 0) / list.length, 4);
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}

function percent(share) {
  return `${share >= 0 ? '+' : '-'}${Math.abs(100 * share).toFixed(1)} %`;
}

function figuresForHelp() {
  const figures = rows.map(
    ({ preset, speed, bits: more }) => `${preset} ${speed?.toFixed(2) ?? '-'}, ${more === null ? '-' : percent(more)}`,
  );
  return `/** Speed as a share of x265 medium's, and bits against \`medium\`. Written by scripts/measure-presets.mjs. */
export const PRESET_FIGURES =
  '${figures.join('; ')}';
`;
}

function writeTable(file, text) {
  const page = readFileSync(file, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < 0) throw new Error(`${file} has no lines ${BEGIN} and ${END}`);
  writeFileSync(file, `${page.slice(0, from + BEGIN.length)}\n\n${text}\n\n${page.slice(to)}`);
}
