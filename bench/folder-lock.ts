import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../src/errors.js';
import { describeWriteError } from '../src/io/temporary-file.js';

/** The owner of a folder lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as its machine counts: numbers of processes are used again. Empty if not known. */
  readonly began: string;
}

const NAME = '.lock';

/**
 * Makes a folder, if need be, and takes it for this process until the lock is disposed. The lock of a process that is
 * gone (killed, its machine started again) is taken over.
 *
 * @throws InputError if another process works there; EnvironmentError if the folder cannot be written.
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const path = join(folder, NAME);
  const self: Holder = { pid: process.pid, host: hostname(), began: beginningOf(process.pid) };
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw new InputError(`${folder} is a file: name a folder for the results`);
    throw describeWriteError(error, path);
  }
  // The second attempt is for a stale lock; the faster process gets it.
  for (let turn = 0; turn < 2; turn++) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(JSON.stringify(self)).finally(() => handle.close());
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw describeWriteError(error, path);
    }
    const holder = await readHolder(path);
    if (holder !== null && isAlive(holder, self)) {
      const where = holder.host === self.host ? '' : ` on ${holder.host}`;
      throw new InputError(
        `another run works in ${folder} (process ${holder.pid}${where}): wait for it, or name another folder with --out`,
      );
    }
    if (turn === 0) await rm(path, { force: true });
  }
  throw new InputError(`another run has just begun in ${folder}: wait for it, or name another folder with --out`);
}

/** Null if the lock is gone or holds nothing: its process was killed while it wrote. */
async function readHolder(path: string): Promise<Holder | null> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Holder | null;
    return typeof holder?.pid === 'number' ? holder : null;
  } catch {
    return null;
  }
}

/** A process of another machine cannot be asked: it counts as alive. */
function isAlive(holder: Holder, self: Holder): boolean {
  if (holder.host !== self.host) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return beginningOf(holder.pid) === holder.began;
}

/** Field 22 of Linux' /proc/PID/stat; empty elsewhere. */
function beginningOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, a name in parentheses, may hold spaces.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
