import { setTimeout } from 'node:timers/promises';

/** Less than a test may take, so that a test that waits in vain says for what. */
const LIMIT_MS = 45_000;

/**
 * Asks again and again until the answer is neither null nor false, and returns it.
 *
 * What is asked for must stay true: what is true for a moment only may pass between two questions.
 *
 * @throws Error after 45 s.
 */
export async function until<T>(ask: () => T | null | false | Promise<T | null | false>, everyMs = 5): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    await setTimeout(everyMs);
  }
  throw new Error(`waited ${LIMIT_MS / 1000} s in vain until ${ask.toString()}`);
}
