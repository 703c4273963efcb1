import { afterAll } from '@jest/globals';
import { execa } from 'execa';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built program; `npm run build` comes first. */
export const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
export const TINY_PACK = fileURLToPath(new URL('../../fixtures/tiny-pack', import.meta.url));

/** Path of a fixture clip. */
export function clip(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/clips/${name}`, import.meta.url));
}

/** What a run of the program is given beside its arguments. */
export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly inputFile?: string;
  readonly env?: Record<string, string>;
}

/** Starts the program; failing exits do not throw. */
export function start(args: readonly string[], options: RunOptions = {}) {
  return execa(process.execPath, [PROGRAM, ...args], {
    ...options,
    reject: false,
    encoding: 'buffer',
    stripFinalNewline: false,
  });
}

/** How a run of the program ended. */
export interface Run {
  readonly exitCode: number | undefined;
  /** Without the last line feed. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end, in a process of its own. */
export async function tesseraAlone(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { exitCode, stdout, stderr } = await start(args, options);
  return { exitCode, stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** Runs the program to its end: in a process that is started once per test file, unless it gets streams or variables. */
export async function tessera(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return Object.keys(options).length === 0 ? runLine(args) : tesseraAlone(args, options);
}

const PROGRAM_PROCESS = fileURLToPath(new URL('program-process.mjs', import.meta.url));

let shared: ChildProcess | null = null;
let lastRun: Promise<unknown> = Promise.resolve();

afterAll(() => shared?.disconnect());

/** Runs a command line in the process that all such lines of a test file share, one after the other. */
export function runLine(words: readonly string[], cwd?: string): Promise<Run> {
  const run = lastRun.then(() => {
    const program = (shared ??= fork(PROGRAM_PROCESS));
    return new Promise<Run>((resolve, reject) => {
      const onExit = (): void => {
        shared = null;
        reject(new Error(`the program ended the process: ${words.join(' ')}`));
      };
      program.once('exit', onExit);
      program.once('message', (message) => {
        program.off('exit', onExit);
        const { exitCode, stdout, stderr } = message as Run;
        resolve({ exitCode, stdout: stdout.replace(/\n$/, ''), stderr: stderr.replace(/\n$/, '') });
      });
      program.send({ words, cwd });
    });
  });
  lastRun = run.catch(() => undefined);
  return run;
}

/** Bytes of a stream as text. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8').replace(/\n$/, '');
}

/** Runs a command that takes a pack, with the tiny one. */
export function tesseraTiny(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return tessera([...args, '--pack', TINY_PACK], options);
}

/** Lines of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A folder that disappears on disposal. */
export class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'tessera-cli-')));
  }

  join(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Names in it, hidden ones too. */
  async list(): Promise<string[]> {
    return (await readdir(this.path)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
