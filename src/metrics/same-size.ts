import { InputError } from '../errors.js';
import type { Frame } from '../video/frame.js';

/** Throws InputError unless both frames have one size: metrics compare samples in place. */
export function requireSameSize(a: Frame, b: Frame): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new InputError(
      `frames of ${a.width}x${a.height} and ${b.width}x${b.height} cannot be compared: scale one of them first`,
    );
  }
}
