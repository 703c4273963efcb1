import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { Tune } from '../codec/sequence-options.js';
import { SequenceEncoder } from '../codec/transform/encoder/sequence-encoder.js';
import { Geometry, TOKENS_PER_BLOCK } from '../codec/transform/frame-tokens.js';
import type { PriorGraphs } from '../codec/transform/prior.js';
import { TokenCodec } from '../codec/transform/token-codec.js';
import { InputError } from '../errors.js';
import { Kernels } from '../kernels/kernels.js';
import type { GraphTensor, Network } from '../model/network.js';
import { openNetwork } from '../model/open-network.js';
import { readPackTables, type PackTables } from '../codec/transform/pack-tables.js';
import type { GraphRole } from '../model/families.js';
import { loadPack, type ModelPack } from '../model/pack.js';
import type { Frame } from '../video/frame.js';
import { openVideo } from '../video/in/media-reader.js';
import { drawPath, filmedSize, filmPicture, viewsOf, type Size, type View } from './camera.js';
import { cropFrame } from './crop.js';
import { NpyWriter } from './npy.js';
import { SeededRandom } from './random.js';
import { ShardWriter } from './shard.js';

/** The options of a dump. */
export interface DumpOptions {
  /** Folder that gets one folder per clip. */
  readonly out: string;
  /** Frames of a clip, from a place drawn at random. */
  readonly frames: number;
  /** A clip's base quality index is drawn from this range, both ends included. */
  readonly quality: readonly [number, number];
  /** Draws all random numbers; other seeds give other places and qualities, in other folders. */
  readonly seed: number;
  /** Name or folder of the model pack whose tables and loop filter are used. */
  readonly pack: string;
  readonly loopFilter: boolean;
  /** Also writes what the pack's prior gives, to check the trainer's against it: `scales.npy`. */
  readonly scales: boolean;
  /** What the encoder's decisions are tuned for. */
  readonly tune: Tune;
  /** The side of the random crop of each picture, samples; null: no crop. */
  readonly crop: number | null;
  /** Makes clips of pictures: a camera moves over them. */
  readonly camera: boolean;
  /** The largest number of frames that count for the last possible start. */
  readonly searchFrames: number;
}

/** One line about a clip that was dumped. */
export interface DumpedClip {
  readonly clip: string;
  readonly folder: string;
  /** Null if the clip's shard already existed. */
  readonly frames: number | null;
  readonly q: number;
  readonly framesPerSecond: number;
}

/** File names of pictures. */
export const PICTURE = /\.(avif|gif|jpe?g|png|tiff?|webp)$/i;

/**
 * The prior without its networks: it gives scale 0 for every token. Its inputs are what a dump is about, and the bytes
 * of the packets, which the scales would change, are thrown away.
 */
const blindPrior: PriorGraphs = {
  first: {
    run: ({ block }) => Promise.resolve({ features: zeros(block!, 1), scale: zeros(block!, TOKENS_PER_BLOCK) }),
  },
  second: { run: ({ features }) => Promise.resolve({ scale: zeros(features!, TOKENS_PER_BLOCK) }) },
};

/** Loads the prior of a pack. */
async function priorOf(pack: ModelPack): Promise<PriorGraphs & AsyncDisposable> {
  const load = (name: GraphRole): Promise<Network> =>
    openNetwork(pack.graphs.get(name)!, { device: 'cpu', threads: 1 });
  const [first, second] = [await load('prior-first'), await load('prior-second')];
  const dispose = async (): Promise<void> => {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  };
  return { first, second, [Symbol.asyncDispose]: dispose };
}

/** Graphs of a prior that keep the scales that they give. */
class RecordedPrior implements PriorGraphs {
  readonly first: PriorGraphs['first'];
  readonly second: PriorGraphs['second'];
  #scales: Uint8Array[] = [];

  constructor(graphs: PriorGraphs) {
    const recorded = ({ run }: Pick<Network, 'run'>): Pick<Network, 'run'> => ({
      run: async (inputs) => {
        const outputs = await run(inputs);
        this.#scales.push(Uint8Array.from(outputs['scale']!.data));
        return outputs;
      },
    });
    this.first = recorded({ run: (inputs) => graphs.first.run(inputs) });
    this.second = recorded({ run: (inputs) => graphs.second.run(inputs) });
  }

  /** Returns the scales [macroblocks, 384] given since the last call, one array for each pass. */
  take(): Uint8Array[] {
    return this.#scales.splice(0);
  }
}

function zeros({ dims }: GraphTensor, width: number): GraphTensor {
  const rows = dims[0]!;
  return { data: new Uint8Array(rows * width), dims: [rows, width] };
}

/**
 * Runs the encoder over clips and writes one shard of training data for each. Complete shards are left as they are, so
 * that a stopped dump can continue.
 *
 * @param clips video files, or single pictures.
 * @throws InputError if two clips have one name or a clip cannot be read; ModelError.
 */
export async function* dumpClips(
  clips: readonly string[],
  options: DumpOptions,
): AsyncGenerator<DumpedClip, void, void> {
  const pack = await loadPack(options.pack);
  const tables = readPackTables(pack);
  const loopFilter = options.loopFilter
    ? await openNetwork(pack.graphs.get('loop-filter')!, { device: 'cpu', threads: 1 })
    : null;
  const prior = options.scales ? await priorOf(pack) : null;
  try {
    for (const clip of clips) yield await dumpClip(clip, options, tables, loopFilter, prior);
  } finally {
    await loopFilter?.[Symbol.asyncDispose]();
    await prior?.[Symbol.asyncDispose]();
  }
}

/** Name of a clip in shards. */
export function clipName(clip: string): string {
  return basename(clip, extname(clip));
}

/** @throws InputError if two clips would be written to one folder. */
export function requireDifferentNames(clips: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const clip of clips) {
    const other = seen.get(clipName(clip));
    if (other !== undefined) throw new InputError(`${other} and ${clip} have one name: rename one of them`);
    seen.set(clipName(clip), clip);
  }
}

async function dumpClip(
  clip: string,
  options: DumpOptions,
  tables: PackTables,
  loopFilter: Network | null,
  prior: PriorGraphs | null,
): Promise<DumpedClip> {
  const name = clipName(clip);
  // Of the name, not of its place among the clips: adding a clip changes no other.
  const random = new SeededRandom(`${options.seed} ${name}`);
  const [low, high] = options.quality;
  const q = low + random.below(high - low + 1);
  const folder = join(options.out, `${name}-s${options.seed}`);
  if (existsSync(join(folder, 'meta.json'))) return { clip, folder, frames: null, q, framesPerSecond: 0 };
  const startMs = performance.now();
  const isPicture = PICTURE.test(clip);
  await using video = await openVideo(isPicture ? [clip] : clip);
  const length = Math.min(video.frameCountHint ?? options.searchFrames, options.searchFrames);
  const first = random.below(Math.max(0, length - options.frames) + 1);
  const hasCamera = options.camera && isPicture;
  const { width, height } = hasCamera ? filmedSize(video.properties) : video.properties;
  const crop = options.crop ?? Infinity;
  const size = { width: Math.min(width, crop), height: Math.min(height, crop) };
  // Even offsets keep luma and chroma together.
  const x = 2 * random.below(((width - size.width) >> 1) + 1);
  const y = 2 * random.below(((height - size.height) >> 1) + 1);
  const camera = hasCamera ? drawPath(video.properties, random) : null;

  const geometry = new Geometry(size.width, size.height);
  const encoder = new SequenceEncoder(new Kernels(), geometry, tables, loopFilter, {
    ...{ quality: q, keyint: 2 ** 31, tune: options.tune },
  });
  const recorded = prior === null ? null : new RecordedPrior(prior);
  const codec = new TokenCodec(geometry, tables, recorded ?? blindPrior);
  const shard = await ShardWriter.create(folder, { clip: name, q, tune: options.tune, camera }, geometry, tables);
  const scales = recorded && (await NpyWriter.create(join(folder, 'scales.npy'), '|u1', [TOKENS_PER_BLOCK]));
  let frames = 0;
  const encodeNext = async (): Promise<void> => {
    const encoded = await encoder.next();
    await codec.write(encoded.header, encoded.tokens);
    await shard.add(encoded, codec.lastPrior!);
    for (const part of recorded?.take() ?? []) await scales!.append(part, part.length / TOKENS_PER_BLOCK);
    frames++;
  };
  const taken = take(video.frames(), first, options.frames);
  const shown = camera === null ? taken : filmed(taken, viewsOf(camera, options.frames), { width, height });
  for await (const frame of shown) {
    encoder.push(cropFrame(frame, { x, y, ...size }));
    if (encoder.isReady(false)) await encodeNext();
  }
  while (encoder.isReady(true)) await encodeNext();
  if (frames === 0)
    throw new InputError(`${clip} has no frame number ${first}: its container declares more frames than it has`);
  await scales?.finish();
  await shard.finish();
  return { clip, folder, frames, q, framesPerSecond: (1000 * frames) / (performance.now() - startMs) };
}

/** Items `first` .. `first + count - 1`. */
async function* take(items: AsyncIterable<Frame>, first: number, count: number): AsyncGenerator<Frame, void, void> {
  let index = 0;
  for await (const item of items) {
    if (index >= first) yield item;
    if (++index >= first + count) return;
  }
}

/** The clip that a camera makes of each picture. */
async function* filmed(pictures: AsyncIterable<Frame>, views: readonly View[], size: Size): AsyncGenerator<Frame> {
  for await (const picture of pictures) yield* filmPicture(picture, views, size);
}
