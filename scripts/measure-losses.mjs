// Measures streams with lost packets: node scripts/measure-losses.mjs RESULTS.jsonl [--frames 65] [--quality 26]
// [--rates 0.01,0.05,0.1] [--bursts 1,5] [--seeds 10] [--single] [--pack tessera-nano] [--preset medium] [--metrics psnr-y,lpips] CLIP...
// Every clip is encoded twice, as a resilient stream and as a usual one. The same packets are taken out of both, never
// key packets; a picture that is missing is shown as the one before. --single: each inter packet alone instead of rates,
// at most --seeds of them, measured from the loss on. Lines that RESULTS.jsonl has are not measured again. Build first.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { Decoder } from '../dist/src/exports/codec.js';
import { measureFrames } from '../dist/src/exports/metrics.js';
import { encodeClip, readClip } from './in-memory.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: 'string', default: '65' },
    quality: { type: 'string', default: '26' },
    rates: { type: 'string', default: '0.01,0.05,0.1' },
    bursts: { type: 'string', default: '1,5' },
    seeds: { type: 'string', default: '10' },
    single: { type: 'boolean', default: false },
    pack: { type: 'string', default: 'tessera-nano' },
    preset: { type: 'string' },
    metrics: { type: 'string', default: 'psnr-y,lpips' },
  },
});
const [results, ...clips] = positionals;
const numbers = (list) => list.split(',').map(Number);
const metrics = options.metrics.split(',');
const known = new Set(
  existsSync(results)
    ? readFileSync(results, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).key)
    : [],
);

function write(line) {
  appendFileSync(results, `${JSON.stringify(line)}\n`);
  console.log(JSON.stringify(line));
}

/** Seeded uniform numbers in [0, 1): a linear congruential generator. */
function chance(seed) {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Positions of lost packets: bursts begin at random, so that `rate` of the packets are lost on average. */
function draw(packets, rate, burst, seed) {
  const random = chance(seed);
  const lost = new Set();
  packets.forEach((_, at) => {
    if (random() >= rate / burst) return;
    for (let other = at; other < Math.min(packets.length, at + burst); other++) lost.add(other);
  });
  return new Set([...lost].filter((at) => packets[at].kind !== 'key'));
}

/** Decodes what is left and measures all frames from `first` on, in display order. */
async function decode({ header, packets }, lost, clip, first = 0n) {
  async function* items() {
    for (const [at, packet] of packets.entries()) {
      if (lost.has(at)) yield { lost: 'a packet is missing' };
      else yield { ...packet, tokens: packet.tokens.slice() };
    }
  }
  await using decoder = await Decoder.create(header, { pack: options.pack });
  const frames = [];
  for await (const frame of decoder.decode(items())) frames.push(frame);
  let shown = 0;
  let unlike = 0;
  const pairs = [];
  for (const original of clip.frames) {
    while (frames[shown + 1]?.pts <= original.pts) shown++;
    const decoded = frames[shown];
    if (decoded.pts !== original.pts || decoded.isConcealed || decoded.isDamaged) unlike++;
    if (original.pts >= first) pairs.push({ original, decoded: { ...decoded, pts: original.pts } });
  }
  const values = await measureFrames(metrics, pairs, clip.properties);
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  return { unlike, ...Object.fromEntries(metrics.map((name) => [name, mean(values[name])])) };
}

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
  const measure = async (key, lostOf, firstOf = () => undefined) => {
    if (known.has(key)) return;
    const line = { key };
    for (const [kind, stream] of Object.entries(streams)) {
      line[kind] = await decode(stream, lostOf(stream), clip, firstOf(stream));
    }
    write(line);
  };
  if (!known.has(`${name} bytes`)) {
    write({ key: `${name} bytes`, usual: bytes('usual'), resilient: bytes('resilient') });
  }
  await measure(`${name} none`, () => new Set());
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
        await measure(`${name} ${rate} x${burst} seed ${seed}`, ({ packets }) => draw(packets, rate, burst, seed));
      }
    }
  }
}
process.exit(0);
