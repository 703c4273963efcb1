import * as os from 'node:os';

/** Returns the number of threads that can run at a time. The declaration names no type of Node. */
export function availableParallelism(): number {
  return os.availableParallelism();
}
