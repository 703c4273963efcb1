import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import type { Results } from '../../bench/results.js';
import { openY4mSink } from '../../src/video/out/y4m-sink.js';
import { PROGRAM, runLine, type Run } from '../cli/helpers.js';
import { movingClip } from '../codecs/clips.js';

/** Writes a small y4m clip. */
export async function writeClip(path: string, width: number, height: number, frameCount: number): Promise<string> {
  const clip = movingClip(width, height, frameCount);
  await using sink = await openY4mSink(path, clip.properties, { overwrite: true });
  for await (const frame of clip.frames()) await sink.write(frame);
  await sink.finish();
  return path;
}

/** Runs `tessera bench` to its end. */
export function bench(args: readonly string[], cwd?: string): Promise<Run> {
  return runLine(['bench', ...args], cwd);
}

/** Starts `tessera bench` in a process of its own. */
export function startBench(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return execa(process.execPath, [PROGRAM, 'bench', ...args], { reject: false, ...options });
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
