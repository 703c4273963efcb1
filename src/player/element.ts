import type {
  Notice,
  PlayerControls,
  PlayerError,
  PlayerEventName,
  PlayerFrame,
  PlayerPostFilter,
  PlayerStats,
  StreamInfo,
} from './api.js';
import { Captions } from './captions.js';
import { ControlBar } from './control-bar.js';
import { packsAddress } from './packs-address.js';
import { TesseraPlayer } from './player.js';
import { readChapters } from './scene-chapters.js';
import { ELEMENT_STYLE } from './element-style.js';

/** All events of the player, which the element repeats. */
const EVENTS: readonly PlayerEventName[] = [
  ...(['loadstart', 'loadedmetadata', 'loadeddata', 'canplay', 'canplaythrough', 'durationchange', 'resize'] as const),
  ...([
    'progress',
    'play',
    'playing',
    'pause',
    'waiting',
    'timeupdate',
    'seeking',
    'seeked',
    'ended',
    'error',
  ] as const),
  ...(['emptied', 'volumechange', 'ratechange', 'postfilterchange', 'frame', 'notice'] as const),
];
const FLAGS = ['autoplay', 'controls', 'loop', 'muted'] as const;

// Worker threads can import the module too; they have no elements.
const Base =
  (globalThis as { readonly HTMLElement?: typeof HTMLElement }).HTMLElement ??
  (class {
    readonly isElement = false;
  } as unknown as typeof HTMLElement);

declare global {
  interface HTMLElementTagNameMap {
    'tessera-video': TesseraVideoElement;
  }
}

/** `<tessera-video>`: shows a `.tsr` stream and behaves like `<video>`. */
export class TesseraVideoElement extends Base implements PlayerControls {
  static readonly observedAttributes = ['src', 'packs', 'poster', 'post-filter', ...FLAGS];

  readonly #canvas: HTMLCanvasElement;
  readonly #poster: HTMLImageElement;
  readonly #captions: Captions;
  readonly #bar: ControlBar;
  #player: TesseraPlayer;
  #packs: string | undefined;
  #srcObject: Blob | ReadableStream<Uint8Array> | null = null;
  #isLoadDue = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = ELEMENT_STYLE;
    this.#canvas = document.createElement('canvas');
    this.#canvas.part.add('picture');
    this.#poster = document.createElement('img');
    this.#poster.alt = '';
    this.#poster.hidden = true;
    this.#captions = new Captions();
    // It shows and plays nothing: skins as media-chrome take a click for one on the picture if its target is a video.
    const surface = document.createElement('video');
    surface.className = 'surface';
    surface.tabIndex = -1;
    surface.ariaHidden = 'true';
    this.#player = this.#makePlayer();
    this.#bar = new ControlBar(this);
    root.append(style, this.#canvas, this.#poster, surface, this.#captions.element, this.#bar.element);
  }

  connectedCallback(): void {
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
    if (!this.hasAttribute('role')) this.setAttribute('role', 'region');
    if (!this.hasAttribute('aria-label')) this.setAttribute('aria-label', 'video player');
    this.#loadSoon();
  }

  disconnectedCallback(): void {
    // It may only be moved.
    queueMicrotask(() => {
      if (!this.isConnected) this.#player.close();
    });
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (before === value) return;
    switch (name) {
      case 'src':
      case 'packs':
        this.#loadSoon();
        break;
      case 'poster':
        this.#poster.src = value ?? '';
        this.#showPoster();
        break;
      case 'post-filter':
        if (value === 'none' || value === 'lpips') this.#player.postFilter = value;
        break;
      case 'autoplay':
        this.#player.autoplay = value !== null;
        break;
      case 'loop':
        this.#player.loop = value !== null;
        break;
      case 'muted':
        // As with <video>, the attribute is the state at the start only.
        if (this.#player.readyState === 0) this.#player.muted = value !== null;
        break;
      case 'controls':
        this.#bar.isShown = value !== null;
        break;
    }
  }

  /** Loads the source again. */
  load(): void {
    this.#isLoadDue = false;
    const packs = this.getAttribute('packs') ?? undefined;
    if (packs !== this.#packs) {
      this.#player.close();
      this.#player = this.#makePlayer();
    }
    this.#captions.clear();
    const source = this.#srcObject ?? this.getAttribute('src');
    this.#player.load(source === '' ? null : source);
    this.#player.autoplay = this.hasAttribute('autoplay');
    this.#showPoster();
  }

  get src(): string {
    const src = this.getAttribute('src');
    return src === null ? '' : new URL(src, document.baseURI).href;
  }

  set src(src: string) {
    this.setAttribute('src', src);
  }

  /** A file or a stream of bytes instead of an address. */
  get srcObject(): Blob | ReadableStream<Uint8Array> | null {
    return this.#srcObject;
  }

  set srcObject(source: Blob | ReadableStream<Uint8Array> | null) {
    this.#srcObject = source;
    this.load();
  }

  get currentSrc(): string {
    return this.#srcObject === null ? this.src : '';
  }

  get packs(): string | null {
    return this.getAttribute('packs');
  }

  set packs(packs: string | null) {
    this.#set('packs', packs);
  }

  get poster(): string {
    return this.getAttribute('poster') ?? '';
  }

  set poster(poster: string) {
    this.setAttribute('poster', poster);
  }

  get controls(): boolean {
    return this.hasAttribute('controls');
  }

  set controls(isOn: boolean) {
    this.toggleAttribute('controls', isOn);
  }

  get autoplay(): boolean {
    return this.hasAttribute('autoplay');
  }

  set autoplay(isOn: boolean) {
    this.toggleAttribute('autoplay', isOn);
  }

  get loop(): boolean {
    return this.hasAttribute('loop');
  }

  set loop(isOn: boolean) {
    this.toggleAttribute('loop', isOn);
  }

  get defaultMuted(): boolean {
    return this.hasAttribute('muted');
  }

  set defaultMuted(isOn: boolean) {
    this.toggleAttribute('muted', isOn);
  }

  get currentTime(): number {
    return this.#player.currentTime;
  }

  set currentTime(seconds: number) {
    this.#player.currentTime = seconds;
  }

  get duration(): number {
    return this.#player.duration;
  }

  get paused(): boolean {
    return this.#player.paused;
  }

  get ended(): boolean {
    return this.#player.ended;
  }

  get seeking(): boolean {
    return this.#player.seeking;
  }

  get buffered(): TimeRanges {
    return this.#player.buffered;
  }

  get seekable(): TimeRanges {
    return this.#player.seekable;
  }

  get readyState(): PlayerControls['readyState'] {
    return this.#player.readyState;
  }

  get networkState(): PlayerControls['networkState'] {
    return this.#player.networkState;
  }

  get error(): PlayerError | null {
    return this.#player.error;
  }

  get volume(): number {
    return this.#player.volume;
  }

  set volume(volume: number) {
    this.#player.volume = volume;
  }

  get muted(): boolean {
    return this.#player.muted;
  }

  set muted(isMuted: boolean) {
    this.#player.muted = isMuted;
  }

  get playbackRate(): number {
    return this.#player.playbackRate;
  }

  set playbackRate(rate: number) {
    this.#player.playbackRate = rate;
  }

  get videoWidth(): number {
    return this.#player.videoWidth;
  }

  get videoHeight(): number {
    return this.#player.videoHeight;
  }

  get postFilter(): PlayerPostFilter {
    return this.#player.postFilter;
  }

  set postFilter(filter: PlayerPostFilter) {
    this.setAttribute('post-filter', filter);
    this.#player.postFilter = filter;
  }

  get split(): number | null {
    return this.#player.split;
  }

  set split(split: number | null) {
    this.#player.split = split;
  }

  get stats(): PlayerStats {
    return this.#player.stats;
  }

  get info(): StreamInfo | null {
    return this.#player.info;
  }

  /** The text subtitles of the stream; those with the mode `showing` are shown. */
  get textTracks(): TextTrackList {
    return this.#captions.tracks;
  }

  play(): Promise<void> {
    // A source that was set in the same task loads first.
    if (this.#isLoadDue) this.load();
    return this.#player.play();
  }

  pause(): void {
    this.#player.pause();
  }

  stepFrame(step: 1 | -1): Promise<void> {
    return this.#player.stepFrame(step);
  }

  readFrame(): PlayerFrame | null {
    return this.#player.readFrame();
  }

  canPlayType(type: string): '' | 'probably' {
    return /^video\/(?:x-)?tessera\b/.test(type) ? 'probably' : '';
  }

  #makePlayer(): TesseraPlayer {
    this.#packs = this.getAttribute('packs') ?? undefined;
    const old = this.#player as TesseraPlayer | undefined;
    const filter = this.getAttribute('post-filter');
    const player = new TesseraPlayer(this.#canvas, null, {
      packs: this.#packs,
      loop: this.hasAttribute('loop'),
      muted: old?.muted ?? this.hasAttribute('muted'),
      ...(filter === 'none' || filter === 'lpips' ? { postFilter: filter } : {}),
    });
    if (old !== undefined) player.volume = old.volume;
    for (const name of EVENTS) player.addEventListener(name, (event) => this.#onEvent(player, event));
    return player;
  }

  #onEvent(player: TesseraPlayer, event: Event): void {
    if (player !== this.#player) return;
    switch (event.type) {
      case 'loadedmetadata':
        this.#captions.open(player.side, player.origin);
        void this.#addChapters(player);
        this.#canvas.style.aspectRatio = `${player.videoWidth} / ${player.videoHeight}`;
        break;
      case 'loadeddata':
      case 'play':
        this.#showPoster();
        break;
      case 'frame':
      case 'timeupdate':
        this.#captions.show(player.currentTime);
        break;
    }
    const copy =
      event.type === 'notice'
        ? new CustomEvent<Notice>('notice', { detail: (event as CustomEvent<Notice>).detail })
        : new Event(event.type);
    this.dispatchEvent(copy);
  }

  /** Shows the words of scenes as chapters. */
  async #addChapters(player: TesseraPlayer): Promise<void> {
    const { words } = player;
    if (words === null) return;
    try {
      const chapters = await readChapters(words, packsAddress(this.#packs));
      if (player === this.#player && words === player.words) this.#captions.addChapters(chapters);
    } catch (error) {
      const detail: Notice = { kind: 'words', message: `no chapters: ${(error as Error).message}` };
      if (player === this.#player) this.dispatchEvent(new CustomEvent<Notice>('notice', { detail }));
    }
  }

  /** The poster is shown until the first play, or until there is a picture if it plays by itself. */
  #showPoster(): void {
    const { readyState, paused, currentTime } = this.#player;
    const hasPlayed = readyState >= 2 && (!paused || currentTime > 0);
    this.#poster.hidden = !this.hasAttribute('poster') || hasPlayed;
  }

  #loadSoon(): void {
    if (this.#isLoadDue || !this.isConnected) return;
    this.#isLoadDue = true;
    queueMicrotask(() => {
      if (this.#isLoadDue) this.load();
    });
  }

  #set(name: string, value: string | null): void {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }
}

/**
 * Defines the element. Without this call, importing the player defines nothing. Calling it again changes nothing, and
 * so does a call where there are no elements: a server that renders pages may import it.
 */
export function defineTesseraVideo(name = 'tessera-video'): void {
  const elements = (globalThis as { readonly customElements?: CustomElementRegistry }).customElements;
  if (elements === undefined || elements.get(name) !== undefined) return;
  // A class can have one name only.
  elements.define(name, class extends TesseraVideoElement {});
}
