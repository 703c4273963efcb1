import type { Packet } from '../bitstream/packet.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import { unlessCancelled } from '../codec/cancellation.js';
import type { FamilyWorkers } from '../codec/family.js';
import { cropPlane, planeBuffers, type Planes } from '../codec/planes.js';
import { DEPENDS_ON_LOSS } from '../codec/slot-marks.js';
import { ATTENUATION } from '../codec/transform/attenuation.js';
import { transformFamily } from '../codec/transform/family.js';
import {
  tokenBuffers,
  type DecoderRequest,
  type DecoderResponse,
  type FrameArrays,
  type PostFilterRequest,
  type TokenRequest,
  type TokenResponse,
} from '../codec/workers/messages.js';
import { release } from '../platform/threads.js';
import type { WorkerLink } from '../threads/worker-link.js';
import type { PlayerFrame } from './api.js';
import type { PlayerPack } from './load-pack.js';
import { isBefore, markNeeded } from './needed-frames.js';
import type { FeedItem } from './opened-stream.js';
import { SharedPicture } from './shared-picture.js';

/** The number of packets in the workers at a time: enough to keep all of them busy. */
const IN_FLIGHT = 5;
/** The same for the post-filter. */
const FILTERS = 2;

/** The modules of the threads of a pipeline, and that of the threads of its post-filter. */
export const THREADS = ['token-worker', 'decoder-worker'];
export const FILTER_THREAD = 'post-filter-worker';

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

/** A decoded frame. Close it when it is no longer used: its memory is then free. */
export interface PipelineFrame {
  /** The picture to show, at coded size. */
  readonly planes: Planes;
  /** The same before the post-filter; the same object if it was not filtered, or if it was not asked for. */
  readonly unfiltered: Planes;
  readonly pts: bigint;
  readonly duration: bigint;
  readonly isDamaged: boolean;
  /** Call it once. */
  close(): void;
}

/** A decoded picture; `unfiltered` is the same before the post-filter, null if there is no such picture. */
interface Decoded {
  readonly picture: SharedPicture;
  readonly unfiltered: SharedPicture | null;
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
  readonly decoded: Decoded;
  readonly isDamaged: boolean;
}

/** A thread of the post-filter. */
interface FilterThread {
  readonly link: WorkerLink<PostFilterRequest, Planes>;
  /** Resolves when it has done all that it was given. */
  last: Promise<unknown>;
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
  /** Null: no post-filter was asked for. */
  #filters: Promise<readonly FilterThread[]> | null = null;
  #turn = 0;
  /** Memory of earlier frames, which goes to the workers and back: fresh memory is slow, and garbage. */
  readonly #spareTokens: FrameArrays[] = [];
  readonly #sparePlanes: Planes[] = [];
  #isDisposed = false;

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
   * Loads the post-filter. Pictures that are decoded meanwhile wait for it; before the call, no picture is filtered. Call
   * it again as often as wanted.
   *
   * @throws ModelError if the pack's file cannot be loaded, EnvironmentError if browsers cannot run it; pictures are then
   * not filtered.
   */
  async loadPostFilter(): Promise<void> {
    const { loadPostFilter } = this.#pack;
    if (loadPostFilter === null) return;
    this.#filters ??= loadPostFilter().then((graph) => startFilters(this.#workers.startPostFilters(graph)));
    try {
      await this.#filters;
    } catch (error) {
      this.#filters = null;
      throw error;
    }
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
    const marked = markNeeded(items, () => wishes.from);
    const pending: Pending[] = [];
    const held: Held[] = [];
    let last = null as Decoded | null;
    /** The last frame before the wanted time. It is shown there if the next one begins later. */
    let before = null as Held | null;
    let isFirst = true;
    const { reorderDepth } = this.#header;
    const finish = async (): Promise<void> => {
      const { packet, result } = pending[0]!;
      const done = await unlessCancelled(result, signal);
      pending.shift();
      if (done === null) return;
      const isLost = 'lost' in done;
      const reason = isLost ? done.lost : done.isDamaged ? DEPENDS_ON_LOSS : null;
      if (reason !== null) wishes.onLost(reason, false, 1);
      if (!isLost) {
        if (last !== null) close(last);
        last = share(done);
      }
      if (last === null) return;
      held.push({ packet, decoded: isLost ? share(last) : done, isDamaged: reason !== null });
      held.sort((a, b) => (a.packet.pts < b.packet.pts ? -1 : a.packet.pts > b.packet.pts ? 1 : 0));
    };
    const frameFrom = async ({ packet, decoded, isDamaged }: Held): Promise<PipelineFrame> => {
      isFirst = false;
      const shown = await this.#filtered(packet, decoded, wishes, signal);
      return {
        planes: shown.picture.planes,
        unfiltered: (shown.unfiltered ?? shown.picture).planes,
        pts: packet.pts,
        duration: packet.duration,
        isDamaged,
        close: () => {
          close(shown);
        },
      };
    };
    // Gives the frames that no earlier frame can follow.
    async function* ready(depth: number): AsyncGenerator<PipelineFrame, void, undefined> {
      while (held.length > depth || (isFirst && held.length > 0 && isSurelyFirst(held[0]!.packet, wishes.from))) {
        const next = held.shift()!;
        if (isBefore(next.packet, wishes.from)) {
          if (before !== null) close(before.decoded);
          before = next;
          continue;
        }
        const skipped = before;
        before = null;
        if (skipped !== null) {
          if (next.packet.pts > wishes.from!) yield await frameFrom(skipped);
          else close(skipped.decoded);
        }
        yield await frameFrom(next);
      }
    }
    try {
      for (;;) {
        const { done, value: item } = await unlessCancelled(marked.next(), signal);
        if (done === true) break;
        if (item.kind === 'lost') {
          while (pending.length > 0) await finish();
          yield* ready(reorderDepth);
          wishes.onLost(item.reason, item.isCut, item.isPicture ? 1 : 0);
          if (item.isPicture) await unlessCancelled(this.#tokens.call({ kind: 'lost' }), signal);
        } else {
          wishes.onPacket(item.packet, item.bits);
          const inFlight = IN_FLIGHT + (this.#filters === null ? 0 : FILTERS);
          const result = this.#decode(item.packet, item.isNeeded, wishes, signal);
          result.catch(() => undefined);
          pending.push({ packet: item.packet, result });
          if (pending.length > inFlight) {
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
      if (before !== null) {
        const last = before;
        before = null;
        yield await frameFrom(last);
      }
    } finally {
      // It may wait for bytes that never come.
      marked.return().catch(() => undefined);
      items.return().catch(() => undefined);
      for (const { result } of pending) result.then(closeResult, () => undefined);
      for (const { decoded } of held) close(decoded);
      if (before !== null) close(before.decoded);
      if (last !== null) close(last);
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

  /** Ends the workers. Pictures that are not closed yet stay good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const planes of this.#sparePlanes.splice(0)) release(planeBuffers(planes));
    for (const tokens of this.#spareTokens.splice(0)) release(tokenBuffers(tokens));
    const filters = await this.#startedFilters();
    await Promise.all(
      [this.#tokens, this.#pictures, ...filters.map((thread) => thread.link)].map((link) =>
        link[Symbol.asyncDispose](),
      ),
    );
  }

  async #decode(packet: Packet, isNeeded: boolean, wishes: FrameWishes, signal: AbortSignal): Promise<Result> {
    const { tokens: view, duration: _duration, loopChecksum: checksum, ...header } = packet;
    const isWanted = isNeeded && !(packet.refreshSlot === null && wishes.isLeftOut(packet));
    // Elsewhere the state of parsing depends on every packet, so even pictures that nobody wants are parsed.
    if (!isWanted && this.#header.isResilient === true) return null;
    // A message with a view copies all that is behind it.
    const bytes = view.slice();
    const spare = this.#spareTokens.pop();
    const transfer = [bytes.buffer, ...(spare === undefined ? [] : tokenBuffers(spare))];
    const parsed = await this.#tokens.call({ kind: 'read', header, bytes, spare }, transfer);
    if (parsed.kind === 'tokens' && (signal.aborted || !isWanted)) this.#keepTokens(parsed.tokens);
    if (signal.aborted) return null;
    if (parsed.kind !== 'tokens') return { lost: parsed.kind === 'lost' ? parsed.reason : '' };
    if (!isWanted) return null;
    const { tokens, marks } = parsed;
    const sparePlanes = this.#sparePlanes.pop();
    const answer = await this.#pictures.call({ header, tokens, marks, checksum, spare: sparePlanes }, [
      ...tokenBuffers(tokens),
      ...(sparePlanes === undefined ? [] : planeBuffers(sparePlanes)),
    ]);
    if (answer.kind === 'lost') return { lost: answer.reason };
    this.#keepTokens(answer.spent);
    const { isDamaged } = answer;
    const decoded = {
      picture: new SharedPicture(answer.planes, answer, this.#keepPlanes),
      unfiltered: null,
      isDamaged,
    };
    return isBefore(packet, wishes.from) ? decoded : await this.#filtered(packet, decoded, wishes, signal);
  }

  #keepTokens(tokens: FrameArrays): void {
    if (this.#isDisposed) release(tokenBuffers(tokens));
    else this.#spareTokens.push(tokens);
  }

  readonly #keepPlanes = (planes: Planes): void => {
    if (this.#isDisposed) release(planeBuffers(planes));
    else this.#sparePlanes.push(planes);
  };

  /** The workers of the post-filter; none if it was not asked for, or cannot be loaded. */
  async #startedFilters(): Promise<readonly FilterThread[]> {
    try {
      return (await this.#filters) ?? [];
    } catch {
      return [];
    }
  }

  /** Returns the picture after the post-filter, if it is wanted and not filtered yet. Takes the place of `decoded`. */
  async #filtered(packet: Packet, decoded: Decoded, wishes: FrameWishes, signal: AbortSignal): Promise<Decoded> {
    const { picture, isDamaged } = decoded;
    if (picture.filterInput === null || signal.aborted || !wishes.filters(packet)) return decoded;
    const filters = await this.#startedFilters();
    if (filters.length === 0) return decoded;
    const thread = filters[this.#turn++ % filters.length]!;
    const filtered = thread.last.then(async (): Promise<Decoded> => {
      // While it waited, everything may have been stopped.
      if (isAborted(signal)) return decoded;
      const unfiltered = wishes.keepsUnfiltered ? picture.share() : null;
      const { planes, filterInput } = picture.take();
      const { side, attenuation } = filterInput!;
      const shown = await thread.link.call({ planes, side, attenuation }, [...planeBuffers(planes), side.buffer]);
      return { picture: new SharedPicture(shown, null, this.#keepPlanes), unfiltered, isDamaged };
    });
    thread.last = filtered.catch(() => undefined);
    return await filtered;
  }
}

/**
 * Waits until threads of the post-filter have opened their graph.
 *
 * @throws EnvironmentError if they cannot; the threads then end.
 */
async function startFilters(links: readonly FilterThread['link'][]): Promise<readonly FilterThread[]> {
  const none = (): Uint8Array<ArrayBuffer> => new Uint8Array(0);
  try {
    // An empty picture that is not to change asks for nothing but an open graph.
    await Promise.all(
      links.map((link) =>
        link.call({ planes: { y: none(), u: none(), v: none() }, side: none(), attenuation: ATTENUATION.all }),
      ),
    );
  } catch (error) {
    await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
    throw error;
  }
  return links.map((link) => ({ link, last: Promise.resolve() }));
}

/**
 * True if no wanted frame of any later packet comes before this one: the first frame of a stream, which is a key frame,
 * and the frame that is shown at the wanted time.
 */
function isSurelyFirst({ kind, pts, duration }: Packet, from: bigint | null): boolean {
  return from === null ? kind === 'key' : pts <= from && from < pts + duration;
}

/** TypeScript thinks that a signal that was not aborted never will be. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function share(decoded: Decoded): Decoded {
  return { ...decoded, picture: decoded.picture.share(), unfiltered: decoded.unfiltered?.share() ?? null };
}

function close({ picture, unfiltered }: Decoded): void {
  picture.close();
  unfiltered?.close();
}

function closeResult(result: Result): void {
  if (result !== null && 'picture' in result) close(result);
}
