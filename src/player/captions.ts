import type { Chapter } from './scene-chapters.js';
import type { SideData } from './side-data.js';
import { cueText, isTextTrack } from './subtitles.js';

/** Subtitles are read this number of seconds ahead. */
const AHEAD = 30;
/** FFmpeg's `AV_DISPOSITION_DEFAULT` and `AV_DISPOSITION_FORCED`: shown unless the viewer says otherwise. */
const SHOWN_BY_DEFAULT = 0x41;

interface CaptionTrack {
  /** Number of the track in the side data. */
  readonly number: number;
  readonly codec: string;
  readonly track: TextTrack;
  /** The number of packets that are cues already. */
  taken: number;
}

/** Text subtitles as text tracks, and the box that shows them. */
export class Captions {
  readonly element: HTMLElement;
  /** It plays nothing: browsers give lists of text tracks to media elements only. */
  readonly #holder = document.createElement('video');
  #captions: CaptionTrack[] = [];
  #chapters: TextTrack | null = null;
  #side: SideData | null = null;
  #origin = 0;
  #text = '';

  constructor() {
    this.element = document.createElement('div');
    this.element.className = 'captions';
    this.element.part.add('captions');
  }

  get tracks(): TextTrackList {
    return this.#holder.textTracks;
  }

  /** Takes the subtitles of a stream; `origin` is the time of its first picture there, seconds. */
  open(side: SideData | null, origin: number): void {
    this.clear();
    this.#side = side;
    this.#origin = origin;
    if (side === null) return;
    for (const [number, description] of side.header.tracks.entries()) {
      if (!isTextTrack(description)) continue;
      const { tags, codec, disposition } = description;
      const track = this.#holder.addTextTrack('subtitles', tags['title'] ?? '', tags['language'] ?? '');
      track.mode = (disposition & SHOWN_BY_DEFAULT) === 0 ? 'disabled' : 'showing';
      this.#captions.push({ number, codec, track, taken: 0 });
    }
  }

  /** Adds scenes as a track of chapters, which is not shown in the picture. */
  addChapters(chapters: readonly Chapter[]): void {
    this.#chapters ??= this.#holder.addTextTrack('chapters', 'scenes', 'en');
    this.#chapters.mode = 'hidden';
    for (const { start, end, text } of chapters) this.#chapters.addCue(new VTTCue(start, end, text));
  }

  /** Forgets the cues. The list keeps its tracks, because browsers cannot remove them; they stay empty and off. */
  clear(): void {
    for (const track of [
      ...this.#captions.map((caption) => caption.track),
      ...(this.#chapters === null ? [] : [this.#chapters]),
    ]) {
      track.mode = 'hidden';
      for (const cue of Array.from(track.cues ?? [])) track.removeCue(cue);
      track.mode = 'disabled';
    }
    this.#captions = [];
    this.#side = null;
    this.#write('');
  }

  /** Shows what belongs to a time, seconds from the first picture. */
  show(time: number): void {
    const side = this.#side;
    if (side === null || this.#captions.length === 0) return;
    side
      .readUntil(time + this.#origin + AHEAD)
      .then(() => this.#take(side))
      .catch(() => undefined);
    this.#take(side);
    const lines: string[] = [];
    for (const { track } of this.#captions) {
      if (track.mode !== 'showing') continue;
      for (const cue of Array.from(track.cues ?? [])) {
        if (cue.startTime <= time && time < cue.endTime) lines.push((cue as VTTCue).getCueAsHTML().textContent);
      }
    }
    this.#write(lines.join('\n'));
  }

  #take(side: SideData): void {
    if (side !== this.#side) return;
    for (const caption of this.#captions) {
      const packets = side.packets[caption.number]!;
      // A track that is disabled has no list of cues.
      const { mode } = caption.track;
      if (caption.taken < packets.length && mode === 'disabled') caption.track.mode = 'hidden';
      for (; caption.taken < packets.length; caption.taken++) {
        const packet = packets[caption.taken]!;
        const text = cueText(packet, caption.codec);
        const start = packet.time - this.#origin;
        if (text !== '') caption.track.addCue(new VTTCue(Math.max(0, start), start + packet.duration, text));
      }
      if (caption.track.mode !== mode) caption.track.mode = mode;
    }
  }

  #write(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.element.replaceChildren();
    if (text === '') return;
    const line = document.createElement('span');
    line.textContent = text;
    this.element.append(line);
  }
}
