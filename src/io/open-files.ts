import { EnvironmentError } from '../errors.js';

/** As Node, libraries and the dynamic linker say it. */
const WORDS = /\b(EMFILE|ENFILE)\b|too many open files/i;

/**
 * The error to tell where the system opens no more files for this process; null if `error` says something else. Any
 * library may meet this limit first, and each has its own error for it.
 */
export function describeTooManyFiles(error: unknown): EnvironmentError | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (!WORDS.test(at.message)) continue;
    return new EnvironmentError(
      'too many files are open: the system lets this process open no more; allow more with: ulimit -n 1024',
      { cause: error },
    );
  }
  return null;
}
