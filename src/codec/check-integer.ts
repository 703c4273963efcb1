import { InputError } from '../errors.js';

/**
 * Checks an option, which may be left out.
 *
 * @throws InputError if it is no whole number within `min .. max`.
 */
export function checkInteger(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new InputError(`${name} is ${value}: give a whole number from ${min} to ${max}`);
}
