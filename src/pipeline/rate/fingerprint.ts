import { stat } from 'node:fs/promises';
import { toHex } from '../../bitstream/bytes.js';
import { encodeHeader, type StreamHeader } from '../../bitstream/stream-header.js';
import type { CompressJob } from '../compress-job.js';

/** Changes when the same command makes another stream. */
export const EDITION = 2;

/** Returns a text that is the same for two calls that make the same stream of the same input. */
export async function fingerprintOf({ inputs, options, encoder }: CompressJob, header: StreamHeader): Promise<string> {
  const files = await Promise.all(
    inputs.map(async (path) => {
      const entry = await stat(path).catch(() => null);
      return [path, entry?.size ?? null, entry?.mtimeMs ?? null];
    }),
  );
  const { rate, quality, tune, preset, start, duration, track, audio, picturesPerSecond, strict } = options;
  return JSON.stringify({
    ...{ edition: EDITION, files, header: toHex(encodeHeader(header)), keyint: encoder.keyint },
    ...{ rate, quality, tune, preset, start, duration, track, audio, picturesPerSecond, strict },
  });
}
