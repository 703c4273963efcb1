import type { Packet } from '../bitstream/packet.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import { BitstreamError, ModelError, throwIfCancelled } from '../errors.js';
import { resolveDevice, type ResolvedDevice } from '../model/device.js';
import type { Device } from '../model/graph.js';
import { loadMatchingPack, type ModelPack } from '../model/pack.js';
import type { Frame } from '../video/frame.js';
import { unlessCancelled } from './cancellation.js';
import { checkInteger } from './check-integer.js';
import { findFamily } from './find-family.js';
import { cropPlane, planeBuffers, type Planes } from './planes.js';
import {
  tokenBuffers,
  type DecoderRequest,
  type DecoderResponse,
  type FrameArrays,
  type PostFilterRequest,
  type TokenRequest,
  type TokenResponse,
} from './workers/messages.js';
import { DEPENDS_ON_LOSS } from './slot-marks.js';
import { release } from '../platform/threads.js';
import type { WorkerLink } from '../threads/worker-link.js';

/**
 * Limits of the number of packets in the workers at a time. Frames take different times in each worker, so more packets keep
 * all of them busy (LOG, "More packets in the decoder"); but each takes 4.5 bytes per luma sample, so large pictures have fewer.
 */
const LEAST_IN_FLIGHT = 5;
const MOST_IN_FLIGHT = 12;
/** Luma samples of the pictures in the workers. */
const SAMPLES_IN_FLIGHT = 2 ** 23;

/** Which filter improves the shown picture: restoration (`psnr`), perceptual synthesis (`lpips`), or none. */
export type PostFilter = 'none' | 'psnr' | 'lpips';

/** How to decode. */
export interface DecoderOptions {
  /** Name or folder of the model pack. Default: the pack that the stream names. */
  readonly pack?: string;
  /** Default: the post-filter that the pack recommends. */
  readonly postFilter?: PostFilter;
  /** Where graphs run. Default: `auto`. */
  readonly device?: 'auto' | Device;
  /** Threads of each graph in onnxruntime, 1..64. The decoder itself keeps up to five workers busy. Default: 1. */
  readonly threads?: number;
  /**
   * True: throw at the first damage. Else the last picture is repeated until the next key frame; resilient streams are
   * decoded on. Default: false.
   */
  readonly strict?: boolean;
}

/** One problem of a stream. */
export interface DecodingProblem {
  /** Number of the frame in coding order, from 0; null if the position of the loss is unknown. */
  readonly frame: number | null;
  readonly reason: string;
}

/** A decoded frame. */
export interface DecodedFrame extends Frame {
  /** True if it repeats the last picture because its own was lost. */
  readonly isConcealed: boolean;
  /** True if its own picture depends on a frame that was lost. */
  readonly isDamaged: boolean;
}

interface Lost {
  readonly lost: string;
}

/** A picture to show. */
interface Shown {
  readonly planes: Planes;
  readonly isDamaged: boolean;
}

/** A packet in the workers. */
interface Pending {
  readonly packet: Packet;
  /** Number of the frame in coding order. */
  readonly index: number;
  readonly shown: Promise<Shown | Lost>;
}

/** The input of a decoder: a packet, or a mark for possibly missing packets in a damaged stream. */
export type PacketOrLoss = Packet | { readonly lost: string };

/**
 * Decodes packets to frames in display order. Parsing, reconstruction and post-filter run at the same time in worker
 * threads. Use a decoder once, with `await using`:
 *
 * ```ts
 * await using decoder = await Decoder.create(reader.header);
 * for await (const frame of decoder.decode(packets)) show(frame);
 * ```
 */
export class Decoder implements AsyncDisposable {
  /** The device of the graphs, and the reason for the choice. */
  readonly device: ResolvedDevice;
  /** The filter in use. */
  readonly postFilter: PostFilter;
  readonly #header: StreamHeader;
  /** Luma samples of a row of decoded planes. */
  readonly #codedWidth: number;
  readonly #isStrict: boolean;
  /** The number of packets in the workers at a time. */
  readonly #inFlight: number;
  readonly #tokens: WorkerLink<TokenRequest, TokenResponse>;
  readonly #pictures: WorkerLink<DecoderRequest, DecoderResponse>;
  /** Workers that take turns with the post-filter; none if there is no post-filter. */
  readonly #filters: readonly WorkerLink<PostFilterRequest, Planes>[];
  readonly #problems: DecodingProblem[] = [];
  #concealed = 0;
  #damaged = 0;
  #last: Planes | null = null;
  /** Memory of earlier frames that the workers can use again: fresh memory is slow. */
  readonly #spareTokens: FrameArrays[] = [];
  readonly #sparePlanes: Planes[] = [];

  private constructor(header: StreamHeader, pack: ModelPack, device: ResolvedDevice, options: DecoderOptions) {
    this.#header = header;
    const family = findFamily(pack);
    this.#codedWidth = family.codedWidth(header.width);
    this.#isStrict = options.strict ?? false;
    const pictures = Math.floor(SAMPLES_IN_FLIGHT / (header.width * header.height));
    this.#inFlight = Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, pictures));
    this.device = device;
    this.postFilter = options.postFilter ?? pack.manifest.defaultPostFilter ?? 'none';
    const { width, height, isResilient } = header;
    const { threads = 1 } = options;
    const workers = family.open({ pack, width, height, device: device.device, threads, isResilient });
    let postFilter: Uint8Array | undefined;
    if (this.postFilter !== 'none') {
      postFilter = pack.graphs.get(`post-filter-${this.postFilter}`);
      if (postFilter === undefined) {
        throw new ModelError(`pack ${pack.name} has no post-filter ${this.postFilter}: use --post-filter none`);
      }
    }
    this.#tokens = workers.startTokenCodec();
    this.#pictures = workers.startDecoder();
    this.#filters = postFilter === undefined ? [] : workers.startPostFilters(postFilter);
  }

  /**
   * Makes a decoder for the stream with this header.
   *
   * @throws ModelError if the pack is missing or is not the pack of the stream; EnvironmentError if the device is not
   * available; InputError if an option is out of range.
   */
  static async create(header: StreamHeader, options: DecoderOptions = {}): Promise<Decoder> {
    checkInteger('threads', options.threads, 1, 64);
    const pack = await loadMatchingPack(options.pack, header, 'the stream was');
    return new Decoder(header, pack, await resolveDevice(options.device ?? 'auto', pack), options);
  }

  /** The damage found in the stream so far. */
  get problems(): readonly DecodingProblem[] {
    return this.#problems;
  }

  /** The number of frames so far that repeat the last picture. */
  get concealedFrames(): number {
    return this.#concealed;
  }

  /** The number of other frames so far that depend on a lost frame. */
  get damagedFrames(): number {
    return this.#damaged;
  }

  /** Yields the frames of `packets`, in display order.
   *
   * @throws BitstreamError at damage, if the decoder is strict; CancelledError if `signal` fires.
   */
  async *decode(
    packets: AsyncIterable<PacketOrLoss>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<DecodedFrame, void, void> {
    const pending: Pending[] = [];
    const held: DecodedFrame[] = [];
    let index = 0;
    try {
      for await (const item of packets) {
        throwIfCancelled(signal);
        if ('lost' in item) {
          this.#note(null, item.lost);
          await this.#tokens.call({ kind: 'lost' });
          continue;
        }
        const shown = this.#decodePacket(item, index);
        shown.catch(() => undefined);
        pending.push({ packet: item, index: index++, shown });
        if (pending.length > this.#inFlight) yield* this.#order(held, await this.#finish(pending.shift()!, signal));
      }
      while (pending.length > 0) yield* this.#order(held, await this.#finish(pending.shift()!, signal));
      yield* held.sort(byTime);
    } finally {
      for (const { shown } of pending) shown.catch(() => undefined);
    }
  }

  /** Ends the workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#tokens, this.#pictures, ...this.#filters].map((link) => link[Symbol.asyncDispose]()));
  }

  /** Returns the picture to show for packet number `index`, or the reason if there is none. */
  async #decodePacket(packet: Packet, index: number): Promise<Shown | Lost> {
    const { tokens: bytes, duration: _duration, loopChecksum: checksum, ...header } = packet;
    const spare = this.#spareTokens.pop();
    const parsed = await this.#tokens.call({ kind: 'read', header, bytes, spare }, spare && tokenBuffers(spare));
    if (parsed.kind !== 'tokens') return { lost: parsed.kind === 'lost' ? parsed.reason : '' };
    const { tokens, marks } = parsed;
    const sparePlanes = this.#sparePlanes.pop();
    const decoded = await this.#pictures.call({ header, tokens, marks, checksum, spare: sparePlanes }, [
      ...tokenBuffers(tokens),
      ...(sparePlanes === undefined ? [] : planeBuffers(sparePlanes)),
    ]);
    if (decoded.kind === 'lost') return { lost: decoded.reason };
    this.#spareTokens.push(decoded.spent);
    const { planes, side, attenuation, isDamaged } = decoded;
    const filter = this.#filters[index % this.#filters.length];
    if (filter !== undefined) {
      const transfer = [...planeBuffers(planes), side.buffer];
      return { planes: await filter.call({ planes, side, attenuation }, transfer), isDamaged };
    }
    release([side.buffer]);
    return { planes, isDamaged };
  }

  /**
   * Returns the frame of a packet, after the frames of all earlier packets are finished. (A lost frame fails early,
   * while the picture that replaces it is still being decoded.) Returns null if there was no picture yet.
   */
  async #finish({ packet, index, shown }: Pending, signal: AbortSignal | undefined): Promise<DecodedFrame | null> {
    const result = await unlessCancelled(shown, signal);
    const isConcealed = 'lost' in result;
    const isDamaged = !isConcealed && result.isDamaged;
    if (isConcealed) {
      this.#note(index, result.lost);
      this.#concealed++;
    } else {
      if (this.#last !== null) this.#sparePlanes.push(this.#last);
      this.#last = result.planes;
    }
    if (isDamaged) {
      this.#note(index, DEPENDS_ON_LOSS);
      this.#damaged++;
    }
    return this.#last === null ? null : this.#frame(this.#last, packet, { isConcealed, isDamaged });
  }

  #note(frame: number | null, reason: string): void {
    if (this.#isStrict) {
      throw new BitstreamError(frame === null ? reason : `frame ${frame} cannot be decoded: ${reason}`);
    }
    this.#problems.push({ frame, reason });
  }

  /** Yields frames as soon as no earlier frame can follow. */
  *#order(held: DecodedFrame[], frame: DecodedFrame | null): Generator<DecodedFrame, void, void> {
    if (frame !== null) held.push(frame);
    held.sort(byTime);
    while (held.length > this.#header.reorderDepth) yield held.shift()!;
  }

  #frame(
    planes: Planes,
    { pts, duration }: Packet,
    state: Pick<DecodedFrame, 'isConcealed' | 'isDamaged'>,
  ): DecodedFrame {
    const { width, height } = this.#header;
    const codedWidth = this.#codedWidth;
    const halfWidth = (width + 1) >> 1;
    const halfHeight = (height + 1) >> 1;
    return {
      width,
      height,
      y: cropPlane(planes.y, codedWidth, width, height),
      u: cropPlane(planes.u, codedWidth / 2, halfWidth, halfHeight),
      v: cropPlane(planes.v, codedWidth / 2, halfWidth, halfHeight),
      pts,
      duration,
      ...state,
    };
  }
}

function byTime(a: Frame, b: Frame): number {
  return a.pts < b.pts ? -1 : a.pts > b.pts ? 1 : 0;
}
