import { displayFieldsOf } from '../bitstream/display-fields.js';
import { openFileSource, type FileSource } from '../io/file-source.js';
import { StreamReader } from '../bitstream/stream-reader.js';
import { InputError } from '../errors.js';
import type { StreamHeader } from '../bitstream/stream-header.js';
import type { VideoProperties } from '../video/frame.js';
import { resolveInput } from '../io/input.js';
import { spoolToFile } from '../io/pipe.js';

/** A `.tsr` stream: the path or `file://` URL of a file or pipe, or its bytes, such as `process.stdin`. */
export type StreamInput = string | AsyncIterable<Uint8Array>;

/** A stream that can be read as often as needed. */
export interface OpenStream extends AsyncDisposable {
  readonly reader: StreamReader;
  /** Bytes of the stream. */
  readonly byteLength: number;
}

/**
 * Opens a stream. Bytes that can be read only once are kept in a temporary file.
 *
 * @throws InputError if there is no such file; BitstreamError if it is not a tessera stream; CancelledError.
 */
export async function openStream(
  input: StreamInput,
  options: { readonly strict: boolean; readonly signal?: AbortSignal | undefined },
): Promise<OpenStream> {
  const resolved = await resolveInput(input, options.signal);
  const spooled = typeof resolved === 'string' ? null : await spoolToFile(resolved, options.signal);
  const path = typeof resolved === 'string' ? resolved : spooled!.path;
  let source: FileSource | null = null;
  const dispose = async (): Promise<void> => {
    await source?.close();
    await spooled?.[Symbol.asyncDispose]();
  };
  try {
    source = await openFileSource(path);
    if (source.size === 0) throw new InputError(`${spooled === null ? path : 'the input pipe'} is empty`);
    const reader = await StreamReader.open(source, { strict: options.strict });
    return { reader, byteLength: source.size, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Returns the display properties of a stream's pictures. */
export function propertiesOf(header: StreamHeader): VideoProperties {
  const { width, height, timeBase, frameRate, sampleAspect, rotation, colour } = header;
  return { width, height, timeBase, frameRate, sampleAspect, rotation, colour, ...displayFieldsOf(header) };
}
