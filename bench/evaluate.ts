/**
 * Rate and quality of a pack against x264 and x265 on clips, in one run:
 *
 *     node dist/bench/evaluate.js CLIP... [--pack NAME] [--qualities 14,20,26,32] [--post-filters none,psnr,lpips]
 *                                         [--lpips GRAPH.onnx] [--out RESULTS.json]
 *
 * All clips have one key frame. Rates are whole `.tsr` files (without the side section) for tessera and coded pictures
 * alone for the references; BD-rates are by PSNR-Y, and by LPIPS if its graph is given.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { memorySource } from '../src/bitstream/byte-source.js';
import { StreamReader } from '../src/bitstream/stream-reader.js';
import { Decoder, type PostFilter } from '../src/codec/decoder.js';
import { computeBdRate, type RatePoint } from '../src/metrics/bd-rate.js';
import { Lpips } from '../src/metrics/lpips.js';
import { computePsnr, meanPsnr } from '../src/metrics/psnr.js';
import { compressVideo } from '../src/pipeline/compress.js';
import { feedPackets } from '../src/pipeline/packet-feed.js';
import type { Frame, VideoProperties } from '../src/video/frame.js';
import { openVideo } from '../src/video/media-reader.js';
import { encodeReference } from '../src/video/reference-encoder.js';

const CRFS = [18, 22, 26, 30, 34, 38, 42];
/** More frames than any clip has. */
const ONE_KEY_FRAME = 100_000;

/** One measured point. */
interface Point {
  readonly clip: string;
  readonly codec: string;
  readonly setting: number;
  readonly bitsPerPixel: number;
  readonly psnrY: number;
  readonly lpips: number | null;
  readonly encodeFps: number;
  readonly decodeFps: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pack: { type: 'string', default: 'tessera-nano' },
    qualities: { type: 'string', default: '14,20,26,32' },
    'post-filters': { type: 'string', default: 'none' },
    references: { type: 'string', default: 'x264:medium,x265:medium' },
    lpips: { type: 'string' },
    out: { type: 'string' },
  },
});

const points: Point[] = [];
const lpips = values.lpips === undefined ? null : await Lpips.create(values.lpips, { device: 'cpu', threads: 2 });
const folder = await mkdtemp(path.join(tmpdir(), 'tessera-evaluate-'));
try {
  for (const clip of positionals) await evaluateClip(clip);
} finally {
  await rm(folder, { recursive: true });
  await lpips?.[Symbol.asyncDispose]();
}
if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(points, null, 1)}\n`);
printBdRates();

async function evaluateClip(file: string): Promise<void> {
  const clip = path.basename(file).replace(/\.\w+$/, '');
  const { frames, properties } = await readFrames(file);
  for (const reference of values.references.split(',').filter((name) => name !== '')) {
    const [codec, preset] = reference.split(':') as ['x264' | 'x265', string];
    for (const crf of CRFS) {
      const { frameRate } = properties;
      const made = await encodeReference({ codec, preset, crf, keyint: ONE_KEY_FRAME, frameRate }, frames);
      await note(clip, reference, crf, made.bytes, frames, made.frames, properties, {
        encode: made.encodeSeconds,
        decode: made.decodeSeconds,
      });
    }
  }
  for (const quality of values.qualities.split(',').map(Number)) {
    const stream = path.join(folder, `${clip}.tsr`);
    const made = await compressVideo(file, stream, {
      pack: values.pack,
      quality,
      keyint: ONE_KEY_FRAME,
      overwrite: true,
    });
    const bytes = made.bytes - made.bytesBySection.side;
    for (const postFilter of values['post-filters'].split(',') as PostFilter[]) {
      const begin = performance.now();
      const shown = await decodeFrames(stream, postFilter);
      const decode = (performance.now() - begin) / 1000;
      await note(clip, `tessera:${postFilter}`, quality, bytes, frames, shown, properties, {
        encode: made.seconds,
        decode,
      });
    }
  }
}

async function readFrames(file: string): Promise<{ frames: Frame[]; properties: VideoProperties }> {
  await using source = await openVideo(file);
  const frames: Frame[] = [];
  for await (const frame of source.frames()) frames.push(frame);
  return { frames, properties: source.properties };
}

async function decodeFrames(file: string, postFilter: PostFilter): Promise<Frame[]> {
  const reader = await StreamReader.open(memorySource(await readFile(file)), { strict: true });
  await using decoder = await Decoder.create(reader.header, { pack: values.pack, postFilter, strict: true });
  const counts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
  const frames: Frame[] = [];
  for await (const frame of decoder.decode(feedPackets(reader.sections(), true, counts))) frames.push(frame);
  return frames;
}

async function note(
  clip: string,
  codec: string,
  setting: number,
  bytes: number,
  originals: readonly Frame[],
  shown: readonly Frame[],
  properties: VideoProperties,
  seconds: { readonly encode: number; readonly decode: number },
): Promise<void> {
  if (shown.length !== originals.length) {
    throw new Error(`${clip} ${codec} ${setting}: ${shown.length} of ${originals.length} frames came back`);
  }
  const psnr = meanPsnr(originals.map((frame, i) => computePsnr(frame, shown[i]!).y));
  let distance = 0;
  if (lpips !== null) {
    for (const [i, frame] of originals.entries()) distance += await lpips.compare(frame, shown[i]!, properties.colour);
  }
  const point: Point = {
    clip,
    codec,
    setting,
    bitsPerPixel: (bytes * 8) / (properties.width * properties.height * originals.length),
    psnrY: psnr.mean ?? 100,
    lpips: lpips === null ? null : distance / originals.length,
    encodeFps: originals.length / seconds.encode,
    decodeFps: originals.length / seconds.decode,
  };
  points.push(point);
  process.stderr.write(`${JSON.stringify(point)}\n`);
}

/** One line per clip and the mean, for each tessera row against each reference. */
function printBdRates(): void {
  const codecs = [...new Set(points.map((point) => point.codec))];
  const clips = [...new Set(points.map((point) => point.clip))];
  const measures = [
    { name: 'PSNR-Y', quality: (point: Point): number | null => point.psnrY },
    { name: 'LPIPS', quality: (point: Point): number | null => (point.lpips === null ? null : -point.lpips) },
  ];
  for (const { name, quality } of measures) {
    if (points.some((point) => quality(point) === null)) continue;
    const curve = (clip: string, codec: string): RatePoint[] =>
      points
        .filter((point) => point.clip === clip && point.codec === codec)
        .map((point) => ({ rate: point.bitsPerPixel, quality: quality(point)! }));
    for (const codec of codecs.filter((candidate) => candidate.startsWith('tessera'))) {
      for (const reference of codecs.filter((candidate) => !candidate.startsWith('tessera'))) {
        const found: number[] = [];
        const texts = clips.map((clip) => {
          const rate = computeBdRate(curve(clip, reference), curve(clip, codec));
          if ('reason' in rate) return `${clip} N/A (${rate.reason})`;
          found.push(rate.percent);
          return `${clip} ${rate.percent.toFixed(1)}`;
        });
        const mean = found.length === 0 ? 'N/A' : (found.reduce((a, b) => a + b, 0) / found.length).toFixed(2);
        console.log(`BD-rate % (${name}) of ${codec} against ${reference}: mean ${mean} of ${found.length} clips`);
        console.log(`  ${texts.join(', ')}`);
      }
    }
  }
}
