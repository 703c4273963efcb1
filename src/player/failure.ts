import { BitstreamError, EnvironmentError, InputError, ModelError } from '../errors.js';
import type { PlayerError } from './api.js';

/** An error with a code of `MediaError`. */
export class PlayerFailure extends Error {
  constructor(
    readonly code: PlayerError['code'],
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'PlayerFailure';
  }
}

const NETWORK = 2;
const DECODING = 3;
const UNUSABLE = 4;

/** The network does not give the bytes of the source. */
export function networkFailure(address: string, reason: unknown): PlayerFailure {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new PlayerFailure(NETWORK, `${address} cannot be loaded: ${text}`, { cause: reason });
}

/** The source is there but cannot be played. */
export function unusableSource(message: string, cause?: unknown): PlayerFailure {
  return new PlayerFailure(UNUSABLE, message, { cause });
}

/** Returns what a player tells about an error, in one sentence. */
export function toPlayerError(error: unknown): PlayerError {
  if (error instanceof PlayerFailure) return { code: error.code, message: error.message };
  const isUnusable = [BitstreamError, EnvironmentError, InputError, ModelError].some((Class) => error instanceof Class);
  const message = error instanceof Error ? error.message : String(error);
  return { code: isUnusable ? UNUSABLE : DECODING, message };
}
