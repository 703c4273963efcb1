/**
 * Exit codes of the command line. Those of errors are the errors' own (`TesseraError.exitCode`); a command that reports
 * what is wrong instead of throwing takes them from here.
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
  /** Of two runs of the benchmark the second is worse. */
  regression: 8,
  /** As CancelledError. */
  cancelled: 130,
} as const;
