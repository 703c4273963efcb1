/**
 * The base class of all errors that tessera throws on purpose. Each error has a stable `code`. Each kind of error has a
 * subclass, so callers can test the class, and the command line maps each kind to an exit code.
 */
export abstract class TesseraError extends Error {
  /** Stable identifier of the error kind; part of the public contract. */
  abstract readonly code: string;
  /** Exit code that the command line uses for this kind. */
  abstract readonly exitCode: number;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The caller's input (file, picture, option) cannot be used. The message says what, where, and what to do. */
export class InputError extends TesseraError {
  readonly code = 'ERR_TESSERA_INPUT';
  readonly exitCode = 3;
}

/** A `.tsr` stream violates `docs/FORMAT.md`. */
export class BitstreamError extends TesseraError {
  readonly code = 'ERR_TESSERA_BITSTREAM';
  readonly exitCode = 4;
  /** Byte offset in the stream at which the violation was found, if known. */
  readonly offset: number | undefined;
  /** Name of the field (as in `docs/FORMAT.md`) that is wrong, if known. */
  readonly field: string | undefined;

  constructor(message: string, options: ErrorOptions & { offset?: number; field?: string } = {}) {
    const where = [
      options.field === undefined ? '' : `field ${options.field}`,
      options.offset === undefined ? '' : `at byte ${String(options.offset)}`,
    ].filter((part) => part !== '');
    super(where.length > 0 ? `${message} (${where.join(' ')})` : message, options);
    this.offset = options.offset;
    this.field = options.field;
  }
}

/** A model pack is missing, damaged, of another version, or fails its self-test. */
export class ModelError extends TesseraError {
  readonly code = 'ERR_TESSERA_MODEL';
  readonly exitCode = 5;
}

/** Something is missing on the machine: a device, disk space, permission, a codec in FFmpeg. */
export class EnvironmentError extends TesseraError {
  readonly code = 'ERR_TESSERA_ENVIRONMENT';
  readonly exitCode = 6;
}

/** The caller's `AbortSignal` fired. */
export class CancelledError extends TesseraError {
  readonly code = 'ERR_TESSERA_CANCELLED';
  readonly exitCode = 130;

  constructor(message = 'cancelled', options?: ErrorOptions) {
    super(message, options);
  }
}

/** Returns the first line of the message of a thrown value. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}

/** Throws {@link CancelledError} if `signal` has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new CancelledError('cancelled', { cause: signal.reason });
}
