import type { DecodingProblem } from '../codec/decoder.js';
import type { Reporter } from './reporter.js';

/** The number of problems that are reported one by one. */
const SHOWN_PROBLEMS = 5;

/** Reports the problems of a stream. If there are many, reports the first ones and the number of the others. */
export function tellProblems(problems: readonly DecodingProblem[], reporter: Reporter): void {
  for (const { frame, reason } of problems.slice(0, SHOWN_PROBLEMS)) {
    reporter.line(`damage: ${frame === null ? '' : `frame ${frame}: `}${reason}`);
  }
  if (problems.length > SHOWN_PROBLEMS) reporter.line(`damage: ${problems.length - SHOWN_PROBLEMS} more like these`);
}
