/** Command-line FFmpegs, for filters and encoders that the libraries in the package do not have. */
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

/** Returns the binary of `ffmpeg-static`; the package may be installed without it. */
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
 * @param kind the list of FFmpeg to search.
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
      // A line is: flags, name, description.
      if (stdout.split('\n').some((line) => line.trim().split(/\s+/)[1] === name)) return command;
    } catch {
      // This program does not run on this machine: try the next one.
    }
  }
  return null;
}

/**
 * Returns the version that a command-line FFmpeg prints, such as `5.1.6-0+deb12u1`.
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
