/** Command-line FFmpegs: for what the libraries inside the package lack. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { EnvironmentError } from '../../errors.js';

const run = promisify(execFile);

/**
 * Paths of the command-line FFmpegs of this machine, best one first: the one that the environment variable `FFMPEG_PATH`
 * names, those in the folders of `PATH`, and that of the optional package `ffmpeg-static`. Empty if there is none.
 */
export function ffmpegCommands(): string[] {
  const named = process.env['FFMPEG_PATH'] ?? '';
  const program = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [named, ...folders.map((folder) => join(folder, program)), staticFfmpeg() ?? ''];
  return [...new Set(candidates)].filter((path) => path !== '' && existsSync(path));
}

/** The binary of `ffmpeg-static`; the package may be there without it. */
function staticFfmpeg(): string | null {
  try {
    const path: unknown = createRequire(import.meta.url)('ffmpeg-static');
    return typeof path === 'string' ? path : null;
  } catch {
    return null;
  }
}

/**
 * The first of some commands that has a filter or an encoder; null if none has.
 *
 * @param kind what list of FFmpeg to look into.
 * @param name such as `libvmaf` or `libaom-av1`.
 * @param commands default: {@link ffmpegCommands}.
 */
export async function findFfmpegWith(
  kind: 'filter' | 'encoder',
  name: string,
  commands: readonly string[] = ffmpegCommands(),
): Promise<string | null> {
  for (const command of commands) {
    try {
      const { stdout } = await run(command, ['-hide_banner', `-${kind}s`], { maxBuffer: 1 << 24 });
      // A line is: flags, name, and what is told of it.
      if (stdout.split('\n').some((line) => line.trim().split(/\s+/)[1] === name)) return command;
    } catch {
      // Not a program that runs here: the next one may.
    }
  }
  return null;
}

/**
 * Version of a command-line FFmpeg as it tells it, such as `5.1.6-0+deb12u1`.
 *
 * @throws EnvironmentError if it does not run.
 */
export async function ffmpegVersion(command: string): Promise<string> {
  try {
    const { stdout } = await run(command, ['-version']);
    return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  } catch (error) {
    throw new EnvironmentError(`${command} does not run: ${error instanceof Error ? error.message : String(error)}`);
  }
}
