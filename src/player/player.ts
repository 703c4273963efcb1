import { CancelledError } from '../errors.js';
import type {
  Notice,
  PlayerControls,
  PlayerError,
  PlayerEventName,
  PlayerFrame,
  PlayerOptions,
  PlayerPostFilter,
  PlayerSource,
  PlayerStats,
  StreamInfo,
} from './api.js';
import { DecodingRun, type Waiting } from './decoding-run.js';
import { toPlayerError } from './failure.js';
import { isAborted, type FrameWishes } from './frame-pipeline.js';
import { FrameSizes } from './frame-sizes.js';
import { EVERY_SECOND, KEEPS_UP, LoadMonitor, WITHOUT_FILTER, WITHOUT_UNREFERENCED } from './load-monitor.js';
import { packsAddress } from './packs-address.js';
import { layoutOf } from './picture-layout.js';
import { PlaybackClock } from './playback-clock.js';
import { Ranges } from './ranges.js';
import type { PlayerCanvas } from './renderer.js';
import { openSession, type Session } from './session.js';
import type { SideData } from './side-data.js';
import { Sound } from './sound.js';
import type { StreamWords } from '../bitstream/words.js';

/** Decoded pictures that wait to be shown: bytes of all, and the least and the largest number. */
const QUEUE_BYTES = 48 * 2 ** 20;
const [SHORTEST_QUEUE, LONGEST_QUEUE] = [3, 20];
/** The number of waiting pictures with which playing begins. */
const READY_FRAMES = 8;
/** A picture is shown up to this number of seconds before its time, because the screen shows it later. */
const EARLY = 0.004;
/** Playing stops to wait for pictures when the clock is this number of seconds past the end of the last one. */
const PATIENCE = 0.25;
const TIMEUPDATE_MS = 250;
const PROGRESS_MS = 500;
/** A page that is not visible draws nothing, but goes on. */
const HIDDEN_TICK_MS = 250;
const DEFAULT_RATE = 1;
const [SLOWEST, FASTEST] = [0.1, 8];

const SLOW_NOTICES: Readonly<Record<number, string>> = {
  [WITHOUT_FILTER]: 'the post-filter is off: this machine cannot keep up with it',
  [WITHOUT_UNREFERENCED]: 'some pictures are left out: this machine cannot keep up',
  [EVERY_SECOND]: 'every second picture is left out: this machine cannot keep up',
};

/** True if the page is not visible; workers have none. */
const isHidden = (): boolean => (globalThis.document as Document | undefined)?.hidden === true;

const noStats = () => ({ framesShown: 0, framesDropped: 0, damagedFrames: 0, driftSum: 0, driftMax: 0 });

/**
 * Plays a `.tsr` stream on a canvas, also on an OffscreenCanvas in a worker (without sound there). It has the properties
 * and events of a media element.
 */
export class TesseraPlayer extends EventTarget implements PlayerControls {
  readonly canvas: PlayerCanvas;
  readonly #packs: string;
  #session: Session | null = null;
  /** Changes with each source; what belongs to an older one stops. */
  #load = new AbortController();
  #error: PlayerError | null = null;
  #readyState: PlayerControls['readyState'] = 0;
  #networkState: PlayerControls['networkState'] = 0;
  #isPaused = true;
  #isEnded = false;
  #isSeeking = false;
  #autoplay: boolean;
  #loop: boolean;
  #volume = 1;
  #isMuted: boolean;
  #rate = DEFAULT_RATE;
  #postFilter: PlayerPostFilter | null;
  #split: number | null = null;
  #level = KEEPS_UP;
  readonly #monitor = new LoadMonitor();
  #shown: Waiting | null = null;
  /** The lap that plays now; pictures of the next one wait until it begins. */
  #lap = 0;
  readonly #clock = new PlaybackClock();
  #duration = NaN;
  #lastTimeupdate = 0;
  #lastProgress = 0;
  #cancelTick: (() => void) | null = null;
  readonly #starts: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  readonly #drawWaiters: (() => void)[] = [];
  #stats = noStats();
  #sizes = new FrameSizes();
  #told = new Set<string>();

  /** @param source null: nothing yet, see {@link load}. */
  constructor(canvas: PlayerCanvas, source: PlayerSource | null = null, options: PlayerOptions = {}) {
    super();
    this.canvas = canvas;
    this.#packs = packsAddress(options.packs);
    this.#postFilter = options.postFilter ?? null;
    this.#autoplay = options.autoplay ?? false;
    this.#loop = options.loop ?? false;
    this.#isMuted = options.muted ?? false;
    if (source !== null) this.load(source);
  }

  /** Sets the source; null takes it away. What went wrong becomes `error`. */
  load(source: PlayerSource | null): void {
    this.#unload();
    const load = new AbortController();
    this.#load = load;
    if (source === null) return;
    this.#networkState = 2;
    // Listeners that are added right after the call hear it too.
    queueMicrotask(() => {
      if (load.signal.aborted) return;
      this.#emit('loadstart');
      this.#open(source, load.signal).catch((error: unknown) => {
        if (!load.signal.aborted) this.#fail(error);
      });
    });
  }

  /** Stops everything and ends the worker threads. The player can be given a source again. */
  close(): void {
    this.load(null);
  }

  get currentTime(): number {
    return this.#clock.now;
  }

  set currentTime(seconds: number) {
    if (!Number.isFinite(seconds)) throw new TypeError(`currentTime is ${seconds}: give seconds`);
    const wanted = Math.max(0, seconds);
    if (this.#session === null || this.#readyState === 0) this.#clock.set(wanted);
    else this.#seek(wanted);
  }

  get duration(): number {
    return this.#duration;
  }

  get paused(): boolean {
    return this.#isPaused;
  }

  get ended(): boolean {
    return this.#isEnded;
  }

  get seeking(): boolean {
    return this.#isSeeking;
  }

  get readyState(): PlayerControls['readyState'] {
    return this.#readyState;
  }

  get networkState(): PlayerControls['networkState'] {
    return this.#networkState;
  }

  get error(): PlayerError | null {
    return this.#error;
  }

  get videoWidth(): number {
    return this.#session === null ? 0 : layoutOf(this.#session.stream.header).shownWidth;
  }

  get videoHeight(): number {
    return this.#session === null ? 0 : layoutOf(this.#session.stream.header).shownHeight;
  }

  get info(): StreamInfo | null {
    return this.#session?.info ?? null;
  }

  /** The sound and subtitles of the stream; null if it has none, or before they are known. */
  get side(): SideData | null {
    return this.#session?.side ?? null;
  }

  /** What the scenes of the stream show; null if it does not say, or before that is known. */
  get words(): StreamWords | null {
    return this.#session?.stream.words ?? null;
  }

  /** Time of the first picture on the time line of the stream, which side data uses, seconds. */
  get origin(): number {
    const stream = this.#session?.stream;
    return Number(stream?.firstTime ?? 0n) * (stream?.tick ?? 0);
  }

  get buffered(): TimeRanges {
    const stream = this.#session?.stream;
    if (stream === undefined) return new Ranges([]);
    if (stream.bytes.isLocal) return new Ranges([[0, this.#lastTime]]);
    const from = this.#clock.now;
    const until = Math.max(stream.heldUntil(from), this.#session?.run?.decodedUntil ?? 0);
    return new Ranges(until > from ? [[from, Math.min(until, this.#lastTime)]] : []);
  }

  get seekable(): TimeRanges {
    return new Ranges(this.#session === null ? [] : [[0, this.#lastTime]]);
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    if (!(volume >= 0 && volume <= 1)) throw new DOMException(`volume is ${volume}: give 0 to 1`, 'IndexSizeError');
    if (volume === this.#volume) return;
    this.#volume = volume;
    this.#setLoudness();
    this.#emit('volumechange');
  }

  get muted(): boolean {
    return this.#isMuted;
  }

  set muted(isMuted: boolean) {
    if (isMuted === this.#isMuted) return;
    this.#isMuted = isMuted;
    this.#setLoudness();
    // A clock without sound goes over to that of the sound; the other way round it may stay.
    if (this.#clock.isRunning && !this.#clock.usesSound && this.#wantsSound) this.#restartClock();
    this.#emit('volumechange');
  }

  get loop(): boolean {
    return this.#loop;
  }

  set loop(loop: boolean) {
    this.#loop = loop;
  }

  get autoplay(): boolean {
    return this.#autoplay;
  }

  set autoplay(autoplay: boolean) {
    this.#autoplay = autoplay;
    if (autoplay && this.#readyState >= 3 && this.#isPaused && !this.#isEnded) this.play().catch(() => undefined);
  }

  get playbackRate(): number {
    return this.#rate;
  }

  set playbackRate(rate: number) {
    if (!(rate >= SLOWEST && rate <= FASTEST)) {
      throw new DOMException(`playbackRate is ${rate}: give ${SLOWEST} to ${FASTEST}`, 'NotSupportedError');
    }
    if (rate === this.#rate) return;
    this.#rate = rate;
    if (this.#clock.isRunning) this.#restartClock();
    this.#emit('ratechange');
  }

  get postFilter(): PlayerPostFilter {
    return this.#postFilter ?? 'none';
  }

  set postFilter(filter: PlayerPostFilter) {
    if (filter === this.#postFilter && this.#level === KEEPS_UP) return;
    this.#postFilter = filter;
    this.#level = KEEPS_UP;
    this.#monitor.reset();
    if (this.#session !== null) this.#emit('postfilterchange');
    void this.#loadFilter().then(() => this.#redraw());
  }

  get split(): number | null {
    return this.#split;
  }

  set split(split: number | null) {
    const had = this.#split !== null;
    this.#split = split === null ? null : Math.min(1, Math.max(0, split));
    if (!had && this.#split !== null) this.#redraw();
    else if (this.#shown !== null) this.#draw(this.#shown);
  }

  get stats(): PlayerStats {
    const { driftSum, driftMax, ...counts } = this.#stats;
    return {
      ...counts,
      postFilterDropped: this.#level >= WITHOUT_FILTER && this.#postFilter === 'lpips',
      frameBits: this.#sizes.all,
      avDriftMs: counts.framesShown === 0 ? 0 : (1000 * driftSum) / counts.framesShown,
      avDriftMaxMs: 1000 * driftMax,
    };
  }

  async play(): Promise<void> {
    if (this.#error !== null) throw new DOMException(this.#error.message, 'NotSupportedError');
    if (this.#isPaused) {
      this.#isPaused = false;
      if (this.#isEnded) this.#seek(0);
      this.#emit('play');
    }
    if (this.#clock.isRunning) return;
    const started = new Promise<void>((resolve, reject) => this.#starts.push({ resolve, reject }));
    started.catch(() => undefined);
    this.#tryStart();
    await started;
  }

  pause(): void {
    this.#autoplay = false;
    if (this.#isPaused) return;
    this.#clock.stop();
    this.#isPaused = true;
    this.#emit('timeupdate');
    this.#emit('pause');
    this.#rejectStarts(new DOMException('pause() was called', 'AbortError'));
  }

  async stepFrame(step: 1 | -1): Promise<void> {
    this.pause();
    const run = this.#session?.run ?? null;
    const shown = this.#shown;
    if (run === null || shown === null) return;
    if (step === -1) {
      if (shown.time <= 0) return;
      this.#seek(Math.max(0, shown.time - 0.5 * this.#session!.stream.tick));
      await this.#drawn();
      return;
    }
    // A seek may still be on its way.
    if (run.awaitsFirst) await this.#drawn();
    while (run.queue.length === 0 && !run.isComplete && !run.isAborted) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const next = run.queue[0];
    if (next === undefined || next.lap !== shown.lap) return;
    run.shift();
    this.#clock.set(next.time);
    this.#isEnded = false;
    this.#show(next);
    this.#emit('timeupdate');
  }

  readFrame(): PlayerFrame | null {
    const session = this.#session;
    if (session === null || this.#shown === null) return null;
    return session.pipeline.frameOf(this.#shown.frame, (ticks) => session.stream.secondsOf(ticks));
  }

  // Loading

  async #open(source: PlayerSource, signal: AbortSignal): Promise<void> {
    const session = await openSession(source, {
      ...{ packs: this.#packs, canvas: this.canvas, postFilter: this.#postFilter, signal },
      onSideLost: (message) => this.#notice({ kind: 'sound', message }),
    });
    if (session === null || isAborted(signal)) return;
    this.#postFilter ??= session.defaultFilter;
    this.#session = session;
    this.#readyState = 1;
    this.#updateDuration();
    this.#emit('resize');
    this.#emit('loadedmetadata');
    // Pictures wait for the filter, but decoding does not.
    void this.#loadFilter();
    if (this.#clock.now > 0) this.#seek(this.#clock.now);
    else this.#startRun(0);
    this.#schedule();
    if (session.side !== null) await this.#openSound(session, session.side, signal);
  }

  async #openSound(session: Session, side: SideData, signal: AbortSignal): Promise<void> {
    // A pipe tells the time of the first picture with its first packet.
    while (session.stream.firstTime === null && !isAborted(signal) && session.run?.isComplete !== true) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (isAborted(signal)) return;
    const sound = await Sound.open(side, this.origin, (message) => {
      this.#notice({ kind: 'sound', message });
      if (this.#clock.usesSound) this.#restartClock();
    });
    if (sound === null) return;
    if (isAborted(signal)) {
      sound.close();
      return;
    }
    signal.addEventListener('abort', () => sound.close());
    session.sound = sound;
    this.#setLoudness();
    if (this.#clock.isRunning && this.#wantsSound) this.#restartClock();
  }

  async #loadFilter(): Promise<void> {
    const session = this.#session;
    if (session === null || this.#postFilter !== 'lpips') return;
    if (!session.pipeline.hasPostFilter) {
      this.#postFilter = 'none';
      this.#emit('postfilterchange');
      return;
    }
    try {
      await session.pipeline.loadPostFilter();
    } catch (error) {
      this.#postFilter = 'none';
      this.#notice({ kind: 'filter', message: `there is no post-filter: ${toPlayerError(error).message}` });
      this.#emit('postfilterchange');
    }
  }

  #unload(): void {
    this.#load.abort();
    this.#cancelTick?.();
    this.#cancelTick = null;
    const session = this.#session;
    session?.run?.abort();
    this.#clock.stop();
    this.#clock.set(0);
    this.#session = null;
    this.#shown?.frame.close();
    this.#shown = null;
    this.#error = null;
    this.#readyState = 0;
    this.#networkState = 0;
    this.#isPaused = true;
    this.#isEnded = this.#isSeeking = false;
    this.#duration = NaN;
    this.#level = KEEPS_UP;
    this.#monitor.reset();
    this.#stats = noStats();
    this.#sizes = new FrameSizes();
    this.#told = new Set();
    this.#rejectStarts(new DOMException('the source was changed', 'AbortError'));
    if (session !== null) this.#emit('emptied');
  }

  #fail(error: unknown): void {
    this.#clock.stop();
    this.#session?.run?.abort();
    this.#error = toPlayerError(error);
    this.#networkState = this.#readyState === 0 ? 3 : 1;
    this.#isSeeking = false;
    this.#rejectStarts(new DOMException(this.#error.message, 'NotSupportedError'));
    for (const waiter of this.#drawWaiters.splice(0)) waiter();
    this.#emit('error');
  }

  // Decoding

  #startRun(seconds: number): void {
    const session = this.#session!;
    session.run?.abort();
    const target = seconds <= 0 ? null : session.stream.ticksOf(seconds);
    const run = new DecodingRun(target, seconds, Math.min(LONGEST_QUEUE, Math.max(SHORTEST_QUEUE, this.#queueLength)));
    session.run = run;
    this.#lap = 0;
    this.#monitor.reset();
    this.#fill(session, run).catch((error: unknown) => {
      if (!run.isAborted && !(error instanceof CancelledError)) this.#fail(error);
    });
  }

  /** The number of pictures that memory has room for. */
  get #queueLength(): number {
    const { pipeline, info } = this.#session!;
    return Math.floor(QUEUE_BYTES / (1.5 * pipeline.codedWidth * info.height));
  }

  async #fill(session: Session, run: DecodingRun): Promise<void> {
    const { stream, pipeline } = session;
    const period = 1 / session.info.frameRate;
    for (;;) {
      let count = 0;
      for await (const frame of pipeline.frames(stream.feed(run.target), this.#wishes(session, run), run.signal)) {
        if (run.isAborted) {
          frame.close();
          return;
        }
        const time = stream.secondsOf(frame.pts);
        const end = time + (frame.duration > 0n ? Number(frame.duration) * stream.tick : period);
        count++;
        run.decodedUntil = end;
        if (this.#level >= EVERY_SECOND && !run.awaitsFirst && !this.#isPaused && count % 2 === 1) {
          this.#stats.framesDropped++;
          frame.close();
          continue;
        }
        run.push({ frame, time, end, lap: run.lap });
        this.#onDecoded(run);
        await run.room();
      }
      if (run.isAborted) return;
      this.#updateDuration();
      if (!this.#loop || count === 0 || run.awaitsFirst) break;
      run.lap++;
      run.target = null;
    }
    run.isComplete = true;
    this.#networkState = 1;
    this.#onDecoded(run);
  }

  #wishes(session: Session, run: DecodingRun): FrameWishes {
    const { stream } = session;
    return {
      get from() {
        return run.target;
      },
      isLeftOut: () => {
        if (run.awaitsFirst || this.#isPaused || this.#level < WITHOUT_UNREFERENCED) return false;
        this.#stats.framesDropped++;
        return true;
      },
      filters: () => this.#postFilter === 'lpips' && this.#level < WITHOUT_FILTER,
      keepsUnfiltered: this.#split !== null,
      onLost: (reason, isCut, frames) => {
        this.#stats.damagedFrames += frames;
        if (isCut) this.#notice({ kind: 'cut', message: `the stream is cut: ${reason}` });
        else this.#notice({ kind: 'damage', message: `the stream is damaged: ${reason}` });
      },
      onPacket: ({ pts, kind }, bits) => {
        this.#sizes.add({ time: stream.secondsOf(pts), bits, isKey: kind === 'key' });
      },
    };
  }

  /** Looks at what has come from the decoder. */
  #onDecoded(run: DecodingRun): void {
    if (run !== this.#session?.run) return;
    if (run.awaitsFirst && (run.queue.length > 0 || run.isComplete)) {
      run.awaitsFirst = false;
      const first = run.shift();
      if (first !== undefined) this.#show(first);
      else if (this.#shown === null) {
        this.#fail(new Error('no picture of the stream can be decoded'));
        return;
      }
      this.#setReady(2);
      for (const waiter of this.#drawWaiters.splice(0)) waiter();
      if (this.#isSeeking) {
        this.#isSeeking = false;
        this.#emit('timeupdate');
        this.#emit('seeked');
      }
    }
    const isReady = run.isComplete || run.queue.length >= this.#readyLength;
    if (isReady && !run.awaitsFirst) {
      this.#setReady(4);
      this.#tryStart();
    }
  }

  get #readyLength(): number {
    return Math.max(1, Math.min(READY_FRAMES, this.#queueLength, LONGEST_QUEUE) - 1);
  }

  #setReady(state: 2 | 4): void {
    const before = this.#readyState;
    if (before >= state) return;
    this.#readyState = state;
    if (before < 2) this.#emit('loadeddata');
    if (state < 4) return;
    this.#emit('canplay');
    this.#emit('canplaythrough');
    if (this.#autoplay && this.#isPaused && !this.#isEnded) this.play().catch(() => undefined);
  }

  #seek(seconds: number): void {
    const session = this.#session!;
    const { stream } = session;
    this.#clock.stop();
    const last = this.#lastTime;
    const time = Math.min(seconds, last);
    this.#clock.set(time);
    this.#isEnded = false;
    this.#isSeeking = true;
    this.#emit('seeking');
    // The end is not part of any picture: the last one is shown.
    const wanted = time >= last ? Math.max(0, last - 0.5 * stream.tick) : time;
    const run = session.run;
    const shown = this.#shown;
    if (run !== null && !run.awaitsFirst && shown !== null && run.lap === 0 && shown.end <= wanted) {
      // Ahead, in what is decoded already or in the same group of pictures: decoding goes on.
      const at = run.queue.findLastIndex(({ time }) => time <= wanted + 1e-6);
      const key = stream.keyBefore(stream.ticksOf(wanted));
      const isHere = at >= 0 && (run.queue[at]!.end > wanted || at + 1 < run.queue.length);
      const isNear = key !== null && stream.secondsOf(key.pts) <= run.decodedUntil && run.decodedUntil <= wanted;
      if (isHere || (isNear && !run.isComplete)) {
        if (!isHere) run.target = stream.ticksOf(wanted);
        run.awaitsFirst = true;
        run.skip(isHere ? at : run.queue.length);
        queueMicrotask(() => this.#onDecoded(run));
        return;
      }
    }
    this.#startRun(wanted);
  }

  /** Decodes the shown picture again, with another filter. */
  #redraw(): void {
    const session = this.#session;
    if (session === null || this.#shown === null) return;
    this.#clock.stop();
    this.#startRun(Math.min(this.#clock.now, this.#shown.end - 0.5 * session.stream.tick));
  }

  // The clock

  get #wantsSound(): boolean {
    return this.#session?.sound?.isUsable === true && !this.#isMuted && this.#rate === 1;
  }

  /** Plays if everything is there. */
  #tryStart(): void {
    const session = this.#session;
    if (session === null || this.#isPaused || this.#clock.isRunning || this.#isSeeking || this.#isEnded) return;
    const { run } = session;
    if (run === null || run.awaitsFirst) return;
    if (!run.isComplete && run.queue.length < this.#readyLength) return;
    if (!this.#wantsSound) {
      this.#startClock();
      return;
    }
    void session.sound!.unlock().then((isOpen) => {
      if (this.#session !== session || this.#isPaused || this.#clock.isRunning || this.#isSeeking) return;
      if (isOpen) {
        this.#startClock();
        return;
      }
      this.#isPaused = true;
      this.#emit('pause');
      this.#rejectStarts(
        new DOMException('the browser plays sound only after a click: call play() in one', 'NotAllowedError'),
      );
    });
  }

  #startClock(): void {
    this.#runClock();
    this.#monitor.reset();
    for (const { resolve } of this.#starts.splice(0)) resolve();
    this.#emit('playing');
    this.#schedule();
  }

  #runClock(): void {
    this.#clock.start(this.#wantsSound ? this.#session!.sound : null, this.#rate);
  }

  #restartClock(): void {
    this.#clock.stop();
    this.#tryStart();
  }

  #setLoudness(): void {
    this.#session?.sound?.setVolume(this.#isMuted ? 0 : this.#volume);
  }

  #schedule(): void {
    this.#cancelTick?.();
    const run = (): void => {
      this.#cancelTick?.();
      this.#cancelTick = null;
      this.#tick();
      if (this.#session !== null && this.#error === null) this.#schedule();
    };
    const timer = setTimeout(run, HIDDEN_TICK_MS);
    const request = typeof requestAnimationFrame === 'function' ? requestAnimationFrame(run) : null;
    const quick = request === null ? setTimeout(run, 1000 * EARLY) : null;
    this.#cancelTick = () => {
      clearTimeout(timer);
      if (request !== null) cancelAnimationFrame(request);
      if (quick !== null) clearTimeout(quick);
    };
  }

  /** Shows what is due. */
  #tick(): void {
    const now = performance.now();
    if (now - this.#lastProgress >= PROGRESS_MS && this.#networkState === 2) {
      this.#lastProgress = now;
      this.#emit('progress');
    }
    const session = this.#session;
    const run = session?.run ?? null;
    if (session === null || run === null || run.awaitsFirst || !this.#clock.isRunning) return;
    let time = this.#clock.now;
    const next = run.queue[0];
    if (next !== undefined && this.#shown !== null && next.lap !== this.#lap && time + EARLY >= this.#shown.end) {
      if (!this.#loop) {
        // The next lap was decoded before the loop was switched off.
        this.#finish(this.#shown.end);
        return;
      }
      this.#beginLap(next.lap);
      time = 0;
    }
    let due: Waiting | null = null;
    let dropped = 0;
    while (this.#isDue(run.queue[0], time)) {
      if (due !== null) {
        dropped++;
        due.frame.close();
      }
      due = run.shift()!;
    }
    if (due !== null) {
      const drift = Math.abs(time - Math.min(Math.max(time, due.time), due.end));
      this.#stats.driftSum += drift;
      this.#stats.driftMax = Math.max(this.#stats.driftMax, drift);
      this.#show(due);
    }
    this.#stats.framesDropped += dropped;
    // With pictures in the queue it is not the decoder that is slow, and leaving something out would not help.
    const missed = run.queue.length === 0 ? dropped : 0;
    if (!isHidden()) {
      const verdict = this.#monitor.note(now, due === null ? 0 : 1, missed);
      if (verdict === 'slow') this.#giveWay();
      else if (verdict === 'quick' && this.#level > WITHOUT_FILTER) this.#level--;
    }
    if (now - this.#lastTimeupdate >= TIMEUPDATE_MS) {
      this.#lastTimeupdate = now;
      this.#emit('timeupdate');
    }
    const end = this.#shown?.end ?? 0;
    if (run.queue.length > 0 || time < end) return;
    if (run.isComplete) this.#finish(end);
    else if (time > end + PATIENCE) this.#wait(session);
  }

  #isDue(next: Waiting | undefined, time: number): boolean {
    return next !== undefined && next.lap === this.#lap && next.time <= time + EARLY;
  }

  /** Starts again at 0; the pictures are there already. */
  #beginLap(lap: number): void {
    this.#lap = lap;
    this.#clock.stop();
    this.#clock.set(0);
    this.#emit('seeking');
    this.#emit('seeked');
    this.#runClock();
  }

  #finish(end: number): void {
    if (this.#loop) {
      this.#seek(0);
      return;
    }
    this.#clock.stop();
    this.#clock.set(Math.min(end, this.#lastTime));
    this.#isEnded = true;
    this.#isPaused = true;
    this.#emit('timeupdate');
    this.#emit('pause');
    this.#emit('ended');
  }

  /** Waits for pictures. */
  #wait(session: Session): void {
    const isSlow = !session.stream.isWaiting;
    this.#clock.stop();
    // What was missed meanwhile is not skipped.
    this.#clock.set(this.#shown?.end ?? this.#clock.now);
    this.#readyState = 2;
    this.#emit('waiting');
    if (isSlow && !isHidden()) this.#giveWay();
  }

  /** Leaves more out. */
  #giveWay(): void {
    const isFiltered = this.#postFilter === 'lpips' && this.#level < WITHOUT_FILTER;
    const next = isFiltered ? WITHOUT_FILTER : Math.max(WITHOUT_FILTER, this.#level) + 1;
    if (next > EVERY_SECOND) return;
    this.#level = next;
    this.#monitor.reset();
    this.#notice({ kind: 'slow', message: SLOW_NOTICES[next]! });
    if (next === WITHOUT_FILTER) this.#emit('postfilterchange');
  }

  // Showing

  #show(waiting: Waiting): void {
    const before = this.#shown;
    this.#shown = waiting;
    this.#stats.framesShown++;
    this.#draw(waiting);
    before?.frame.close();
    this.#emit('frame');
  }

  #draw({ frame }: Waiting): void {
    this.#session?.renderer.draw(frame.planes, frame.unfiltered, this.#split);
  }

  #drawn(): Promise<void> {
    return new Promise((resolve) => this.#drawWaiters.push(resolve));
  }

  /** The end of what is known of the stream, seconds. */
  get #lastTime(): number {
    if (Number.isFinite(this.#duration)) return this.#duration;
    return Math.max(this.#session?.run?.decodedUntil ?? 0, this.#shown?.end ?? 0);
  }

  #updateDuration(): void {
    const duration = this.#session!.stream.duration;
    if (duration === this.#duration) return;
    this.#duration = duration;
    this.#emit('durationchange');
  }

  #rejectStarts(reason: unknown): void {
    for (const { reject } of this.#starts.splice(0)) reject(reason);
  }

  /** Each sentence is told once. */
  #notice(notice: Notice): void {
    if (this.#told.has(notice.message)) return;
    this.#told.add(notice.message);
    this.dispatchEvent(new CustomEvent<Notice>('notice', { detail: notice }));
  }

  #emit(name: PlayerEventName): void {
    this.dispatchEvent(new Event(name));
  }
}
