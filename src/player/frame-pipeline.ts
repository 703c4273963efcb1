import type { Packet } from '../bitstream/packet.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import { unlessCancelled } from '../codec/cancellation.js';
import type { FamilyWorkers } from '../codec/family.js';
import { cropPlane, planeBuffers, type Planes } from '../codec/planes.js';
import { DEPENDS_ON_LOSS } from '../codec/slot-marks.js';
import { transformFamily } from '../codec/transform/family.js';
import {
  tokenBuffers,
  type DecoderRequest,
  type DecoderResponse,
  type PostFilterRequest,
  type TokenRequest,
  type TokenResponse,
} from '../codec/workers/messages.js';
import { release } from '../platform/threads.js';
import type { WorkerLink } from '../threads/worker-link.js';
import type { PlayerFrame } from './api.js';
import type { PlayerPack } from './load-pack.js';
import type { FeedItem } from './opened-stream.js';

/** The number of packets in the workers at a time: enough to keep all of them busy. */
const IN_FLIGHT = 5;

/** What a reader of frames wants; it is asked for each frame, so the answers may change. */
export interface FrameWishes {
  /** Frames are given from the one that is shown at this tick on; null: all. It may only move ahead. */
  readonly from: bigint | null;
  /** True: the picture is not given. Asked for pictures only that no other picture refers to. */
  isLeftOut(packet: Packet): boolean;
  /** True: the post-filter improves this picture. */
  filters(packet: Packet): boolean;
  /** True: the picture before the post-filter is given too. */
  readonly keepsUnfiltered: boolean;
  /** Called for damage, in the order of the stream. */
  onLost(reason: string, isCut: boolean, frames: number): void;
  /** Called for each packet. */
  onPacket(packet: Packet, bits: number): void;
}

/** A decoded frame. */
export interface PipelineFrame {
  /** The picture to show, at coded size. */
  readonly planes: Planes;
  /** The same before the post-filter; the same object if it was not filtered, or if it was not asked for. */
  readonly unfiltered: Planes;
  readonly pts: bigint;
  readonly duration: bigint;
  readonly isDamaged: boolean;
}

type Picture = Pick<PipelineFrame, 'planes' | 'unfiltered'>;

/** A picture from the decoder. `side` is what its post-filter needs; null if it is filtered, or will not be. */
interface Decoded extends Picture {
  readonly side: Uint8Array<ArrayBuffer> | null;
  readonly attenuation: number;
  /** Whether it depends on a lost frame. */
  readonly isDamaged: boolean;
}

/** What becomes of a packet; null: no picture. */
type Result = Decoded | { readonly lost: string } | null;

interface Pending {
  readonly packet: Packet;
  readonly result: Promise<Result>;
}

/** A frame that waits for its turn. */
interface Held {
  readonly packet: Packet;
  readonly picture: Decoded;
  readonly isDamaged: boolean;
}

/** Makes frames from packets in worker threads. It can decode again and again, from one key packet after another. */
export class FramePipeline implements AsyncDisposable {
  /** Luma samples of a row of decoded planes. */
  readonly codedWidth: number;
  readonly #header: StreamHeader;
  readonly #pack: PlayerPack;
  readonly #workers: FamilyWorkers;
  readonly #tokens: WorkerLink<TokenRequest, TokenResponse>;
  readonly #pictures: WorkerLink<DecoderRequest, DecoderResponse>;
  #filters: readonly WorkerLink<PostFilterRequest, Planes>[] = [];
  #turn = 0;

  constructor(header: StreamHeader, pack: PlayerPack) {
    const { width, height, isResilient } = header;
    this.#header = header;
    this.#pack = pack;
    this.codedWidth = transformFamily.codedWidth(width);
    this.#workers = transformFamily.open({ pack: pack.pack, width, height, device: 'cpu', threads: 1, isResilient });
    this.#tokens = this.#workers.startTokenCodec();
    this.#pictures = this.#workers.startDecoder();
  }

  /** True if the pack has a post-filter. */
  get hasPostFilter(): boolean {
    return this.#pack.loadPostFilter !== null;
  }

  /**
   * Loads the post-filter; before that, no picture is filtered. Call it again as often as wanted.
   *
   * @throws ModelError if the pack's file cannot be loaded.
   */
  async loadPostFilter(): Promise<void> {
    const graph = await this.#pack.loadPostFilter?.();
    if (graph !== undefined && this.#filters.length === 0) this.#filters = this.#workers.startPostFilters(graph);
  }

  /**
   * Yields the wanted frames in the order of display. To stop, abort `signal`, then begin anew from a key packet.
   *
   * @throws CancelledError when `signal` fires.
   */
  async *frames(
    items: AsyncGenerator<FeedItem, void, undefined>,
    wishes: FrameWishes,
    signal: AbortSignal,
  ): AsyncGenerator<PipelineFrame, void, undefined> {
    const pending: Pending[] = [];
    const held: Held[] = [];
    let last: Decoded | null = null;
    /** The last frame before the wanted time. It is shown there if the next one begins later. */
    let before = null as Held | null;
    const { reorderDepth } = this.#header;
    const finish = async (): Promise<void> => {
      const { packet, result } = pending.shift()!;
      const done = await unlessCancelled(result, signal);
      if (done === null) return;
      const reason = 'lost' in done ? done.lost : done.isDamaged ? DEPENDS_ON_LOSS : null;
      if (reason !== null) wishes.onLost(reason, false, 1);
      if (!('lost' in done)) last = done;
      if (last === null) return;
      held.push({ packet, picture: last, isDamaged: reason !== null });
      held.sort((a, b) => (a.packet.pts < b.packet.pts ? -1 : a.packet.pts > b.packet.pts ? 1 : 0));
    };
    const frameFrom = async ({ packet, picture, isDamaged }: Held): Promise<PipelineFrame> => {
      const { planes, unfiltered } = await this.#filtered(packet, picture, wishes, signal);
      return { planes, unfiltered, pts: packet.pts, duration: packet.duration, isDamaged };
    };
    // Gives the frames that no earlier frame can follow.
    async function* ready(depth: number): AsyncGenerator<PipelineFrame, void, undefined> {
      while (held.length > depth) {
        const next = held.shift()!;
        if (isBefore(next.packet, wishes.from)) {
          before = next;
          continue;
        }
        if (before !== null && next.packet.pts > wishes.from!) yield await frameFrom(before);
        before = null;
        yield await frameFrom(next);
      }
    }
    try {
      for (;;) {
        const { done, value: item } = await unlessCancelled(items.next(), signal);
        if (done === true) break;
        if (item.kind === 'lost') {
          while (pending.length > 0) await finish();
          yield* ready(reorderDepth);
          wishes.onLost(item.reason, item.isCut, item.isPicture ? 1 : 0);
          if (item.isPicture) await unlessCancelled(this.#tokens.call({ kind: 'lost' }), signal);
        } else {
          wishes.onPacket(item.packet, item.bits);
          const result = this.#decode(item.packet, wishes, signal);
          result.catch(() => undefined);
          pending.push({ packet: item.packet, result });
          if (pending.length > IN_FLIGHT + this.#filters.length) {
            await finish();
            yield* ready(reorderDepth);
          }
        }
      }
      while (pending.length > 0) {
        await finish();
        yield* ready(reorderDepth);
      }
      yield* ready(0);
      if (before !== null) yield await frameFrom(before);
    } finally {
      // It may wait for bytes that never come.
      items.return().catch(() => undefined);
    }
  }

  /** Returns a frame as callers of the player get it. */
  frameOf({ planes, pts, duration, isDamaged }: PipelineFrame, secondsOf: (ticks: bigint) => number): PlayerFrame {
    const { width, height, timeBase } = this.#header;
    const microseconds = (seconds: number): number => Math.round(1e6 * seconds);
    const stride = this.codedWidth;
    const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
    return {
      data: {
        y: cropPlane(planes.y, stride, width, height),
        u: cropPlane(planes.u, stride / 2, halfWidth, halfHeight),
        v: cropPlane(planes.v, stride / 2, halfWidth, halfHeight),
      },
      ...{ width, height },
      timestamp: microseconds(secondsOf(pts)),
      duration: microseconds((Number(duration) * timeBase.num) / timeBase.den),
      damaged: isDamaged,
    };
  }

  /** Ends the workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#tokens, this.#pictures, ...this.#filters].map((link) => link[Symbol.asyncDispose]()));
  }

  async #decode(packet: Packet, wishes: FrameWishes, signal: AbortSignal): Promise<Result> {
    const { tokens: bytes, duration: _duration, loopChecksum: checksum, ...header } = packet;
    const isUnwanted =
      packet.refreshSlot === null && (this.#isLongBefore(packet, wishes.from) || wishes.isLeftOut(packet));
    // Elsewhere the state of parsing depends on every packet, so even pictures that nobody wants are parsed.
    if (isUnwanted && this.#header.isResilient === true) return null;
    const parsed = await this.#tokens.call({ kind: 'read', header, bytes });
    if (signal.aborted) {
      if (parsed.kind === 'tokens') release(tokenBuffers(parsed.tokens));
      return null;
    }
    if (parsed.kind !== 'tokens') return { lost: parsed.kind === 'lost' ? parsed.reason : '' };
    const { tokens, marks } = parsed;
    if (isUnwanted) {
      release(tokenBuffers(tokens));
      return null;
    }
    const decoded = await this.#pictures.call({ header, tokens, marks, checksum }, tokenBuffers(tokens));
    if (decoded.kind === 'lost') return { lost: decoded.reason };
    const { planes, side, attenuation, isDamaged } = decoded;
    const picture = { planes, unfiltered: planes, side, attenuation, isDamaged };
    return isBefore(packet, wishes.from) ? picture : await this.#filtered(packet, picture, wishes, signal);
  }

  /** Returns the picture after the post-filter, if it is wanted. */
  async #filtered(packet: Packet, picture: Decoded, wishes: FrameWishes, signal: AbortSignal): Promise<Decoded> {
    const { planes, side, attenuation } = picture;
    const filter = this.#filters[this.#turn % this.#filters.length];
    if (filter === undefined || side === null || signal.aborted || !wishes.filters(packet)) {
      return { ...picture, side: null };
    }
    this.#turn++;
    // The planes may be the last ones, which are needed again.
    const copy = copyPlanes(planes);
    const shown = await filter.call({ planes: copy, side, attenuation }, planeBuffers(copy));
    return { ...picture, planes: shown, unfiltered: wishes.keepsUnfiltered ? planes : shown, side: null };
  }

  /** True if the picture cannot be the one that is shown at `from`, because others follow it. */
  #isLongBefore({ pts, duration }: Packet, from: bigint | null): boolean {
    const { num, den } = this.#header.timeBase;
    return from !== null && pts + duration + BigInt(Math.ceil(den / num)) < from;
  }
}

/** True if a frame ends at or before a time. */
function isBefore({ pts, duration }: Packet, from: bigint | null): boolean {
  return from !== null && (duration > 0n ? pts + duration <= from : pts < from);
}

function copyPlanes({ y, u, v }: Planes): Planes {
  return { y: y.slice(), u: u.slice(), v: v.slice() };
}
