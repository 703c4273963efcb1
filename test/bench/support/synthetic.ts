import { isTemporalMetric, METRICS, type MetricName } from '../../../src/metrics/metric-names.js';
import { summariseFrames } from '../../../src/metrics/frame-summary.js';
import { RESULTS_VERSION, type BenchJob, type DoneJob, type Results } from '../../../bench/results.js';

/** What a made-up run holds. */
export interface SyntheticOptions {
  readonly clips?: number;
  readonly codecs?: number;
  readonly frames?: number;
  readonly metrics?: readonly MetricName[];
  /** More than 1: no times. */
  readonly jobs?: number;
  readonly targetBitsPerPixel?: number | null;
  /** Jobs that fail, one after another from the first codec's first clip. */
  readonly failures?: number;
  /** Number of pictures of each clip; the files are not made here. */
  readonly pictures?: number;
  /** Scales all rates of the last codec: a better or a worse version of it. */
  readonly lastCodecRate?: number;
}

const CLIPS = [
  { name: 'foreman', width: 352, height: 288, complexity: 0.9 },
  { name: 'old_town_cross', width: 640, height: 360, complexity: 1.3 },
  { name: 'cafe_people', width: 640, height: 360, complexity: 0.5 },
  { name: 'redhead_face', width: 480, height: 360, complexity: 0.35 },
  { name: 'basketballpass', width: 416, height: 240, complexity: 1.7 },
  { name: 'bigbuckbunny', width: 640, height: 360, complexity: 0.6 },
  { name: 'crowd_run', width: 640, height: 360, complexity: 2.6 },
  { name: 'table_tennis', width: 352, height: 240, complexity: 1.1 },
  { name: 'tea_indoor', width: 640, height: 360, complexity: 0.7 },
  { name: 'venice_boat', width: 640, height: 360, complexity: 1.0 },
  { name: 'vid4_calendar', width: 720, height: 576, complexity: 2.1 },
  { name: 'bus', width: 352, height: 288, complexity: 1.9 },
];

/** Rate factor at equal PSNR, how LPIPS and PSNR lean, frames per second of both directions. */
const CODECS = [
  { name: 'x264:medium', title: 'x264 medium', settingName: 'CRF', rate: 1, look: 1, encode: 210, decode: 620 },
  { name: 'x264:veryslow', title: 'x264 veryslow', settingName: 'CRF', rate: 0.9, look: 1, encode: 42, decode: 590 },
  { name: 'x265:medium', title: 'x265 medium', settingName: 'CRF', rate: 0.74, look: 1.03, encode: 105, decode: 380 },
  { name: 'svt-av1:6', title: 'SVT-AV1 6', settingName: 'CRF', rate: 0.66, look: 1.1, encode: 74, decode: 410 },
  {
    name: 'tessera-nano',
    title: 'tessera-nano',
    settingName: 'quality',
    rate: 0.86,
    look: 0.72,
    encode: 9.7,
    decode: 35,
  },
  { name: 'x265:veryslow', title: 'x265 veryslow', settingName: 'CRF', rate: 0.67, look: 1.02, encode: 6, decode: 370 },
];

const CRFS = [42, 37, 32, 27, 22];
const QUALITIES = [8, 16, 24, 32, 40];

/** Results of a run that never was, with plausible curves; the same options give the same results. */
export function syntheticResults(options: SyntheticOptions = {}): Results {
  const { clips = 3, codecs = 5, frames = 24, jobs = 1, failures = 0, pictures = 0 } = options;
  const metrics = options.metrics ?? ['psnr-y', 'psnr-yuv', 'ms-ssim', 'lpips', 'steady-lpips', 'steady-psnr'];
  const random = generator(7);
  const [someClips, someCodecs] = [CLIPS.slice(0, clips), CODECS.slice(0, codecs)];
  const all: BenchJob[] = someClips.flatMap((clip) =>
    someCodecs.flatMap((codec, index) => {
      const settings = codec.settingName === 'CRF' ? CRFS : QUALITIES;
      const scale = index === someCodecs.length - 1 ? (options.lastCodecRate ?? 1) : 1;
      const luck = 1 + 0.24 * (random() - 0.5);
      return settings.map((setting, step): BenchJob => {
        const level = step * 1.05 - 3.9 + 0.15 * random();
        const bitsPerPixel = 0.62 * clip.complexity * codec.rate * luck * scale * Math.exp(level);
        const psnr = 31.2 + 3.05 * step - 1.8 * clip.complexity + 0.4 * random();
        return {
          status: 'done',
          clip: clip.name,
          codec: codec.name,
          setting,
          command: commandOf(codec.name, clip.name, setting),
          frames,
          payloadBits: Math.max(1, Math.round(bitsPerPixel * clip.width * clip.height * frames)),
          fileBytes: Math.round((bitsPerPixel * clip.width * clip.height * frames) / 8) + 900,
          bitsPerPixel,
          kilobitsPerSecond: (bitsPerPixel * clip.width * clip.height * 25) / 1000,
          encode: jobs > 1 ? null : cost(frames, codec.encode * (1.5 - 0.18 * step), random()),
          decode: jobs > 1 ? null : cost(frames, codec.decode * (1.3 - 0.1 * step), random()),
          metrics: Object.fromEntries(
            metrics.map((metric) => [metric, values(metric, psnr, codec.look, frames, random)]),
          ),
          pictures: picturesOf(`pictures/${clip.name}/${codec.name.replace(':', '-')}-${setting}`, pictures),
        };
      });
    }),
  );
  for (let index = 0; index < failures; index++) {
    const { clip, codec, setting, command } = all[index * 7]!;
    all[index * 7] = {
      status: 'failed',
      clip,
      codec,
      setting,
      command,
      reason: 'the encoder ended with exit code 1: out of memory',
    };
  }
  return {
    format: 'tessera-bench',
    version: RESULTS_VERSION,
    createdAt: '2026-11-25T20:00:00.000Z',
    command: 'tessera bench clips/*.mkv --preset standard --out results',
    machine: {
      cpu: 'AMD EPYC 7B13 at 2.4 GHz',
      cores: 2,
      memoryBytes: 25_000_000_000,
      platform: 'linux x64',
      node: 'v20.20.2',
    },
    versions: { tessera: '0.1.0', FFmpeg: '8.1', onnxruntime: '1.30.0' },
    leftOut: [],
    settings: {
      preset: 'standard',
      metrics: [...metrics],
      frames: null,
      size: null,
      keyint: 100_000,
      jobs,
      targetBitsPerPixel: options.targetBitsPerPixel ?? null,
      published:
        options.targetBitsPerPixel === undefined || options.targetBitsPerPixel === null
          ? []
          : [
              {
                title: 'MAGVIT-v2',
                source: 'Yu et al., ICLR 2024, table 3',
                bitsPerPixel: 0.0384,
                metrics: { lpips: 0.104, 'psnr-yuv': 26.2 },
              },
              {
                title: 'VVC',
                source: 'Yu et al., ICLR 2024, table 3',
                bitsPerPixel: 0.0384,
                metrics: { lpips: 0.153, 'psnr-yuv': 32.7 },
              },
            ],
    },
    clips: someClips.map(({ name, width, height }, index) => ({
      name,
      file: `clips/${name}.mkv`,
      sha256: (index + 1).toString(16).repeat(64).slice(0, 64),
      width,
      height,
      frames,
      frameRate: { num: 25, den: 1 },
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 },
      notes: index === 1 ? ['scaled from 1280x720'] : [],
      pictures: picturesOf(`pictures/${name}/original`, pictures),
    })),
    codecs: someCodecs.map(({ name, title, settingName }) => ({
      name,
      title,
      version: name.startsWith('tessera') ? '0.1.0, pack 3f2a91c0' : `lib${name.split(':')[0]!} of FFmpeg 8.1`,
      details: name.startsWith('tessera') ? { 'post-filter': 'lpips' } : { threads: '2' },
      settingName,
      settings: settingName === 'CRF' ? [...CRFS] : [...QUALITIES],
    })),
    jobs: all,
  };
}

function picturesOf(stem: string, count: number): DoneJob['pictures'] {
  return Array.from({ length: count }, (_, index) => ({
    frame: 2 + 9 * index,
    file: `${stem}-${2 + 9 * index}.webp`,
  }));
}

function commandOf(codec: string, clip: string, setting: number): string {
  if (codec.startsWith('tessera')) return `tessera compress clips/${clip}.mkv out.tsr --quality ${setting}`;
  const [name, preset] = codec.split(':') as [string, string];
  const quality = `-c:v lib${name} -preset ${preset} -crf ${setting}`;
  return `ffmpeg -i clips/${clip}.mkv -map 0:v:0 ${quality} -g 100000 -threads 2 out.mp4`;
}

function cost(frames: number, framesPerSecond: number, luck: number): DoneJob['encode'] {
  const wallSeconds = (frames / framesPerSecond) * (0.95 + 0.1 * luck);
  return {
    wallSeconds,
    cpuSeconds: wallSeconds * 1.8,
    peakBytes: Math.round(180e6 + 90e6 * luck + 2e9 / framesPerSecond),
  };
}

function values(
  metric: MetricName,
  psnr: number,
  look: number,
  frames: number,
  random: () => number,
): DoneJob['metrics'][MetricName] {
  // In some frames nothing stands still.
  const missing = metric === 'flicker' ? 3 : isTemporalMetric(metric) ? 1 : 0;
  const perFrame = Array.from({ length: Math.max(1, frames - missing) }, (_, frame) => {
    const here = psnr - 0.05 * frame + 0.8 * Math.sin(frame / 2.3) + 0.5 * (random() - 0.5) + (frame === 0 ? 1.5 : 0);
    return valueOf(metric, here, look);
  });
  const { mean, min, p5 } = summariseFrames(perFrame, metric)!;
  return { mean, worst: min, p5, perFrame };
}

function valueOf(metric: MetricName, psnr: number, look: number): number {
  if (metric === 'lpips') return look * 0.46 * Math.exp(-(psnr - 26) / 6.8);
  if (metric === 'steady-lpips') return look * 0.12 * Math.exp(-(psnr - 26) / 7.5);
  if (metric === 'steady-psnr') return psnr + 1.5;
  if (metric === 'ms-ssim' || metric === 'ssim') return 1 - 0.09 * Math.exp(-(psnr - 27) / 4.6);
  if (metric.startsWith('vmaf')) return Math.min(99, 20 + 2.1 * (psnr - 20));
  return metric === 'psnr-y' ? psnr : psnr + (METRICS[metric].unit === 'dB' ? 1.1 : 0);
}

/** A small linear congruential generator: 0 <= x < 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
