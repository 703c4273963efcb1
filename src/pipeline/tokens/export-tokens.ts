import type { ByteSink } from '../../bitstream/stream-writer.js';
import { openByteOutput } from '../../io/byte-output.js';
import { ProgressMeter, type LongCallOptions } from '../progress.js';
import type { StreamInput } from '../stream-input.js';
import { readTokens } from './read-tokens.js';
import type { TokenCoderOptions } from './token-coder.js';
import { formatOfName, writeTokenFile, type TokenFileFormat } from './token-file.js';
import type { TokenItem } from './token-source.js';

/** How to export tokens. */
export interface ExportTokensOptions extends TokenCoderOptions, LongCallOptions {
  /** Default: the format of the output's file extension; `jsonl` for a sink. */
  readonly format?: TokenFileFormat;
  /** Replace an existing file. Default: false. */
  readonly overwrite?: boolean;
}

/** The result of {@link exportTokens}. */
export interface ExportTokensResult {
  readonly format: TokenFileFormat;
  /** The family of the model pack, which defines the tokens. */
  readonly family: string;
  readonly frames: number;
  /** The number of chunks: a key frame and all frames that depend on it. */
  readonly chunks: number;
  /** The number of frames that have tokens. */
  readonly tokenGrids: number;
  /** Bytes of the stream. */
  readonly bytes: number;
  /** Name of the model pack. */
  readonly pack: string;
  /** The duration of the call in seconds. */
  readonly seconds: number;
  readonly framesPerSecond: number;
}

/**
 * Writes the tokens of a `.tsr` stream and everything else in it to a file for other programs (docs/TOKENS.md). It
 * decodes no pictures. Memory does not grow with the length of the video.
 *
 * @param input path of a file, or the bytes of a stream.
 * @param output path of an `.npz` or `.jsonl` file, or a sink.
 * @throws InputError if there is no such file or the output must not be written; BitstreamError if it is not a tessera
 * stream or is damaged; ModelError if its model pack is missing; EnvironmentError; CancelledError. Nothing is left
 * behind then.
 */
export async function exportTokens(
  input: StreamInput,
  output: string | ByteSink,
  options: ExportTokensOptions = {},
): Promise<ExportTokensResult> {
  const { overwrite = false } = options;
  const format = options.format ?? (typeof output === 'string' ? formatOfName(output) : 'jsonl');
  await using tokens = await readTokens(input, options);
  const { name, family, header, layout } = tokens;
  const inputs = typeof input === 'string' ? [input] : [];
  await using target = await openByteOutput(output, { overwrite, inputs });
  const meter = new ProgressMeter(header.width * header.height, null, options.onProgress);
  let chunks = 0;
  let tokenGrids = 0;
  let last = -1;
  let packetBytes = 0;
  async function* counted(): AsyncGenerator<TokenItem, void, undefined> {
    for await (const item of tokens.items) {
      yield item;
      if (item.type !== 'frame') continue;
      const isKey = item.kind === 'key';
      chunks += Number(isKey);
      tokenGrids += item.tokenGrid - (isKey ? -1 : last);
      last = item.tokenGrid;
      meter.addPacket(tokens.packetBytesRead - packetBytes, tokens.bytesRead);
      packetBytes = tokens.packetBytesRead;
      meter.addFrame();
    }
  }
  await writeTokenFile({ name, family, header, layout, items: counted() }, target, format);
  await target.finish();
  meter.finish(tokens.bytesRead);
  const { frames, seconds } = meter;
  return {
    ...{ format, family, frames, chunks, tokenGrids, bytes: tokens.bytesRead, pack: header.packName },
    ...{ seconds, framesPerSecond: frames / seconds },
  };
}
