import type { Packet } from '../../bitstream/packet.js';
import type { StreamWords } from '../../bitstream/words.js';
import { openWordsPack } from '../../model/words-pack.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import { Classifier } from '../../words/classifier.js';
import { PICTURE_INTERVAL_MS, SceneCollector } from '../../words/scene-collector.js';
import { Vocabulary } from '../../words/vocabulary.js';
import { ticksToSeconds } from '../ticks.js';
import { ClassifierPictures } from './classifier-pictures.js';

/** Makes the words of a video while its frames pass. */
export class WordsMaker implements AsyncDisposable {
  readonly #classifier: Classifier;
  readonly #vocabulary: Vocabulary;
  readonly #properties: VideoProperties;
  readonly #pictures: ClassifierPictures;
  readonly #scenes: SceneCollector;
  #first: bigint | null = null;
  #lastPictureMs = -Infinity;
  #endMs = 0;

  private constructor(classifier: Classifier, vocabulary: Vocabulary, properties: VideoProperties) {
    this.#classifier = classifier;
    this.#vocabulary = vocabulary;
    this.#properties = properties;
    this.#pictures = new ClassifierPictures(properties);
    this.#scenes = new SceneCollector(classifier, vocabulary);
  }

  /**
   * Loads the pack of words.
   *
   * @throws ModelError if it is missing or damaged; EnvironmentError.
   */
  static async create(properties: VideoProperties): Promise<WordsMaker> {
    const pack = await openWordsPack();
    const vocabulary = await Vocabulary.read(await pack.read('vocabulary'), pack.pathOf('vocabulary'));
    const classifier = await Classifier.create(await pack.read('classifier'), vocabulary.classes.length);
    return new WordsMaker(classifier, vocabulary, properties);
  }

  /** Passes frames on and looks at some of them, four per second at most. */
  async *watch(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of frames) {
      this.#first ??= frame.pts;
      const timeMs = this.#timeMs(frame.pts);
      if (timeMs - this.#lastPictureMs >= PICTURE_INTERVAL_MS) {
        this.#lastPictureMs = timeMs;
        this.#scenes.add(timeMs, await this.#pictures.of(frame));
      }
      this.#endMs = Math.max(this.#endMs, this.#timeMs(frame.pts + frame.duration));
      yield frame;
    }
  }

  /** Takes a packet that was made of the frames, in coding order. Scenes begin at key packets. */
  async addPacket({ kind, pts }: Pick<Packet, 'kind' | 'pts'>): Promise<void> {
    if (kind === 'key') await this.#scenes.addKey(this.#timeMs(pts));
    else await this.#scenes.advance(this.#timeMs(pts));
  }

  /** Returns the words after the last frame and packet. */
  async finish(isFromDecoded = false): Promise<StreamWords> {
    const { edition, id } = this.#vocabulary;
    const scenes = await this.#scenes.finish(this.#endMs);
    return { vocabularyEdition: edition, vocabularyId: id, isFromDecoded, scenes };
  }

  /** Frees the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#pictures[Symbol.dispose]();
    await this.#classifier[Symbol.asyncDispose]();
  }

  /** Whole milliseconds since the first frame. */
  #timeMs(pts: bigint): number {
    return Math.round(1000 * ticksToSeconds(pts - (this.#first ?? pts), this.#properties.timeBase));
  }
}
