import { expect, test } from '@jest/globals';
import type { CompressJob } from '../../../src/pipeline/compress-job.js';
import { fingerprintOf } from '../../../src/pipeline/rate/fingerprint.js';
import { sampleHeader } from '../../bitstream/samples.js';

test('calls that differ in the preset alone cannot go on with each other', async () => {
  const of = (options: object): Promise<string> =>
    fingerprintOf({ inputs: [], options, encoder: { keyint: 250 } } as unknown as CompressJob, sampleHeader);
  expect(await of({ preset: 'fast' })).toBe(await of({ preset: 'fast' }));
  expect(await of({ preset: 'fast' })).not.toBe(await of({ preset: 'slow' }));
  expect(await of({})).not.toBe(await of({ preset: 'slow' }));
});
