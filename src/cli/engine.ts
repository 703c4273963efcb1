import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 optimise functions after four times as many calls as by default: else compiling, in each thread, takes a large part of the
 * processor time of short videos. It changes the whole process, so only programs of tessera's own do it.
 */
export function optimiseLater(): void {
  setFlagsFromString('--interrupt-budget=540000');
}
