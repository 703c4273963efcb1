import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import type { Results } from '../../bench/results.js';
import { PROGRAM } from '../cli/helpers.js';
import { movingClip } from '../codecs/clips.js';
import { collect } from '../video/helpers.js';

/** Writes a small y4m clip. */
export async function writeClip(path: string, width: number, height: number, frameCount: number): Promise<string> {
  const frames = await collect(movingClip(width, height, frameCount).frames());
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F25:1 Ip A1:1 C420jpeg\n`)];
  for (const { y, u, v } of frames) parts.push(Buffer.from('FRAME\n'), Buffer.from(y), Buffer.from(u), Buffer.from(v));
  await writeFile(path, Buffer.concat(parts));
  return path;
}

/** Runs `tessera bench`. */
export function bench(args: readonly string[], cwd?: string) {
  return execa(process.execPath, [PROGRAM, 'bench', ...args], { reject: false, ...(cwd === undefined ? {} : { cwd }) });
}

/** The results in a folder. */
export async function readResults(folder: string): Promise<Results> {
  return JSON.parse(await readFile(`${folder}/results.json`, 'utf8')) as Results;
}

/** Results without what differs from run to run: times and the clock. */
export function timeless(results: Results): unknown {
  const jobs = results.jobs.map((job) => (job.status === 'done' ? { ...job, encode: null, decode: null } : job));
  return { ...results, createdAt: '', jobs };
}
