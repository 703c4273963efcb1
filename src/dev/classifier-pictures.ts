import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.js';
import { ClassifierPictures } from '../pipeline/words/classifier-pictures.js';
import { openVideo } from '../video/in/media-reader.js';
import { CLASSIFIER_SIZE } from '../words/classifier.js';
import { clipName } from './dump.js';
import { NpyWriter } from './npy.js';

/**
 * Writes pictures of clips as the classifier of the pack of words takes them: `CLIP.npy`, uint8 [n, 224, 224, 3].
 *
 * @param count pictures of each clip at most, evenly spread.
 * @throws InputError if a clip cannot be read.
 */
export async function* writeClassifierPictures(
  clips: readonly string[],
  out: string,
  count: number,
): AsyncGenerator<{ readonly path: string; readonly pictures: number }, void, void> {
  await mkdir(out, { recursive: true });
  for (const clip of clips) {
    await using video = await openVideo(clip);
    using pictures = new ClassifierPictures(video.properties);
    const total = video.frameCountHint ?? count;
    const wanted = new Set(Array.from({ length: count }, (_, at) => Math.floor(((at + 0.5) * total) / count)));
    const path = join(out, `${clipName(clip)}.npy`);
    const writer = await NpyWriter.create(path, '|u1', [CLASSIFIER_SIZE, CLASSIFIER_SIZE, 3]);
    let number = 0;
    let written = 0;
    for await (const frame of video.frames()) {
      if (!wanted.has(number++)) continue;
      await writer.append((await pictures.of(frame))());
      written++;
    }
    await writer.finish();
    if (written === 0) throw new InputError(`${clip} has no frames`);
    yield { path, pictures: written };
  }
}
