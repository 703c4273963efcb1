/**
 * Decides in display order which frames are key frames. Nothing but the frames before and the scene cut counts, so that
 * an encoder and a survey of the video (`pipeline/chunks/`) find the same ones.
 */
export class KeyFrames {
  readonly #keyint: number;
  #sinceKey = Infinity;

  /** @param keyint the largest distance between key frames, in frames; Infinity: only the first one and scene cuts. */
  constructor(keyint: number) {
    this.#keyint = keyint;
  }

  /** Returns whether the next frame is a key frame. The first one is. */
  isKey(isSceneCut: boolean): boolean {
    const isKey = isSceneCut || this.#sinceKey === Infinity || this.#sinceKey >= this.#keyint;
    this.#sinceKey = isKey ? 1 : this.#sinceKey + 1;
    return isKey;
  }
}
