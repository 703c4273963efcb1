import type { Packet } from '../../bitstream/packet.js';
import { PacketSizer } from '../../bitstream/packet-sizer.js';
import { Encoder, type EncoderOptions } from '../../codec/encoder.js';
import { FrameScaler } from '../../video/convert/frame-scaler.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import type { KnownFrame } from './budget-control.js';

/** Smaller pictures are not scaled down, luma samples. */
const LEAST_SIDE = 64;

/** A pair of the bits of a frame and of its duration in ticks. */
export interface ScoutedFrame extends KnownFrame {
  readonly duration: bigint;
}

/** A guess of the bits of a frame as a multiple of those at half size. docs/ENCODER.md, "Rate control". */
export const SCOUT_SCALE = 2.8;

/** Options of every scout. Nobody sees its pictures, so nothing is chosen for their post-filter. */
export const SCOUT_OPTIONS = { attenuation: 0 } as const;

/**
 * Codes frames at half of their size, to learn how their bits differ from each other.
 *
 * Yields a frame for each packet, in coding order.
 *
 * @param options `quality` is a guess of the one that the frames will have.
 */
export async function* scout(
  frames: AsyncIterable<Frame>,
  properties: VideoProperties,
  options: EncoderOptions & { readonly quality: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<ScoutedFrame, void, undefined> {
  const { width, height } = scoutSize(properties);
  using scaler = new FrameScaler(width, height, properties.colour.fullRange);
  await using encoder = await Encoder.create(width, height, { ...options, ...SCOUT_OPTIONS });
  async function* scaled(): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of frames) yield await scaler.scale(frame);
  }
  const sizer = new PacketSizer();
  for await (const packet of encoder.encode(scaled(), { signal })) yield scouted(packet, sizer, options.quality);
}

/** Returns what a packet of a scout tells about its frame. */
export function scouted(packet: Packet, sizer: PacketSizer, quality: number): ScoutedFrame {
  const { pts, duration, kind } = packet;
  return { pts, duration, isKey: kind === 'key', bits: 8 * sizer.sizeOf(packet), quality };
}

/** A chunk that was scouted; its frames in coding order. */
export interface ScoutedChunk {
  /** Number of the chunk, from 0, of its first frame, and of the frame behind its last one. */
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly frames: readonly ScoutedFrame[];
}

/** Divides all frames of a video into chunks. */
export function splitScouted(frames: readonly ScoutedFrame[]): ScoutedChunk[] {
  const starts = frames.flatMap(({ isKey }, at) => (isKey ? [at] : []));
  return starts.map((from, index) => {
    const to = starts[index + 1] ?? frames.length;
    return { index, from, to, frames: frames.slice(from, to) };
  });
}

/** Half of the size, rounded to even numbers; small pictures keep their size. */
export function scoutSize({ width, height }: Pick<VideoProperties, 'width' | 'height'>): {
  width: number;
  height: number;
} {
  if (Math.min(width, height) < 2 * LEAST_SIDE) return { width, height };
  return { width: 2 * Math.round(width / 4), height: 2 * Math.round(height / 4) };
}

/** How much the pictures of a scout are smaller, as a guess of the ratio of bits. */
export function scoutScale(properties: VideoProperties): number {
  return scoutSize(properties).width === properties.width ? 1 : SCOUT_SCALE;
}
