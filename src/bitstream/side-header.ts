/**
 * The JSON header of the side data. It describes everything in the source except the picture, in terms that do not
 * depend on FFmpeg's version.
 */
import * as z from 'zod';
import { BitstreamError } from '../errors.js';

/** Names and values of tags, as FFmpeg names them (`title`, `language`). */
export type Tags = Readonly<Record<string, string>>;

/** A chapter of the whole video. */
export interface Chapter {
  /** Microseconds. */
  readonly start: number;
  /** Microseconds, not less than `start`. */
  readonly end: number;
  readonly tags: Tags;
}

/** The title of a chapter; empty if it has none. */
export function titleOf(chapter: Chapter): string {
  return Object.entries(chapter.tags).find(([name]) => name.toLowerCase() === 'title')?.[1] ?? '';
}

/** One track other than the coded video track, with everything that a muxer needs to know. */
export interface SideTrack {
  readonly kind: 'audio' | 'subtitle' | 'video' | 'data' | 'attachment';
  /** Codec as FFmpeg names it: `aac`, `subrip`. */
  readonly codec: string;
  /** The container's own code for the codec (four characters, little endian); 0 if none. */
  readonly codecTag: number;
  /** Seconds per tick of the packets' time stamps: numerator, denominator. */
  readonly timeBase: readonly [number, number];
  /** Bits of FFmpeg's `AV_DISPOSITION_*` (default, forced, attached picture ...). */
  readonly disposition: number;
  readonly tags: Tags;
  /** Codec configuration, base64. */
  readonly extradata?: string | undefined;
  /** Sample or pixel format as FFmpeg names it. */
  readonly format?: string | undefined;
  readonly bitRate: number;
  readonly bitsPerCodedSample: number;
  readonly bitsPerRawSample: number;
  readonly profile: number;
  readonly level: number;
  readonly audio?:
    | {
        readonly sampleRate: number;
        readonly channels: number;
        /** 0: unknown order, 1: the channels of `mask` in order. */
        readonly order: number;
        /** Bits of FFmpeg's channels, decimal. */
        readonly mask: string;
        readonly blockAlign: number;
        readonly frameSize: number;
        readonly initialPadding: number;
      }
    | undefined;
  readonly picture?:
    { readonly width: number; readonly height: number; readonly sampleAspect: readonly [number, number] } | undefined;
  /** Side data of the track (name as in `side-data.ts`), base64. */
  readonly sideData: Readonly<Record<string, string>>;
}

/** FFmpeg's `AV_DISPOSITION_ATTACHED_PIC`: a cover picture. */
const ATTACHED_PICTURE = 0x400;

/** Returns true for tracks without time stamps: attachments and cover pictures. */
export function isTimeless({ kind, disposition }: SideTrack): boolean {
  return kind === 'attachment' || (disposition & ATTACHED_PICTURE) !== 0;
}

/** The whole header. */
export interface SideHeader {
  readonly version: 1;
  /** Tags of the whole file. */
  readonly tags: Tags;
  /** Tags and disposition of the video track itself. */
  readonly video: { readonly tags: Tags; readonly disposition: number };
  readonly chapters: readonly Chapter[];
  readonly tracks: readonly SideTrack[];
}

const count = z.int().min(0).max(0x7fffffff);
const positive = z.int().min(1).max(0x7fffffff);
const anyInt = z.int().min(-0x80000000).max(0xffffffff);
const tags = z.record(z.string(), z.string());
const microseconds = z.int();

const headerSchema = z.object({
  version: z.literal(1),
  tags,
  video: z.object({ tags, disposition: anyInt }),
  chapters: z.array(z.object({ start: microseconds, end: microseconds, tags })).max(100_000),
  tracks: z
    .array(
      z.object({
        kind: z.enum(['audio', 'subtitle', 'video', 'data', 'attachment']),
        codec: z.string().max(64),
        codecTag: anyInt,
        timeBase: z.tuple([positive, positive]),
        disposition: anyInt,
        tags,
        extradata: z.base64().optional(),
        format: z.string().max(64).optional(),
        bitRate: z.int(),
        bitsPerCodedSample: count,
        bitsPerRawSample: count,
        profile: anyInt,
        level: anyInt,
        audio: z
          .object({
            sampleRate: count,
            channels: z.int().min(0).max(1024),
            order: count,
            mask: z.string().regex(/^\d{1,20}$/),
            blockAlign: count,
            frameSize: count,
            initialPadding: count,
          })
          .optional(),
        picture: z.object({ width: count, height: count, sampleAspect: z.tuple([count, count]) }).optional(),
        sideData: z.record(z.string(), z.base64()),
      }),
    )
    .max(1000),
});

/**
 * Reads a header from JSON text.
 *
 * @throws BitstreamError if the text is not a valid header
 */
export function parseSideHeader(json: string): SideHeader {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new BitstreamError('the header of the side tracks is not JSON', { cause: error });
  }
  const result = headerSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BitstreamError(
    `the header of the side tracks is wrong at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? ''}`,
  );
}
