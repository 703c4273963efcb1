import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toHex } from '../../bitstream/bytes.js';
import { DIMENSION_LIMIT } from '../../bitstream/limits.js';
import { PRESETS, type Preset } from '../../codec/sequence-options.js';
import { InputError } from '../../errors.js';
import { crc32c } from '../../platform/checksums.js';
import type { Frame } from '../../video/frame.js';
import { EDITION } from '../rate/fingerprint.js';
import type { ChunkedVideo, ChunkQuality, ChunkTask } from './chunk-coders.js';

/** More frames than a chunk of any use has. */
const FRAME_LIMIT = 1_000_000;

const ticks = z.string().regex(/^-?\d{1,19}$/);
const positive = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const quality = z.number().min(0).max(63);
const scale = z.number().min(1e-6).max(1e6);

const specSchema: z.ZodType<ChunkSpec> = z.strictObject({
  edition: z.literal(EDITION),
  source: z.strictObject({
    path: z.string().min(1).max(4096),
    track: positive.max(1000).nullable(),
    picturesPerSecond: z.number().min(1e-3).max(1000).nullable(),
    offset: ticks,
  }),
  width: positive.max(DIMENSION_LIMIT),
  height: positive.max(DIMENSION_LIMIT),
  fullRange: z.boolean(),
  timeBase: z.strictObject({ num: positive, den: positive }),
  frameRate: z.strictObject({ num: positive, den: positive }),
  pack: z.strictObject({ name: z.string().regex(/^[\w-][\w.-]{0,255}$/), id: z.string().regex(/^[0-9a-f]{32}$/) }),
  keyint: positive,
  tune: z.enum(['lpips', 'psnr']).nullable(),
  preset: z.enum(PRESETS).nullable(),
  isResilient: z.boolean(),
  isScout: z.boolean(),
  quality: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant'), quality }),
    z.strictObject({
      kind: z.literal('budget'),
      bits: z.number().min(0).max(1e15),
      scale: z.strictObject({ key: scale, inter: scale }),
      limit: quality.nullable(),
      known: z
        .array(z.strictObject({ pts: ticks, isKey: z.boolean(), bits: z.number().min(0).max(1e12), quality }))
        .max(FRAME_LIMIT),
    }),
  ]),
  frames: z
    .array(
      z.tuple([
        ticks,
        ticks,
        z
          .int()
          .min(0)
          .max(2 ** 32 - 1),
      ]),
    )
    .min(1)
    .max(FRAME_LIMIT),
});

/** All that a machine needs to know to code a chunk, as plain JSON. Times are decimal digits, ticks of `timeBase`. */
export interface ChunkSpec {
  /** Changes when the same chunk makes other packets. */
  readonly edition: number;
  readonly source: {
    /** Where the frames are: an absolute path, as the machine that codes the chunk sees it, or a URL that it fetches. */
    readonly path: string;
    /** Null: the first one. */
    readonly track: number | null;
    readonly picturesPerSecond: number | null;
    /** Time of the video's first frame in the source. */
    readonly offset: string;
  };
  readonly width: number;
  readonly height: number;
  readonly fullRange: boolean;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly frameRate: { readonly num: number; readonly den: number };
  /** The model pack, and its identity in hexadecimal digits. */
  readonly pack: { readonly name: string; readonly id: string };
  readonly keyint: number;
  readonly tune: 'lpips' | 'psnr' | null;
  readonly preset: Preset | null;
  readonly isResilient: boolean;
  /** True: half of the size. */
  readonly isScout: boolean;
  /** As `ChunkQuality`. */
  readonly quality:
    | { readonly kind: 'constant'; readonly quality: number }
    | {
        readonly kind: 'budget';
        readonly bits: number;
        readonly scale: { readonly key: number; readonly inter: number };
        readonly limit: number | null;
        readonly known: readonly {
          readonly pts: string;
          readonly isKey: boolean;
          readonly bits: number;
          readonly quality: number;
        }[];
      };
  /** Time and duration in the video, and CRC-32C of the planes, of each frame in display order. */
  readonly frames: readonly (readonly [string, string, number])[];
}

/** Describes a chunk; reads its frames. */
export async function describeChunk(
  { properties, encoder, packName, packId, part, offset }: ChunkedVideo,
  { isScout, quality, frames }: ChunkTask,
  path: string,
): Promise<ChunkSpec> {
  const list: [string, string, number][] = [];
  for await (const frame of frames()) list.push([String(frame.pts), String(frame.duration), checksumOf(frame)]);
  const { width, height, timeBase, frameRate, colour } = properties;
  return parseSpec({
    edition: EDITION,
    source: {
      path,
      track: part.track ?? null,
      picturesPerSecond: part.picturesPerSecond ?? null,
      offset: String(offset),
    },
    ...{ width, height, fullRange: colour.fullRange },
    timeBase: { num: timeBase.num, den: timeBase.den },
    frameRate: { num: frameRate.num, den: frameRate.den },
    pack: { name: packName, id: toHex(packId) },
    keyint: encoder.keyint,
    tune: encoder.tune ?? null,
    preset: encoder.preset ?? null,
    isResilient: encoder.resilient ?? false,
    ...{ isScout, quality: plainQuality(quality) },
    frames: list,
  });
}

/** Checks what should be a {@link ChunkSpec}. Throws InputError. */
export function parseSpec(value: unknown): ChunkSpec {
  const checked = specSchema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new InputError(`a chunk is not described as it must be: ${issue!.path.join('.')}: ${issue!.message}`);
}

/** Checks the text of a {@link ChunkSpec}. Throws InputError. */
export function parseSpecText(text: string): ChunkSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError('a chunk is not described as it must be: it is not JSON');
  }
  return parseSpec(value);
}

/** 64 hexadecimal digits that are the same for chunks with the same packets, wherever their frames come from. */
export function hashOf({ source: _, pack, ...rest }: ChunkSpec): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...rest, pack: pack.id }))
    .digest('hex');
}

/** What decides the quality of a described chunk. */
export function qualityOf({ quality }: ChunkSpec): ChunkQuality {
  if (quality.kind === 'constant') return quality;
  return { ...quality, known: quality.known.map((frame) => ({ ...frame, pts: BigInt(frame.pts) })) };
}

function plainQuality(quality: ChunkQuality): ChunkSpec['quality'] {
  if (quality.kind === 'constant') return quality;
  const known = quality.known.map(({ pts, isKey, bits, quality: at }) => ({
    ...{ pts: String(pts), isKey, bits },
    quality: at,
  }));
  return { ...quality, known };
}

/** CRC-32C of all planes of a frame. */
export function checksumOf({ y, u, v }: Pick<Frame, 'y' | 'u' | 'v'>): number {
  return crc32c(v, crc32c(u, crc32c(y)));
}
