/** Returns the number of threads that can run at a time. */
export function availableParallelism(): number {
  return navigator.hardwareConcurrency;
}
