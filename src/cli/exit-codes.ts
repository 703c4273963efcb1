/**
 * Exit codes of the command line. Errors have their own exit code (`TesseraError.exitCode`). A command that reports a
 * problem without throwing uses these codes.
 */
export const EXIT_CODES = {
  done: 0,
  bug: 1,
  usage: 2,
  /** As BitstreamError. */
  damagedStream: 4,
  /** As EnvironmentError. */
  unusableMachine: 6,
  /** The command did its work, but parts of it failed. */
  incomplete: 7,
  /** The second of two benchmark runs is worse. */
  regression: 8,
  /** As CancelledError. */
  cancelled: 130,
} as const;
