import { open, readFile, rm, stat, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../src/errors.js';
import { describeWriteError } from '../src/io/temporary-file.js';
import type { BenchClip, BenchJob, Results } from './results.js';

const FORMAT = 'tessera-bench-journal';
const VERSION = 1;
const NAME = 'journal.jsonl';

/** The values that decide the results of a run. An interrupted run resumes only if all of them are equal. */
export type RunKey = Readonly<Record<string, unknown>>;

/** First line of a journal. */
interface Head {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly createdAt: string;
  readonly machine: Results['machine'];
  readonly key: RunKey;
}

/** Any other line. */
type Entry = { readonly clip: BenchClip } | { readonly job: BenchJob };

/** The results of a run so far: one JSON object per line in `journal.jsonl`, written immediately. */
export class Journal implements AsyncDisposable {
  readonly createdAt: string;
  readonly machine: Results['machine'];
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #clips = new Map<string, BenchClip>();
  readonly #jobs = new Map<string, BenchJob>();

  private constructor(path: string, handle: FileHandle, head: Head) {
    this.#path = path;
    this.#handle = handle;
    this.createdAt = head.createdAt;
    this.machine = head.machine;
  }

  /**
   * Opens and reads the journal of a folder, or creates one.
   *
   * @param restart true to delete an existing journal.
   * @throws InputError if the folder holds another run, or its journal is damaged; EnvironmentError if it cannot be
   * written.
   */
  static async open(folder: string, key: RunKey, machine: Results['machine'], restart: boolean): Promise<Journal> {
    const path = join(folder, NAME);
    if (restart) await rm(path, { force: true });
    const lines = await readLines(path);
    // A process that was killed may have left half a line.
    if (lines !== null && lines.byteLength < lines.fileLength) await truncate(path, lines.byteLength);
    const [first, ...rest] = lines?.texts ?? [];
    if (first === undefined) await refuseResults(folder, restart);
    const given: Head = {
      format: FORMAT,
      version: VERSION,
      createdAt: new Date().toISOString(),
      machine,
      // Convert it through JSON, so that it equals the value that is read back.
      key: JSON.parse(JSON.stringify(key)) as RunKey,
    };
    const head = first === undefined ? given : readHead(first, path);
    requireSameKey(head.key, given.key, folder);
    const handle = await open(path, 'a').catch((error: unknown) => {
      throw describeWriteError(error, path);
    });
    const journal = new Journal(path, handle, head);
    if (first === undefined) await journal.#append(given);
    for (const [index, line] of rest.entries()) journal.#take(parseLine(line, path, index + 2) as Entry);
    return journal;
  }

  /** The clips whose frames have been read. */
  clip(name: string): BenchClip | undefined {
    return this.#clips.get(name);
  }

  /** A job that has ended. */
  job(clip: string, codec: string, setting: number): BenchJob | undefined {
    return this.#jobs.get(jobKey({ clip, codec, setting }));
  }

  /** Notes a clip. Throws EnvironmentError if it cannot be written. */
  async addClip(clip: BenchClip): Promise<void> {
    await this.#append({ clip });
    this.#take({ clip });
  }

  /** Notes a job; a later one with the same key replaces it. Throws EnvironmentError if it cannot be written. */
  async addJob(job: BenchJob): Promise<void> {
    await this.#append({ job });
    this.#take({ job });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  #take(entry: Entry): void {
    if ('clip' in entry) this.#clips.set(entry.clip.name, entry.clip);
    else this.#jobs.set(jobKey(entry.job), entry.job);
  }

  async #append(value: object): Promise<void> {
    try {
      await this.#handle.appendFile(`${JSON.stringify(value)}\n`);
      // A job that is reported as done must also exist after a power failure.
      await this.#handle.datasync();
    } catch (error) {
      throw describeWriteError(error, this.#path);
    }
  }
}

function jobKey({ clip, codec, setting }: Pick<BenchJob, 'clip' | 'codec' | 'setting'>): string {
  return JSON.stringify([clip, codec, setting]);
}

/** The complete lines of a file; null if there is no file. */
async function readLines(
  path: string,
): Promise<{ readonly texts: string[]; readonly byteLength: number; readonly fileLength: number } | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new InputError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  const byteLength = bytes.lastIndexOf(10) + 1;
  const texts = bytes.subarray(0, byteLength).toString('utf8').split('\n').slice(0, -1);
  return { texts, byteLength, fileLength: bytes.length };
}

/** Results without a journal are somebody's that this run must not replace. */
async function refuseResults(folder: string, restart: boolean): Promise<void> {
  const path = join(folder, 'results.json');
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere && !restart) throw new InputError(`${path} exists already; use -y (overwrite) to replace it`);
}

function readHead(line: string, path: string): Head {
  const head = parseLine(line, path, 1) as Partial<Head>;
  if (head.format !== FORMAT) throw new InputError(`${path} is no journal of tessera bench: name another folder`);
  if (head.version !== VERSION) {
    throw new InputError(
      `${path} was written by another version of tessera bench (journal ${head.version}, this is ${VERSION}): ` +
        'name another folder with --out, or use -y to start again',
    );
  }
  return head as Head;
}

function parseLine(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new InputError(`${path} is damaged in line ${number}: name another folder, or use -y to start again`, {
      cause: error,
    });
  }
}

function requireSameKey(there: RunKey, here: RunKey, folder: string): void {
  const names = [...new Set([...Object.keys(there), ...Object.keys(here)])];
  const other = names.filter((name) => JSON.stringify(there[name]) !== JSON.stringify(here[name]));
  if (other.length === 0) return;
  throw new InputError(
    `${folder} holds a run with other ${other.join(', ')}: name another folder with --out, or use -y to start again`,
  );
}
