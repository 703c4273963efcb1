import { expect, jest, test } from '@jest/globals';
import { EnvironmentError } from '../../src/errors.js';
import { loadSharp } from '../../src/video/sharp.js';

test('a library that does not load is told as what the machine lacks', async () => {
  jest.unstable_mockModule('sharp', () => {
    throw new Error('libvips is not there');
  });
  const failure = await loadSharp().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EnvironmentError);
  expect((failure as Error).message).toMatch(/sharp.* cannot be loaded .*: install the package sharp again/);
});
