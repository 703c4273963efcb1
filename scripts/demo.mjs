// Compresses a 3-second clip with sound, decompresses it, and measures it beside x264 and x265 at the nearest size.
// Every figure is measured in this run. `npm run demo` builds first. FFmpeg's encoders are those of the npm package
// node-av, the graph of LPIPS is the package's own.
import { Buffer } from 'node:buffer';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { formatTable } from '../dist/src/cli/table.js';
import { encodeReference } from '../dist/src/exports/bench.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { computePsnr, Lpips, meanPsnr } from '../dist/src/exports/metrics.js';
import { openFileSource, StreamReader } from '../dist/src/exports/stream.js';
import { compressVideo, decompressVideo, frameToRgb, inspectStream, openVideo } from '../dist/src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const clip = join(root, 'fixtures/clips/big-buck-bunny-3s.mp4');
const out = join(root, 'demo-output');
const stream = join(out, 'big-buck-bunny.tsr');
const video = join(out, 'big-buck-bunny.mp4');
const picture = join(out, 'side-by-side.png');
/** LPIPS is slow on a CPU, so it is measured on every n-th frame. */
const LPIPS_STEP = 5;
/** How near the references are brought to the size of the stream's packets, as a power of two. */
const TOLERANCE = 0.015;

const startMs = performance.now();
mkdirSync(out, { recursive: true });
const source = await readFrames(clip);
const { width, height } = source.properties;

say(`compressing ${relative(root, clip)} (${source.frames.length} frames of ${width}x${height}, with sound)`);
const compressed = await compressVideo(clip, stream, { overwrite: true });
say('decompressing');
await decompressVideo(stream, video, { overwrite: true });
const info = await inspectStream(stream);
const [plain, shown] = [await decode('none'), await decode()];

const payload = compressed.bytesBySection.packet;
const rows = [
  {
    name: `tessera, ${shown.postFilter}`,
    bytes: payload,
    frames: shown.frames,
    encodeSpeed: compressed.framesPerSecond,
    decodeSpeed: shown.speed,
  },
  {
    name: 'tessera, no post-filter',
    bytes: payload,
    frames: plain.frames,
    encodeSpeed: compressed.framesPerSecond,
    decodeSpeed: plain.speed,
  },
  await findReference('x264'),
  await findReference('x265'),
];

const lpips = await Lpips.create(undefined, { device: 'cpu', threads: 2 });
const table = [];
for (const { name, bytes, frames, encodeSpeed, decodeSpeed } of rows) {
  table.push([
    name,
    bytes.toLocaleString('en'),
    ((bytes * 8) / (frames.length * width * height)).toFixed(4),
    meanPsnr(source.frames.map((frame, index) => computePsnr(frame, frames[index]).y)).mean.toFixed(2),
    (await meanLpips(frames)).toFixed(4),
    encodeSpeed.toFixed(1),
    decodeSpeed.toFixed(1),
  ]);
}
await lpips[Symbol.asyncDispose]();
await writePicture();

process.stdout.write(
  `\n${formatTable(['codec', 'bytes', 'bits per pixel', 'PSNR-Y, dB', 'LPIPS', 'encoded fps', 'decoded fps'], table)}\n
bytes are those of coded pictures; the .tsr file has ${compressed.bytes.toLocaleString('en')}, of which ${compressed.bytesBySection.side.toLocaleString('en')} carry the
sound (${info.tracks.map(({ codec }) => codec).join(', ')}) bit for bit. x264 and x265: preset medium, CRF chosen for the nearest size, one key frame
per 250 frames like tessera. LPIPS (alex): lower is better, every ${LPIPS_STEP}th frame.

${relative(root, stream)}, ${relative(root, video)}, ${relative(root, picture)}
demo: ${((performance.now() - startMs) / 1000).toFixed(0)} seconds
`,
);

/** All frames of a video. */
async function readFrames(path) {
  const opened = await openVideo(path);
  try {
    const frames = [];
    for await (const frame of opened.frames()) frames.push(frame);
    return { frames, properties: opened.properties };
  } finally {
    await opened[Symbol.asyncDispose]();
  }
}

/** The stream's frames as they are shown, without a second loss. */
async function decode(postFilter) {
  const file = await openFileSource(stream);
  const reader = await StreamReader.open(file);
  const decoder = await Decoder.create(reader.header, { postFilter });
  async function* packets() {
    for await (const section of reader.sections()) if (section.kind === 'packet') yield section.packet;
  }
  try {
    const frames = [];
    const beginMs = performance.now();
    for await (const frame of decoder.decode(packets())) frames.push(frame);
    const speed = (1000 * frames.length) / (performance.now() - beginMs);
    return { frames, speed, postFilter: decoder.postFilter };
  } finally {
    await decoder[Symbol.asyncDispose]();
    await file.close();
  }
}

/** The reference whose coded pictures take most nearly as many bytes as the stream's packets. */
async function findReference(codec) {
  const tries = [];
  // Bytes fall about by half per 6 steps of CRF; then the two nearest tries tell better.
  let crf = 23;
  for (let count = 0; count < 6; count++) {
    say(`${codec} medium, CRF ${crf}`);
    const result = await encodeReference(
      { codec, preset: 'medium', crf, keyint: 250, frameRate: source.properties.frameRate },
      source.frames,
    );
    tries.push({ crf, result, excess: Math.log2(result.bytes / payload) });
    tries.sort((a, b) => Math.abs(a.excess) - Math.abs(b.excess));
    const [nearest, next] = tries;
    if (Math.abs(nearest.excess) < TOLERANCE) break;
    const slope = next === undefined ? -1 / 6 : (next.excess - nearest.excess) / (next.crf - nearest.crf);
    crf = Math.round(10 * Math.min(51, Math.max(0, nearest.crf - nearest.excess / slope))) / 10;
    if (tries.some((tried) => tried.crf === crf)) break;
  }
  const [{ crf: chosen, result }] = tries;
  return {
    name: `${codec} medium, CRF ${chosen}`,
    bytes: result.bytes,
    frames: result.frames,
    encodeSpeed: source.frames.length / result.encodeSeconds,
    decodeSpeed: source.frames.length / result.decodeSeconds,
  };
}

async function meanLpips(frames) {
  let sum = 0;
  let count = 0;
  for (let index = 0; index < frames.length; index += LPIPS_STEP, count++) {
    sum += await lpips.compare(source.frames[index], frames[index], source.properties.colour);
  }
  return sum / count;
}

/** The middle frame of the source and of three codecs, with names. */
async function writePicture() {
  const index = source.frames.length >> 1;
  const panels = [
    { name: 'source', frames: source.frames },
    ...rows.filter(({ name }) => name !== 'tessera, no post-filter'),
  ];
  const bar = 28;
  const layers = [];
  for (const [panel, { name, frames, bytes }] of panels.entries()) {
    const [left, top] = [(panel % 2) * width, (panel >> 1) * (height + bar)];
    const text = bytes === undefined ? name : `${name}: ${bytes.toLocaleString('en')} bytes`;
    const label = `<svg width="${width}" height="${bar}"><rect width="100%" height="100%" fill="#222"/><text x="10" y="20" font-family="sans-serif" font-size="16" fill="#fff">${text}</text></svg>`;
    const rgb = frameToRgb(frames[index], source.properties.colour);
    layers.push({ input: Buffer.from(label), left, top });
    layers.push({ input: rgb, raw: { width, height, channels: 3 }, left, top: top + bar });
  }
  const size = { width: 2 * width, height: 2 * (height + bar), channels: 3, background: '#000' };
  await sharp({ create: size }).composite(layers).png().toFile(picture);
}

function say(text) {
  process.stderr.write(`demo: ${text}\n`);
}
