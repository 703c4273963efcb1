import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Results } from '../../../bench/results.js';

/**
 * Draws the pictures that made-up results name: a scene that moves a little from frame to frame, and for every job the
 * same scene with the loss of a JPEG at about that rate. All are lossless WebP files.
 */
export async function drawPictures(results: Results, folder: string): Promise<void> {
  for (const [index, clip] of results.clips.entries()) {
    for (const { frame, file } of clip.pictures) {
      const original = await sharp(Buffer.from(scene(clip.width, clip.height, frame, index)))
        .removeAlpha()
        .png()
        .toBuffer();
      await writeWebp(original, join(folder, file));
      for (const job of results.jobs) {
        if (job.status === 'failed' || job.clip !== clip.name) continue;
        const picture = job.pictures.find((one) => one.frame === frame);
        if (picture === undefined) continue;
        const step = results.codecs.find(({ name }) => name === job.codec)!.settings.indexOf(job.setting);
        await writeWebp(await degrade(original, step, job.codec.startsWith('tessera')), join(folder, picture.file));
      }
    }
  }
}

async function writeWebp(picture: Buffer, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await sharp(picture).webp({ lossless: true, effort: 0 }).toFile(file);
}

/** Blocks for a classic codec, blur for a learned one; less of it with every step. */
async function degrade(picture: Buffer, step: number, isLearned: boolean): Promise<Buffer> {
  const blurred = isLearned
    ? await sharp(picture)
        .blur(Math.max(0.4, 2.6 - step * 0.6))
        .png()
        .toBuffer()
    : picture;
  return await sharp(blurred)
    .jpeg({ quality: isLearned ? 70 : 6 + step * 12 })
    .toBuffer();
}

function scene(width: number, height: number, frame: number, seed: number): string {
  const hue = (seed * 67 + 200) % 360;
  const shift = frame * 3;
  const trees = Array.from({ length: 14 }, (_, index) => {
    const x = ((index * 97 + seed * 31 + shift) % (width + 60)) - 30;
    const size = 26 + ((index * 29) % 40);
    const y = height * 0.62 + ((index * 13) % 30);
    return `<polygon points="${x},${y} ${x + size / 2},${y - size * 1.7} ${x + size},${y}" fill="hsl(${110 + index * 4},38%,${22 + (index % 5) * 5}%)"/>`;
  });
  const bricks = Array.from({ length: 120 }, (_, index) => {
    const [column, row] = [index % 12, Math.floor(index / 12)];
    const x = width * 0.58 + column * 14 + (row % 2) * 7 - shift / 2;
    return `<rect x="${x}" y="${height * 0.35 + row * 9}" width="13" height="8" fill="hsl(18,${35 + (index % 3) * 8}%,${36 + ((index * 7) % 5) * 4}%)"/>`;
  });
  const letters = `<text x="${width * 0.08 + shift / 3}" y="${height * 0.9}" font-family="DejaVu Sans" font-size="${height / 11}" fill="#f4f1e8">frame ${frame} of a scene</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="hsl(${hue},55%,62%)"/><stop offset="1" stop-color="hsl(${hue + 20},50%,86%)"/></linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    <circle cx="${width * 0.2}" cy="${height * 0.22}" r="${height * 0.09}" fill="#fff3c4"/>
    <rect y="${height * 0.6}" width="${width}" height="${height * 0.4}" fill="hsl(${(hue + 240) % 360},22%,34%)"/>
    ${bricks.join('')}${trees.join('')}${letters}</svg>`;
}
