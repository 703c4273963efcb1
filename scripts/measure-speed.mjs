// How fast tessera encodes and decodes beside x265, and what it needs, in one run: node scripts/measure-speed.mjs [OPTIONS] CLIP...
//
//     --frames N     play each clip back and forth until there are N frames; default: the clip as it is
//     --quality Q    tessera's quality index; default 26
//     --crf C        x265's rate factor; default 28
//     --rounds N     rounds, of which the median counts; default 3
//     --presets A,B  presets to measure; default: all
//     --at-once N    encoders that run at the same time; default 8; 0: not measured
//     --large CLIP   a video whose compression and decompression are measured for their peak memory
//
// The large clip is played back and forth to 128 frames and first written as H.264 in Matroska, as decompress writes it: short
// clips do not fill all queues, and the memory of the source's decoder, with B frames and references, counts as for most videos.
//
// For speed, frames lie in memory before a clock starts and are thrown away when decoded; the start of workers, models and
// encoders counts. "Threads" is processor time by wall time. Other figures are of fresh processes. Build first.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { optimiseLater } from '../dist/src/cli/engine.js';
import { formatTable } from '../dist/src/cli/table.js';
import { PRESETS } from '../dist/src/codec/sequence-options.js';
import { encodeReference } from '../dist/src/exports/bench.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { createVideoSink } from '../dist/src/video/out/media-writer.js';
import { backAndForth, encodeClip, readClip } from './in-memory.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '0' },
    quality: { type: 'string', default: '26' },
    crf: { type: 'string', default: '28' },
    rounds: { type: 'string', default: '3' },
    presets: { type: 'string', default: PRESETS.join() },
    'at-once': { type: 'string', default: '8' },
    large: { type: 'string' },
    // Only for processes that this script starts: encode the clip once, and say how long it took.
    child: { type: 'boolean', default: false },
  },
});
const [count, quality, crf, rounds] = [values.frames, values.quality, values.crf, values.rounds].map(Number);
const atOnce = Number(values['at-once']);
const presets = values.presets.split(',');
/** The number of frames of the video that memory is measured with. */
const MEMORY_FRAMES = 128;
// As the command line does.
optimiseLater();
const script = fileURLToPath(import.meta.url);
const commandLine = join(dirname(dirname(script)), 'dist/src/cli/main.js');

if (values.child) {
  const { frames, properties } = await readFrames(positionals[0], count);
  process.send('ready');
  await new Promise((resolve) => process.once('message', resolve));
  const { seconds } = await encode(frames, properties, presets[0]);
  process.send({ seconds });
  process.disconnect();
} else {
  for (const path of positionals) {
    await measureSpeeds(path);
    await measureFirstFrame(path);
    if (atOnce > 0) await measureAtOnce(path);
  }
  if (values.large !== undefined) await measureMemory(values.large);
}

async function measureSpeeds(path) {
  const { frames, properties } = await readFrames(path, count);
  let stream;
  const ways = {
    'x265 medium encodes': () => encodeX265('medium', frames, properties),
    'x265 veryslow encodes': () => encodeX265('veryslow', frames, properties),
    ...Object.fromEntries(presets.map((name) => [`${name} encodes`, () => encode(frames, properties, name)])),
    'decodes, filter none': async () => await decode(await made(), frames.length, 'none'),
    'decodes, filter lpips': async () => await decode(await made(), frames.length, 'lpips'),
  };
  const made = async () => (stream ??= (await encode(frames, properties, 'medium')).stream);
  const results = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  await made();
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(ways)) {
      const from = process.cpuUsage();
      const { seconds } = await measure();
      const { user, system } = process.cpuUsage(from);
      results[name].push({ seconds, processor: (user + system) / 1e6 });
    }
  }
  const medians = Object.entries(results).map(([name, list]) => ({ name, ...median(list, ({ seconds }) => seconds) }));
  const x265 = medians[0];
  const rows = medians.map(({ name, seconds, processor }) => [
    name,
    (frames.length / seconds).toFixed(1),
    (x265.seconds / seconds).toFixed(2),
    ((1000 * processor) / frames.length).toFixed(1),
    (x265.processor / processor).toFixed(2),
    (processor / seconds).toFixed(2),
  ]);
  const title = `${basename(path)}, ${frames.length} of ${properties.width}x${properties.height}`;
  const head = [title, 'frames per second', 'of x265 medium', 'processor ms a frame', 'of x265 medium', 'threads'];
  print(head, rows);
}

/** Time from the start to the end of a command that decodes a stream of one frame. */
async function measureFirstFrame(path) {
  await withFolder(async (folder) => {
    const [coded, picture] = [join(folder, 'coded.tsr'), join(folder, 'picture.y4m')];
    await runTessera(['compress', path, coded, '--duration', '0.01', '--quality', String(quality)]);
    const runs = [];
    for (let run = 0; run < 5; run++) {
      for (const filter of ['none', 'lpips']) {
        const result = await runTessera(['decompress', coded, picture, '--post-filter', filter, '--overwrite']);
        runs.push({ filter, ...result });
      }
    }
    const rows = ['none', 'lpips'].map((filter) => {
      const { seconds } = median(
        runs.filter((run) => run.filter === filter),
        (run) => run.seconds,
      );
      return [`first frame, fresh process, filter ${filter}`, (1000 * seconds).toFixed(0)];
    });
    print([basename(path), 'ms'], rows);
  });
}

/** Frames per second of all of several encoders at the same time against one alone. */
async function measureAtOnce(path) {
  const encodeInProcesses = async (processes) => {
    const parameters = [
      script,
      '--child',
      '--frames',
      String(count),
      '--quality',
      String(quality),
      '--presets',
      'medium',
      path,
    ];
    const children = Array.from({ length: processes }, () =>
      spawn(process.execPath, parameters, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    await Promise.all(children.map((child) => messageOf(child)));
    const started = performance.now();
    for (const child of children) child.send('begin');
    await Promise.all(children.map((child) => messageOf(child)));
    return (performance.now() - started) / 1000;
  };
  const one = await encodeInProcesses(1);
  const all = await encodeInProcesses(atOnce);
  print(
    [basename(path), 'all frames per second against one encoder'],
    [[`${atOnce} encoders`, ((atOnce * one) / all).toFixed(2)]],
  );
}

/** Peak memory of whole commands. */
async function measureMemory(path) {
  await withFolder(async (folder) => {
    const [source, coded] = [join(folder, 'source.mkv'), join(folder, 'coded.tsr')];
    const { frames, properties } = await readFrames(path, MEMORY_FRAMES);
    const sink = await createVideoSink(source, properties);
    for (const frame of frames) await sink.write(frame);
    await sink.finish();
    const rows = [];
    const measure = async (name, parameters) => {
      const { kilobytes } = await runTessera([...parameters, '--overwrite']);
      rows.push([name, (kilobytes / 1024).toFixed(0)]);
    };
    for (const preset of ['realtime', 'medium']) {
      await measure(`compress, ${preset}`, [
        'compress',
        source,
        coded,
        '--quality',
        values.quality,
        '--preset',
        preset,
      ]);
    }
    for (const filter of ['none', 'lpips']) {
      for (const name of ['decoded.y4m', 'decoded.mkv']) {
        const parameters = ['decompress', coded, join(folder, name), '--post-filter', filter];
        await measure(`decompress to ${name.slice(-3)}, filter ${filter}`, parameters);
      }
    }
    print([`${basename(path)}, ${MEMORY_FRAMES} frames`, 'peak memory, MB'], rows);
  });
}

/** Runs the command line in a process of its own: its wall seconds and its peak memory. */
async function runTessera(parameters) {
  // Linux counts the memory of this script in `maxRSS` too, because the new process has it for a moment. The threads of the
  // command write too when they end; the largest number counts.
  const atExit = `
    import { existsSync, readFileSync, writeSync } from 'node:fs';
    const status = '/proc/self/status';
    const peak = () => /VmHWM:\\s*(\\d+)/.exec(readFileSync(status, 'latin1'))[1];
    process.on('exit', () => writeSync(3, (existsSync(status) ? peak() : process.resourceUsage().maxRSS) + ' '));`;
  const hook = ['--import', `data:text/javascript,${encodeURIComponent(atExit)}`];
  const started = performance.now();
  const child = spawn(process.execPath, [...hook, commandLine, ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let [told, kilobytes] = ['', ''];
  child.stderr.on('data', (text) => (told += text));
  child.stdio[3].on('data', (text) => (kilobytes += text));
  const status = await new Promise((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`tessera ${parameters.join(' ')} ended with ${status}: ${told}`);
  return {
    seconds: (performance.now() - started) / 1000,
    kilobytes: Math.max(...kilobytes.trim().split(' ').map(Number)),
  };
}

/** The next message of a process that this script has started. */
function messageOf(child) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (status) => reject(new Error(`a process ended with ${status}`)));
  });
}

async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'measure-speed-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(list, key) {
  return list.toSorted((a, b) => key(a) - key(b))[list.length >> 1];
}

function print(head, rows) {
  process.stdout.write(`${formatTable(head, rows)}\n`);
}

/** Frames of a video, back and forth until there are `wanted`; 0: as they are. */
async function readFrames(path, wanted) {
  const { frames: once, properties } = await readClip(path);
  if (wanted === 0) return { frames: once, properties };
  return { frames: [...backAndForth(once, wanted)], properties };
}

async function encode(frames, properties, preset) {
  const started = performance.now();
  const stream = await encodeClip({ frames, properties }, { quality, preset, keyint: 100000 });
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
