import {
  BitstreamError,
  CancelledError,
  EnvironmentError,
  InputError,
  ModelError,
  type TesseraError,
} from '../errors.js';

/** An error in a form that keeps its class and fields in messages between threads. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

const CLASSES: Readonly<Record<string, new (message: string, options?: ErrorOptions) => TesseraError>> = {
  BitstreamError,
  CancelledError,
  EnvironmentError,
  InputError,
  ModelError,
};

/** Returns the parts of an error that a message can carry. */
export function toPlainError(error: unknown): PlainError {
  if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack };
  return { name: 'Error', message: String(error), stack: undefined };
}

/** Returns the sent error; errors of tessera get their own class. */
export function fromPlainError({ name, message, stack }: PlainError): Error {
  const Class = CLASSES[name];
  const error = Class === undefined ? new Error(message) : new Class(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
