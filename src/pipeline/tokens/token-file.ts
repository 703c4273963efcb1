import { chunksOf } from '../../bitstream/byte-source.js';
import { openFileSource } from '../../io/file-source.js';
import type { ByteSink } from '../../bitstream/stream-writer.js';
import { InputError } from '../../errors.js';
import { resolveInput } from '../../io/input.js';
import { spoolToFile, takeFirstBytes } from '../../io/pipe.js';
import type { StreamInput } from '../stream-input.js';
import type * as NpzFile from './npz-file.js';
import { openJsonl, writeJsonl } from './jsonl-file.js';
import type { TokenSource } from './token-source.js';

/** The formats of token files: numpy's archive of arrays, or lines of JSON. */
export type TokenFileFormat = 'npz' | 'jsonl';

/** A token file that can be read; dispose it. */
export interface OpenTokenFile extends AsyncDisposable {
  readonly source: TokenSource;
}

/**
 * Returns the format of a file name.
 *
 * @throws InputError if the extension is unknown.
 */
export function formatOfName(path: string): TokenFileFormat {
  if (/\.npz$/i.test(path)) return 'npz';
  if (/\.jsonl$/i.test(path)) return 'jsonl';
  throw new InputError(`cannot tell from ${path} what to write: end its name with .npz or .jsonl`);
}

/** ZIP archives need another package, which is loaded only if needed. */
function loadNpz(): Promise<typeof NpzFile> {
  return import('./npz-file.js');
}

/** Writes a source in a format. */
export async function writeTokenFile(source: TokenSource, sink: ByteSink, format: TokenFileFormat): Promise<void> {
  await (format === 'npz' ? (await loadNpz()).writeNpz(source, sink) : writeJsonl(source, sink));
}

/**
 * Opens a token file and detects its format from the first bytes. An archive that can be read only once is kept in a
 * temporary file, because its directory is at its end.
 *
 * @throws InputError if there is no such file or it is not a token file; EnvironmentError; CancelledError.
 */
export async function openTokenFile(given: StreamInput, signal: AbortSignal | undefined): Promise<OpenTokenFile> {
  const input = await resolveInput(given, signal);
  if (typeof input === 'string') return openFile(input, input);
  const name = 'the input pipe';
  const { first, all } = await takeFirstBytes(input, 2);
  try {
    const format = formatOfBytes(first, name);
    if (format === 'jsonl') {
      const dispose = async (): Promise<void> => {
        await all.return();
      };
      return { source: await openJsonl(all, name), [Symbol.asyncDispose]: dispose };
    }
    const spooled = await spoolToFile(all, signal);
    try {
      const file = await openFile(spooled.path, name);
      const dispose = async (): Promise<void> => {
        await file[Symbol.asyncDispose]();
        await spooled[Symbol.asyncDispose]();
      };
      return { source: file.source, [Symbol.asyncDispose]: dispose };
    } catch (error) {
      await spooled[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    await all.return();
    throw error;
  }
}

async function openFile(path: string, name: string): Promise<OpenTokenFile> {
  const file = await openFileSource(path);
  try {
    const format = formatOfBytes(await file.read(0, 2), name);
    const source =
      format === 'npz' ? await (await loadNpz()).openNpz(file, name) : await openJsonl(chunksOf(file), name);
    return { source, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function formatOfBytes(first: Uint8Array, name: string): TokenFileFormat {
  const text = Buffer.from(first).toString('latin1');
  if (text === '') throw new InputError(`${name} is empty`);
  if (text.startsWith('PK')) return 'npz';
  if (text.startsWith('{')) return 'jsonl';
  throw new InputError(`${name} is not a token file (.npz or .jsonl); make one with tessera tokens export`);
}
