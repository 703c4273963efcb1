import type { Packet } from '../bitstream/packet.js';
import { InputError, throwIfCancelled } from '../errors.js';
import { resolveDevice, type ResolvedDevice } from '../model/device.js';
import type { Device } from '../model/graph.js';
import { loadPack, type ModelPack } from '../model/pack.js';
import type { Frame } from '../video/frame.js';
import { unlessCancelled } from './cancellation.js';
import { checkInteger } from './check-integer.js';
import { allocatePlanes, planeBuffers, type VisiblePlanes } from './planes.js';
import { PRESETS, type Preset, type SequenceOptions, type Tune } from './sequence-options.js';
import type { QualityRange } from './family.js';
import { findFamily } from './find-family.js';
import {
  tokenBuffers,
  type EncoderRequest,
  type EncoderResponse,
  type TokenRequest,
  type TokenResponse,
} from './workers/messages.js';
import type { Link, WorkerLink } from '../threads/worker-link.js';

/** The default largest distance between key frames, in frames. */
const DEFAULT_KEYINT = 250;
/** The default tune. */
export const DEFAULT_TUNE: Tune = 'lpips';
/** The possible values of `tune`. */
export const TUNES: readonly string[] = ['lpips', 'psnr'] satisfies Tune[];
/** The default preset. */
export const DEFAULT_PRESET: Preset = 'medium';
/** The default pack. */
export const DEFAULT_PACK = 'tessera-nano';
/** The smallest distance between packets with a checksum, in frames, not counting key frames. */
const CHECKSUM_INTERVAL = 16;
/** The number of frames that the workers may have at a time: enough to keep all of them busy. */
const IN_FLIGHT = 4;

/** How to encode. */
export interface EncoderOptions {
  /** Name or folder of the model pack. Default: `tessera-nano`. */
  readonly pack?: string;
  /**
   * Quality; more is better. In packs of the family `transform` it is an index, 0..63 (default: 28); one step changes
   * the quantiser step size by the factor 2^(1/6). In packs of the family `lookup-free` it is the number of bits per
   * token, 1..18 (default: 18).
   */
  readonly quality?: number;
  /** The largest distance between key frames, in frames, at least 1. Default: 250. */
  readonly keyint?: number;
  /**
   * `lpips` (the default) spends bits where people see errors; `psnr` minimises the squared error. Packs of the family
   * `lookup-free` do not support this option.
   */
  readonly tune?: Tune;
  /**
   * How much time to spend on decisions: `slow`, `medium` (the default), `fast`, `faster` or `realtime`. Packs of the family
   * `lookup-free` do not support this option.
   */
  readonly preset?: Preset;
  /**
   * True: a resilient stream. Every packet can be parsed whatever was lost behind its key packet, and frames that no
   * other frame refers to can be left out. It takes some percent more bits. Default: false.
   */
  readonly resilient?: boolean;
  /** Where graphs run. Default: `auto`, CUDA if its libraries load, else the CPU. */
  readonly device?: 'auto' | Device;
  /**
   * The number of threads of each graph in onnxruntime, 1..64. Entropy coding always uses one thread. Default: 1.
   */
  readonly threads?: number;
  /**
   * The number of threads for search, 1..64. Packs of the family `lookup-free` have none. Default: one per core, four at
   * most.
   */
  readonly searchThreads?: number;
  /**
   * True: the frames are one chunk, in which only the first one is a key frame (`KeyFrameFinder`). Default: false.
   */
  readonly isChunk?: boolean;
  /**
   * How much of the post-filter's change decoders take away, 0..3 (FORMAT.md section 12). Default: the encoder chooses on
   * each key frame. Packs of the family `lookup-free` have no post-filter.
   */
  readonly attenuation?: number;
  /** Called once for each thing that the encoder cannot do on this machine. Must not throw. */
  readonly onNote?: (note: string) => void;
}

/** Decides the quality of each frame while a sequence is encoded. */
export interface QualityControl {
  /** The frame before the next one by this many is the last one that {@link coded} must report, at least 0. */
  readonly lag: number;
  /**
   * Returns the quality of the next frame in coding order, within the range of the family; it may have a fraction. It
   * may be called several times for one frame.
   */
  quality(): number;
  /**
   * Reports a frame and what {@link quality} was for it. Frames come in coding order, each as soon as {@link lag}
   * demands it and never earlier; at the end of the sequence, all others whose packets were yielded.
   */
  coded(packet: Packet, quality: number): void;
}

/**
 * Returns the possible qualities of a pack.
 *
 * @param pack its name or folder.
 * @throws ModelError if it cannot be used.
 */
export async function qualitiesOf(pack = DEFAULT_PACK): Promise<QualityRange> {
  return findFamily(await loadPack(pack)).quality;
}

/** How to encode a sequence. */
export interface EncodeOptions {
  /** Ends the call with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
  /** The quality of the sequence. Default: that of the encoder. */
  readonly quality?: number | undefined;
  /** Default: all frames have the quality of the sequence. */
  readonly control?: QualityControl | undefined;
}

/** The answer to a request for a frame: its packet, or null if there was no frame to encode. */
class PendingPacket {
  isMade = false;

  /** @param quality what {@link QualityControl.quality} was for it; null without a control. */
  constructor(
    readonly packet: Promise<Packet | null>,
    readonly quality: number | null,
  ) {
    const settle = (): void => void (this.isMade = true);
    packet.then(settle, settle);
  }
}

/** True if the first packet is made, or if it must be awaited because too many are in flight. */
function isDue(pending: readonly PendingPacket[]): boolean {
  return pending.length > IN_FLIGHT || pending[0]?.isMade === true;
}

/** What a stream's header and its readers know of an encoder. */
export interface EncoderDescription {
  /** The pack that a decoder of the stream needs. */
  readonly packName: string;
  /** Identity of the pack's normative files, 16 bytes. */
  readonly packId: Uint8Array;
  /** The number of reference slots that the packets use. */
  readonly slotCount: number;
  /** The number of frames that a decoder must hold back to show them in order. */
  readonly reorderDepth: number;
  /** Whether the stream is resilient. */
  readonly isResilient: boolean;
  /** The device of the graphs, and the reason for the choice. */
  readonly device: ResolvedDevice;
  /** The possible qualities, and how bits grow with them. */
  readonly qualities: QualityRange;
}

type FrameTime = Pick<Frame, 'pts' | 'duration'>;

/**
 * Encodes frames to packets. Planning, search and entropy coding run at the same time in worker threads. Use it with
 * `await using`:
 *
 * ```ts
 * await using encoder = await Encoder.create(640, 360, { quality: 30 });
 * for await (const packet of encoder.encode(frames)) await writer.writePacket(packet);
 * ```
 */
export class Encoder implements AsyncDisposable {
  /** The pack that a decoder of the stream needs. */
  readonly packName: string;
  /** Identity of the pack's normative files, 16 bytes. */
  readonly packId: Uint8Array;
  /** The device of the graphs, and the reason for the choice. */
  readonly device: ResolvedDevice;
  /** The possible qualities, and how bits grow with them. */
  readonly qualities: QualityRange;
  /** The number of reference slots that the packets use. */
  readonly slotCount: number;
  /** The number of frames that a decoder must hold back to show them in order. */
  readonly reorderDepth: number;
  /** Whether the stream is resilient. */
  readonly isResilient: boolean;
  readonly #onNote: EncoderOptions['onNote'];
  readonly #width: number;
  readonly #height: number;
  readonly #quality: number;
  #isFresh = true;
  readonly #pictures: Link<EncoderRequest, EncoderResponse>;
  readonly #tokens: WorkerLink<TokenRequest, TokenResponse>;
  /** Memory of earlier pictures: fresh memory is slow. */
  readonly #spare: VisiblePlanes[] = [];

  private constructor(
    width: number,
    height: number,
    pack: ModelPack,
    device: ResolvedDevice,
    sequence: SequenceOptions,
    threads: number,
    onNote: EncoderOptions['onNote'],
  ) {
    const family = findFamily(pack);
    this.#onNote = onNote;
    this.#width = width;
    this.#height = height;
    this.packName = pack.name;
    this.packId = pack.id;
    this.device = device;
    this.qualities = family.quality;
    const { slotCount, reorderDepth } = family.structure(width, height, sequence);
    this.slotCount = slotCount;
    this.reorderDepth = reorderDepth;
    const { isResilient = false } = sequence;
    this.isResilient = isResilient;
    const workers = family.open({ pack, width, height, device: device.device, threads, isResilient });
    this.#quality = sequence.quality;
    this.#pictures = workers.startEncoder(sequence);
    this.#tokens = workers.startTokenCodec();
  }

  /**
   * Makes an encoder for pictures of `width` x `height` luma samples.
   *
   * @throws InputError if an option is out of range; ModelError if the pack cannot be used; EnvironmentError if the
   * device is not available.
   */
  static async create(width: number, height: number, options: EncoderOptions = {}): Promise<Encoder> {
    const { threads = 1, searchThreads, isChunk, attenuation } = options;
    if (attenuation !== undefined) checkInteger('attenuation', attenuation, 0, 3);
    checkInteger('threads', threads, 1, 64);
    if (searchThreads !== undefined) checkInteger('searchThreads', searchThreads, 1, 64);
    const pack = await loadPack(options.pack ?? DEFAULT_PACK);
    const sequence = sequenceOptions(pack, options);
    const device = await resolveDevice(options.device ?? 'auto', pack);
    return new Encoder(
      width,
      height,
      pack,
      device,
      { ...sequence, searchThreads, isChunk, attenuation, isResilient: options.resilient },
      threads,
      options.onNote,
    );
  }

  /**
   * Yields the packets of `frames`, in coding order. Call it again when it has ended to encode another sequence: that is
   * coded as a new encoder would, without the time that a new one takes to start.
   *
   * @throws InputError if a frame has another size, a plane another length, or the quality is out of range; CancelledError if `signal` fires.
   */
  async *encode(
    frames: AsyncIterable<Frame>,
    { signal, quality: base = this.#quality, control }: EncodeOptions = {},
  ): AsyncGenerator<Packet, void, void> {
    const { min, max } = this.qualities;
    checkInteger('quality', base, min, max);
    if (!this.#isFresh || base !== this.#quality) await this.#pictures.call({ kind: 'restart', quality: base });
    this.#isFresh = false;
    const times = new Map<number, FrameTime>();
    /** Requests whose packets were not yielded, and those that were not reported to the control. */
    const pending: PendingPacket[] = [];
    const reports: PendingPacket[] = [];
    let pushed = 0;
    let index = 0;
    let checksumAt = 0;
    let noted: string | undefined;
    let isEnd = false;
    // Called in coding order.
    const write = async (encoded: EncoderResponse): Promise<Packet | null> => {
      if (encoded === null) return null;
      const { display, header, loopChecksum, note } = encoded;
      if (note !== undefined && note !== noted) this.#onNote?.(note);
      noted = note;
      const isChecked = loopChecksum !== null && (header.kind === 'key' || index >= checksumAt);
      if (isChecked) checksumAt = index + CHECKSUM_INTERVAL;
      index++;
      const time = times.get(display)!;
      times.delete(display);
      return await this.#pack(encoded, time, isChecked ? loopChecksum : null);
    };
    const report = async (to: QualityControl): Promise<void> => {
      const { packet, quality } = reports.shift()!;
      const made = await unlessCancelled(packet, signal);
      if (made !== null) to.coded(made, quality!);
    };
    const request = async (frame: Frame | null): Promise<void> => {
      // Reports depend on the number of frames alone, not on time: else streams would differ from run to run.
      while (control !== undefined && reports.length > control.lag) await report(control);
      const quality = control?.quality() ?? null;
      const packet = new PendingPacket(this.#request(frame, quality).then(write), quality);
      pending.push(packet);
      if (control !== undefined) reports.push(packet);
    };
    const takeDue = async function* (): AsyncGenerator<Packet, void, void> {
      while (isDue(pending) || (isEnd && pending.length > 0)) {
        const packet = await unlessCancelled(pending.shift()!.packet, signal);
        if (packet !== null) yield packet;
      }
    };
    try {
      for await (const frame of frames) {
        throwIfCancelled(signal);
        this.#checkSize(frame);
        times.set(pushed++, { pts: frame.pts, duration: frame.duration });
        await request(frame);
        yield* takeDue();
      }
      // Each of these requests gives a frame that still waits, until none is left.
      while (times.size > 0) {
        await request(null);
        yield* takeDue();
      }
      isEnd = true;
      yield* takeDue();
    } finally {
      // All frames that the caller has got are reported, even if it stops early.
      while (control !== undefined && reports.length > pending.length) await report(control);
    }
  }

  /** Ends the workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pictures[Symbol.asyncDispose](), this.#tokens[Symbol.asyncDispose]()]);
  }

  #request(frame: Frame | null, quality: number | null): Promise<EncoderResponse> {
    if (frame === null) return this.#pictures.call({ kind: 'frame', picture: null, quality });
    // The caller keeps its frame. A copy that is handed over is quicker than a message that holds the frame.
    const planes = this.#spare.pop() ?? allocatePlanes(this.#width, this.#height);
    planes.y.set(frame.y);
    planes.u.set(frame.u);
    planes.v.set(frame.v);
    const picture = { ...planes, pts: frame.pts };
    return this.#pictures.call({ kind: 'frame', picture, quality }, planeBuffers(planes));
  }

  async #pack(
    { header, tokens, spent }: NonNullable<EncoderResponse>,
    time: FrameTime,
    loopChecksum: number | null,
  ): Promise<Packet> {
    if (spent !== undefined) this.#spare.push(spent);
    const reply = await this.#tokens.call({ kind: 'write', header, tokens }, tokenBuffers(tokens));
    if (reply.kind !== 'bytes') throw new Error(`the token worker answered ${reply.kind} to a write`);
    return { ...header, ...time, loopChecksum, tokens: reply.bytes };
  }

  #checkSize({ width, height, y, u, v }: Frame): void {
    if (width !== this.#width || height !== this.#height) {
      throw new InputError(
        `a frame is ${width}x${height} in a ${this.#width}x${this.#height} video: scale all frames to one size`,
      );
    }
    const [luma, chroma] = [width * height, ((width + 1) >> 1) * ((height + 1) >> 1)];
    if (y.length === luma && u.length === chroma && v.length === chroma) return;
    throw new InputError(
      `the planes of a frame have ${y.length}, ${u.length} and ${v.length} samples: 4:2:0 of ${width}x${height} has ${luma}, ${chroma} and ${chroma}`,
    );
  }
}

/** Checks the options that decide a sequence and fills in the defaults. Throws InputError. */
export function sequenceOptions(pack: ModelPack, options: EncoderOptions): SequenceOptions {
  const { keyint = DEFAULT_KEYINT, tune, preset } = options;
  checkInteger('keyint', keyint, 1, 2 ** 31);
  if (tune !== undefined && !TUNES.includes(tune)) {
    throw new InputError(`tune is ${tune}: give ${TUNES.join(' or ')}`);
  }
  if (preset !== undefined && !PRESETS.includes(preset)) {
    throw new InputError(`preset is ${preset as string}: give one of ${PRESETS.join(', ')}`);
  }
  const { quality: range, canTune } = findFamily(pack);
  const quality = options.quality ?? range.default;
  checkInteger(`quality (of pack ${pack.name})`, quality, range.min, range.max);
  if (tune !== undefined && !canTune) throw new InputError(`pack ${pack.name} does not support tune: leave it out`);
  if (preset !== undefined && !canTune) {
    throw new InputError(`pack ${pack.name} does not support preset: leave it out`);
  }
  return { quality, keyint, tune: tune ?? DEFAULT_TUNE, preset: preset ?? DEFAULT_PRESET };
}

/**
 * Describes the encoder that {@link Encoder.create} would make, without making it.
 *
 * @throws as {@link Encoder.create}.
 */
export async function describeEncoder(
  width: number,
  height: number,
  options: EncoderOptions = {},
): Promise<EncoderDescription> {
  const pack = await loadPack(options.pack ?? DEFAULT_PACK);
  const family = findFamily(pack);
  return {
    ...{ packName: pack.name, packId: pack.id, qualities: family.quality },
    ...family.structure(width, height, sequenceOptions(pack, options)),
    isResilient: options.resilient ?? false,
    device: await resolveDevice(options.device ?? 'auto', pack),
  };
}
