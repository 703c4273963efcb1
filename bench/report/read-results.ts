import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { EnvironmentError, InputError } from '../../src/errors.js';
import { RESULTS_VERSION, resultsSchema, type Results } from '../results.js';

/**
 * Reads the results of a run.
 *
 * @throws InputError if the file does not exist, is no JSON, no results of the benchmark, of another version, or
 * contradicts itself; EnvironmentError if it cannot be read.
 */
export async function readResults(file: string): Promise<Results> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new InputError(`${file} does not exist`, { cause: error });
    if (code === 'EISDIR') throw new InputError(`${file} is a folder; name the results file in it`, { cause: error });
    throw new EnvironmentError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  return parseResults(text, file);
}

/**
 * Results from their text.
 *
 * @param name its name in messages.
 * @throws InputError as {@link readResults}.
 */
export function parseResults(text: string, name: string): Results {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${name} is not JSON: ${oneLine((error as Error).message)}`, { cause: error });
  }
  const head = z.object({ format: z.literal('tessera-bench'), version: z.number() }).safeParse(json);
  if (!head.success) throw new InputError(`${name} is not a results file of tessera bench`);
  const { version } = head.data;
  if (version !== RESULTS_VERSION) {
    throw new InputError(
      `${name} has version ${version} of the results format, this tessera reads version ${RESULTS_VERSION}; ` +
        'run the benchmark again, or use the tessera that made it',
    );
  }
  const parsed = resultsSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError(`${name}: ${issue!.path.join('.') || 'the results'}: ${oneLine(issue!.message)}`);
  }
  requireConsistent(parsed.data, name);
  return parsed.data;
}

/** Jobs name clips and codecs that are there, each point once. */
function requireConsistent({ clips, codecs, jobs }: Results, name: string): void {
  const [clipNames, codecNames] = [clips, codecs].map((all) => new Set(all.map((one) => one.name)));
  if (clipNames!.size < clips.length) throw new InputError(`${name}: two clips have the same name`);
  if (codecNames!.size < codecs.length) throw new InputError(`${name}: two codecs have the same name`);
  const seen = new Set<string>();
  for (const [index, { clip, codec, setting }] of jobs.entries()) {
    if (!clipNames!.has(clip)) throw new InputError(`${name}: jobs.${index}: there is no clip ${clip}`);
    if (!codecNames!.has(codec)) throw new InputError(`${name}: jobs.${index}: there is no codec ${codec}`);
    const key = JSON.stringify([clip, codec, setting]);
    if (seen.has(key)) throw new InputError(`${name}: jobs.${index}: ${codec} ${setting} on ${clip} is there twice`);
    seen.add(key);
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
