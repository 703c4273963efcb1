import type { DecodingProblem } from '../codec/decoder.js';
import type { Reporter } from './reporter.js';

/** Problems of a stream that are told one by one. */
const SHOWN_PROBLEMS = 5;

/** Tells people what is wrong with a stream; of many problems only the first and their number. */
export function tellProblems(problems: readonly DecodingProblem[], reporter: Reporter): void {
  for (const { frame, reason } of problems.slice(0, SHOWN_PROBLEMS)) {
    reporter.line(`damage: ${frame === null ? '' : `frame ${frame}: `}${reason}`);
  }
  if (problems.length > SHOWN_PROBLEMS) reporter.line(`damage: ${problems.length - SHOWN_PROBLEMS} more like these`);
}
