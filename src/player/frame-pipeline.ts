import type { Packet } from '../bitstream/packet.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import { unlessCancelled } from '../codec/cancellation.js';
import type { FamilyWorkers } from '../codec/family.js';
import { cropPlane, planeBuffers, type Planes } from '../codec/planes.js';
import { transformFamily } from '../codec/transform/family.js';
import {
  tokenBuffers,
  type DecoderRequest,
  type DecoderResponse,
  type PostFilterRequest,
  type TokenRequest,
  type TokenResponse,
} from '../codec/workers/messages.js';
import type { WorkerLink } from '../threads/worker-link.js';
import type { PlayerFrame } from './api.js';
import type { PlayerPack } from './load-pack.js';
import type { FeedItem } from './opened-stream.js';

/** The number of packets in the workers at a time: enough to keep all of them busy. */
const IN_FLIGHT = 5;

/** What a reader of frames wants; it is asked for each frame, so the answers may change. */
export interface FrameWishes {
  /** False: the picture is not given; it is not even made if no other picture refers to it. */
  isWanted(packet: Packet): boolean;
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
type Result = { readonly picture: Picture; readonly isWanted: boolean } | { readonly lost: string } | null;

interface Pending {
  readonly packet: Packet;
  readonly result: Promise<Result>;
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
    const { width, height } = header;
    this.#header = header;
    this.#pack = pack;
    this.codedWidth = transformFamily.codedWidth(width);
    this.#workers = transformFamily.open({ pack: pack.pack, width, height, device: 'cpu', threads: 1 });
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
    const held: (PipelineFrame & { readonly isWanted: boolean })[] = [];
    let good: Picture | null = null;
    const { reorderDepth } = this.#header;
    const finish = async (): Promise<void> => {
      const { packet, result } = pending.shift()!;
      const done = await unlessCancelled(result, signal);
      const isLost = done !== null && 'lost' in done;
      if (isLost) wishes.onLost(done.lost, false, 1);
      else if (done !== null) good = done.picture;
      const isWanted = done === null ? false : isLost ? wishes.isWanted(packet) : done.isWanted;
      if (good === null) return;
      const { pts, duration } = packet;
      held.push({ ...(good as Picture), pts, duration, isDamaged: isLost, isWanted });
      held.sort((a, b) => (a.pts < b.pts ? -1 : a.pts > b.pts ? 1 : 0));
    };
    // The frames that no earlier frame can follow.
    function* ready(depth: number): Generator<PipelineFrame, void, undefined> {
      while (held.length > depth) {
        const frame = held.shift()!;
        if (frame.isWanted) yield frame;
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
    // The state of parsing depends on every packet, so even pictures that nobody wants are parsed.
    const parsed = await this.#tokens.call({ kind: 'read', header, bytes });
    if (signal.aborted) return null;
    if (parsed.kind !== 'tokens') return { lost: parsed.kind === 'lost' ? parsed.reason : '' };
    const isWanted = wishes.isWanted(packet);
    if (!isWanted && packet.refreshSlot === null) return null;
    const { tokens } = parsed;
    const decoded = await this.#pictures.call({ header, tokens, checksum }, tokenBuffers(tokens));
    if (decoded.kind === 'lost') return { lost: decoded.reason };
    const { planes, side } = decoded;
    const filter = this.#filters[this.#turn % this.#filters.length];
    if (filter === undefined || !isWanted || signal.aborted || !wishes.filters(packet)) {
      return { picture: { planes, unfiltered: planes }, isWanted };
    }
    this.#turn++;
    const unfiltered = wishes.keepsUnfiltered
      ? { y: planes.y.slice(), u: planes.u.slice(), v: planes.v.slice() }
      : null;
    const shown = await filter.call({ planes, side }, [...planeBuffers(planes), side.buffer]);
    return { picture: { planes: shown, unfiltered: unfiltered ?? shown }, isWanted };
  }
}
