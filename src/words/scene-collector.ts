import type { WordScene } from '../bitstream/words.js';
import type { Classifier } from './classifier.js';
import { summarise } from './summarise.js';
import type { Vocabulary } from './vocabulary.js';

/** The time from one picture to the next, in milliseconds: shorter scenes may have no picture. */
export const PICTURE_INTERVAL_MS = 250;

/** The largest length of a scene. */
export const SCENE_MS = 5000;

/** The largest number of pictures of a scene that are classified. */
const PICTURES = 3;

interface Picture {
  readonly timeMs: number;
  readonly toRgb: () => Uint8Array;
}

/**
 * Divides a video into scenes and finds their words. A scene begins at a key frame, and after at most 5 seconds the next
 * one begins. Its words are those of up to three pictures, averaged. A scene without a picture becomes part of the scene
 * before it.
 */
export class SceneCollector {
  readonly #classifier: Pick<Classifier, 'classify'>;
  readonly #vocabulary: Vocabulary;
  #pictures: Picture[] = [];
  #startMs = 0;
  readonly #scenes: WordScene[] = [];

  constructor(classifier: Pick<Classifier, 'classify'>, vocabulary: Vocabulary) {
    this.#classifier = classifier;
    this.#vocabulary = vocabulary;
  }

  /**
   * Takes a picture. Times increase; the first picture of the video has time 0.
   *
   * @param toRgb makes the picture for {@link Classifier.classify}; called at most once, and only for few pictures.
   */
  add(timeMs: number, toRgb: () => Uint8Array): void {
    this.#pictures.push({ timeMs, toRgb });
  }

  /** No key frame comes before this time any more, and all pictures before it are here. */
  async advance(timeMs: number): Promise<void> {
    // The rest of a scene is cut into equal parts later, so that no part is very short.
    while (timeMs - this.#startMs >= 2 * SCENE_MS) await this.#close(this.#startMs + SCENE_MS);
  }

  /** A key frame has this time, and all pictures before it are here. */
  async addKey(timeMs: number): Promise<void> {
    await this.advance(timeMs);
    const parts = Math.max(1, Math.ceil((timeMs - this.#startMs) / SCENE_MS));
    const from = this.#startMs;
    for (let part = 1; part <= parts; part++) await this.#close(from + Math.round(((timeMs - from) * part) / parts));
  }

  /** The video ends at this time. Returns its scenes. */
  async finish(endMs: number): Promise<WordScene[]> {
    await this.addKey(Math.max(endMs, this.#startMs));
    return this.#scenes;
  }

  async #close(endMs: number): Promise<void> {
    if (endMs <= this.#startMs) return;
    const count = this.#pictures.findIndex(({ timeMs }) => timeMs >= endMs);
    const inside = count < 0 ? this.#pictures : this.#pictures.slice(0, count);
    this.#pictures = count < 0 ? [] : this.#pictures.slice(count);
    const durationMs = endMs - this.#startMs;
    const last = this.#scenes.at(-1);
    this.#startMs = endMs;
    if (inside.length === 0) {
      if (last === undefined) this.#scenes.push({ durationMs, words: [] });
      else this.#scenes[this.#scenes.length - 1] = { ...last, durationMs: last.durationMs + durationMs };
      return;
    }
    const probabilities = await this.#classifier.classify(spread(inside, PICTURES).map(({ toRgb }) => toRgb()));
    this.#scenes.push({ durationMs, words: summarise(this.#vocabulary, probabilities, durationMs) });
  }
}

/** At most `count` items, evenly spread. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor(((at + 0.5) * items.length) / count)]!);
}
