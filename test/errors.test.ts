import { describe, expect, test } from '@jest/globals';
import {
  BitstreamError,
  CancelledError,
  EnvironmentError,
  InputError,
  ModelError,
  type TesseraError,
  throwIfCancelled,
} from '../src/errors.js';

describe('errors', () => {
  test('each kind has a code and an exit code of its own', () => {
    const errors: TesseraError[] = [
      new InputError('a'),
      new BitstreamError('b'),
      new ModelError('c'),
      new EnvironmentError('d'),
      new CancelledError(),
    ];
    expect(new Set(errors.map((error) => error.code)).size).toBe(errors.length);
    expect(errors.map((error) => error.exitCode)).toEqual([3, 4, 5, 6, 130]);
    expect(errors.map((error) => error.name)).toEqual([
      'InputError',
      'BitstreamError',
      'ModelError',
      'EnvironmentError',
      'CancelledError',
    ]);
  });

  test('a bitstream error says where', () => {
    const error = new BitstreamError('value 9 is beyond 4', { offset: 12, field: 'type' });
    expect(error.message).toBe('value 9 is beyond 4 (field type at byte 12)');
    expect(error).toMatchObject({ offset: 12, field: 'type' });
    expect(new BitstreamError('cut').message).toBe('cut');
  });

  test('throwIfCancelled throws once the signal has fired, with its reason as the cause', () => {
    const controller = new AbortController();
    throwIfCancelled(undefined);
    throwIfCancelled(controller.signal);
    controller.abort('stop');
    expect(() => throwIfCancelled(controller.signal)).toThrow(CancelledError);
    try {
      throwIfCancelled(controller.signal);
    } catch (error) {
      expect((error as Error).cause).toBe('stop');
    }
  });
});
