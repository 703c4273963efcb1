import { setTimeout } from 'node:timers/promises';

/** Asks again and again until the answer is neither null nor false, and returns it. */
export async function until<T>(ask: () => Promise<T | null | false>): Promise<T> {
  while (true) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    await setTimeout(5);
  }
}
