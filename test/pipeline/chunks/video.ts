import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { makeFrame, makeProperties, writeY4m } from '../../video/helpers.js';

/** Writes a y4m video of moving textures, of 64x48 samples: scenes of `lengths` frames. */
export async function writeScenes(path: string, lengths: readonly number[]): Promise<void> {
  async function* frames() {
    let at = 0;
    for (const [index, length] of lengths.entries()) {
      const scene = 1 + (index % 3);
      for (let end = at + length; at < end; at++) {
        await Promise.resolve();
        const frame = makeFrame(64, 48, at, BigInt(at));
        yield { ...frame, y: frame.y.map((_, i) => texture((i % 64) + at, Math.floor(i / 64), scene)) };
      }
    }
  }
  const file = createWriteStream(path);
  for await (const bytes of writeY4m(frames(), makeProperties(64, 48))) file.write(bytes);
  file.end();
  await once(file, 'finish');
}

function texture(x: number, y: number, scene: number): number {
  const noise = ((x * 7 * scene + y * 13) % 11) * scene * 3;
  return Math.round(110 + noise + 50 * Math.sin((scene * x) / 8 + scene) * Math.cos((y * (4 - scene)) / 9));
}
