import { EnvironmentError } from '../errors.js';

/** The messages of Node, of libraries and of the dynamic linker. */
const WORDS = /\b(EMFILE|ENFILE)\b|too many open files/i;

/**
 * Returns an EnvironmentError if `error` says that the system opens no more files for this process, else null. Any
 * library may reach this limit first, and each reports it with another error.
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
