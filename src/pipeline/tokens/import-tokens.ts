import type { ByteSink } from '../../bitstream/stream-writer.js';
import { throwIfCancelled } from '../../errors.js';
import type { StreamInput } from '../stream-input.js';
import { openTokenFile } from './token-file.js';
import { writeTokens, type WriteTokensOptions, type WriteTokensResult } from './write-tokens.js';

/**
 * Makes a `.tsr` stream from a file that {@link exportTokens} wrote. If nothing in the file was changed, the stream has
 * the same bytes. Memory does not grow with the length of the video, except for the directory of an archive.
 *
 * @param input path of an `.npz` or `.jsonl` file, or the bytes of one.
 * @param output path of a file, or a sink.
 * @throws InputError if there is no such file, it is cut, or no stream can hold its values; ModelError if its model
 * pack is missing or has another identity; EnvironmentError; CancelledError. Nothing is left behind then.
 */
export async function importTokens(
  input: StreamInput,
  output: string | ByteSink,
  options: WriteTokensOptions = {},
): Promise<WriteTokensResult> {
  throwIfCancelled(options.signal);
  await using file = await openTokenFile(input, options.signal);
  return await writeTokens(file.source, output, options);
}
