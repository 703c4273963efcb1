import { readFile } from 'node:fs/promises';
import { InputError } from '../../errors.js';
import { refuseExisting, writeFileSafely } from '../../io/temporary-file.js';
import { KeptCodecs } from './kept-codecs.js';
import { codeSpec, type CodeSpecOptions } from './code-spec.js';
import { qualitiesText } from './chunk-result.js';
import { parseSpecText } from './chunk-spec.js';

/** How a described chunk is coded to files. */
export interface EncodeChunkFileOptions extends Omit<CodeSpecOptions, 'codecs'> {
  /** File for the quality of each packet. */
  readonly qualities?: string;
  readonly overwrite: boolean;
}

/**
 * Codes the chunk that a file describes, and writes its stream.
 *
 * @throws as `codeSpec`; InputError if the description cannot be read or an output exists.
 */
export async function encodeChunkFile(
  description: string,
  out: string,
  { qualities, overwrite, ...options }: EncodeChunkFileOptions,
): Promise<{ readonly frames: number; readonly bytes: number }> {
  const text = await readFile(description, 'utf8').catch((error: unknown) => {
    throw new InputError(`cannot read ${description}: ${(error as Error).message}`);
  });
  const spec = parseSpecText(text);
  if (!overwrite) for (const path of [out, qualities]) if (path !== undefined) await refuseExisting(path);
  await using codecs = new KeptCodecs(0);
  const { stream, coded } = await codeSpec(spec, { ...options, codecs });
  if (qualities !== undefined) {
    await writeFileSafely(qualities, only(Buffer.from(qualitiesText(coded))), { overwrite });
  }
  await writeFileSafely(out, only(stream), { overwrite });
  return { frames: coded.packets.length, bytes: stream.length };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
  yield bytes;
}
