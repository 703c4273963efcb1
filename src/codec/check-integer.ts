import { InputError } from '../errors.js';

/**
 * Checks an option, which may be undefined.
 *
 * @throws InputError if it is not an integer in `min .. max`.
 */
export function checkInteger(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new InputError(`${name} is ${value}: give a whole number from ${min} to ${max}`);
}
