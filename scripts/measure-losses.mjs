// Measures streams with lost packets: node scripts/measure-losses.mjs RESULTS.jsonl [--frames 65] [--quality 26]
// [--rates 0.01,0.05,0.1] [--bursts 1,5] [--seeds 10] [--every 1] [--single] [--pack tessera-nano] [--preset medium] [--metrics psnr-y,lpips]
// [--ffmpeg PROGRAM] CLIP...
// Every clip is encoded twice, as a resilient stream and as a usual one. The same packets are taken out of both, never
// key packets; a picture that is missing is shown as the one before. --single: each inter packet alone instead of rates,
// at most --seeds of them, measured from the loss on. --ffmpeg: also x264 and x265 (medium) with the bytes of the resilient
// stream and the same share of lost packets, not with --single. Lines that RESULTS.jsonl has are not measured again. Build first.
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, parse } from 'node:path';
import { parseArgs } from 'node:util';
import { drawLosses } from '../dist/codecs/loss-pattern.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { measureFrames } from '../dist/src/exports/metrics.js';
import { encodeClip, readClip } from './in-memory.mjs';
import { openResults } from './result-lines.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '65' },
    quality: { type: 'string', default: '26' },
    rates: { type: 'string', default: '0.01,0.05,0.1' },
    bursts: { type: 'string', default: '1,5' },
    every: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '10' },
    single: { type: 'boolean', default: false },
    pack: { type: 'string', default: 'tessera-nano' },
    preset: { type: 'string' },
    metrics: { type: 'string', default: 'psnr-y,lpips' },
    ffmpeg: { type: 'string' },
  },
});
const [path, ...clips] = positionals;
const results = openResults(path);
const numbers = (list) => list.split(',').map(Number);
const metrics = options.metrics.split(',');

/** Positions of lost packets of a clip: those that the benchmark draws. */
function draw(path, packets, rate, burst, seed) {
  const isLost = drawLosses({ rate, burst, seed }, parse(path).name);
  return new Set(packets.flatMap(({ kind }, at) => (isLost(kind === 'key') ? [at] : [])));
}

/** Decodes what is left and measures all frames from `first` on, in display order. */
async function decode({ header, packets }, lost, clip, first) {
  async function* items() {
    for (const [at, packet] of packets.entries()) {
      if (lost.has(at)) yield { lost: 'a packet is missing' };
      else yield { ...packet, tokens: packet.tokens.slice() };
    }
  }
  const decoder = await Decoder.create(header, { pack: options.pack });
  const frames = [];
  for await (const frame of decoder.decode(items())) frames.push(frame);
  await decoder[Symbol.asyncDispose]();
  return await compare(frames, clip, first);
}

/** Measures what is shown at the time of each frame of a clip, from `first` on. */
async function compare(frames, clip, first) {
  let shown = 0;
  let unlike = 0;
  const pairs = [];
  for (const [at, original] of clip.frames.entries()) {
    while (frames[shown + 1]?.pts <= original.pts) shown++;
    const decoded = frames[shown];
    if (decoded.pts !== original.pts || decoded.isConcealed || decoded.isDamaged) unlike++;
    if (original.pts >= first && at % Number(options.every) === 0)
      pairs.push({ original, decoded: { ...decoded, pts: original.pts } });
  }
  const values = await measureFrames(metrics, pairs, clip.properties);
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  return { unlike, ...Object.fromEntries(metrics.map((name) => [name, mean(values[name])])) };
}

/** Runs FFmpeg with bytes on its stdin; returns those on its stdout. */
function ffmpeg(args, input) {
  const { status, stdout, stderr, error } = spawnSync(
    options.ffmpeg,
    ['-hide_banner', '-nostdin', '-loglevel', 'error', ...args],
    { input, maxBuffer: 2 ** 32 },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(String(stderr));
  return stdout;
}

/** Encodes a clip with x264 or x265 to a file with about `bytes` bytes. */
function encodeOther(clip, library, bytes, file) {
  const { width, height, frameRate } = clip.properties;
  const raw = Buffer.concat(clip.frames.flatMap(({ y, u, v }) => [y, u, v]));
  const size = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`];
  const rate = ['-r', `${frameRate.num}/${frameRate.den}`];
  let [low, high] = [10, 51];
  while (high - low > 0.3) {
    const crf = (low + high) / 2;
    const quality = ['-c:v', library, '-preset', 'medium', '-g', '250', '-crf', crf.toFixed(2), '-y', file];
    ffmpeg(
      [
        ...size,
        ...rate,
        '-i',
        'pipe:0',
        ...(library === 'libx265' ? ['-x265-params', 'log-level=error'] : []),
        ...quality,
      ],
      raw,
    );
    if (statSync(file).size > bytes) low = crf;
    else high = crf;
  }
  return statSync(file).size;
}

/** Decodes a file without some of its packets. Frames that are missing are not told. */
function decodeOther(clip, file, lost) {
  const { width, height } = clip.properties;
  const cut = `${file}.cut.mkv`;
  // The first packet is never lost.
  const drop = [...lost].map((at) => `eq(n\\,${at})`).join('+') || '0';
  ffmpeg(['-i', file, '-c', 'copy', '-bsf:v', `noise=drop=${drop}`, '-y', cut]);
  const bytes = ffmpeg(['-i', cut, '-fps_mode', 'cfr', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1']);
  const [luma, chroma] = [width * height, ((width + 1) >> 1) * ((height + 1) >> 1)];
  const frame = luma + 2 * chroma;
  return clip.frames.slice(0, Math.floor(bytes.length / frame)).map((original, at) => {
    const plane = (from, size) => new Uint8Array(bytes.subarray(at * frame + from, at * frame + from + size));
    return { ...original, y: plane(0, luma), u: plane(luma, chroma), v: plane(luma + chroma, chroma) };
  });
}

const folder = mkdtempSync(join(tmpdir(), 'measure-losses-'));
for (const path of clips) {
  const clip = await readClip(path, Number(options.frames));
  const name = `${basename(path)} ${options.pack} q${options.quality}`;
  const streams = {};
  for (const kind of ['usual', 'resilient']) {
    const { preset } = options;
    streams[kind] = await encodeClip(clip, {
      ...{ pack: options.pack, quality: Number(options.quality), keyint: 250, resilient: kind === 'resilient' },
      ...(preset === undefined ? {} : { preset }),
    });
  }
  const bytes = (kind) => streams[kind].packets.reduce((sum, { tokens }) => sum + tokens.length + 15, 0);
  const measure = async (key, lostOf, firstOf = () => clip.frames[0].pts) => {
    if (results.has(key)) return;
    const line = { key };
    for (const [kind, stream] of Object.entries(streams)) {
      line[kind] = await decode(stream, lostOf(stream), clip, firstOf(stream));
    }
    results.write(line);
  };
  if (!results.has(`${name} bytes`)) {
    results.write({ key: `${name} bytes`, usual: bytes('usual'), resilient: bytes('resilient') });
  }
  await measure(`${name} none`, () => new Set());
  const others = options.ffmpeg === undefined || options.single ? [] : ['libx264', 'libx265'];
  for (const library of others) {
    const file = join(folder, `${library}.mkv`);
    const size = encodeOther(clip, library, bytes('resilient'), file);
    const measureOther = async (key, lost) => {
      if (results.has(key)) return;
      results.write({ key, size, [library]: await compare(decodeOther(clip, file, lost), clip, clip.frames[0].pts) });
    };
    await measureOther(`${name} ${library} none`, new Set());
    const packets = streams.resilient.packets;
    for (const rate of numbers(options.rates)) {
      for (const burst of numbers(options.bursts)) {
        for (let seed = 0; seed < Number(options.seeds); seed++) {
          await measureOther(
            `${name} ${library} ${rate} x${burst} seed ${seed}`,
            draw(path, packets, rate, burst, seed),
          );
        }
      }
    }
  }
  if (options.single) {
    const inter = streams.usual.packets.flatMap(({ kind }, at) => (kind === 'key' ? [] : [at]));
    const step = Math.max(1, Math.floor(inter.length / Number(options.seeds)));
    for (const at of inter.filter((_, index) => index % step === 0)) {
      await measure(
        `${name} single ${at}`,
        () => new Set([at]),
        ({ packets }) => packets[at].pts,
      );
    }
    continue;
  }
  for (const rate of numbers(options.rates)) {
    for (const burst of numbers(options.bursts)) {
      for (let seed = 0; seed < Number(options.seeds); seed++) {
        await measure(`${name} ${rate} x${burst} seed ${seed}`, ({ packets }) =>
          draw(path, packets, rate, burst, seed),
        );
      }
    }
  }
}
rmSync(folder, { recursive: true });
process.exit(0);
