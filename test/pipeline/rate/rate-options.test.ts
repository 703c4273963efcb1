import { expect, test } from '@jest/globals';
import { checkRate, describeAim, explainConflict, hasRate } from '../../../src/pipeline/rate/rate-options.js';

const target = { metric: 'vmaf', value: 93 } as const;

test('combinations that make sense are taken', () => {
  expect(explainConflict({ bitrate: 1e6 }, false)).toBeNull();
  expect(explainConflict({ maxSize: 1e6 }, true)).toBeNull();
  expect(explainConflict({ target, maxSize: 1e6 }, false)).toBeNull();
  expect(explainConflict({ maxBitrate: 1e6 }, true)).toBeNull();
  expect(explainConflict({ target, maxBitrate: 1e6 }, false)).toBeNull();
});

test.each([
  [{ bitrate: 1e6 }, true, 'leave out the quality'],
  [{ bitrate: 1e6, target }, false, 'leave out one'],
  [{ bitrate: 1e6, maxSize: 1e6 }, false, 'the one that is smaller'],
  [{ bitrate: 1e6, maxBitrate: 2e6 }, false, 'instead of the mean bit rate'],
  [{ target }, true, 'leave out the quality'],
  [{ maxSize: 1e6, maxBitrate: 1e6 }, false, 'give only one'],
])('%j is refused with what to do', (rate, hasQuality, advice) => {
  expect(explainConflict(rate, hasQuality)).toContain(advice);
  expect(() => checkRate(rate, hasQuality)).toThrow(advice);
});

test.each([
  [{ bitrate: 0 }, 'rate.bitrate is 0'],
  [{ maxSize: NaN }, 'rate.maxSize is NaN'],
  [{ target: { metric: 'vmaf', value: 120 } }, 'the target vmaf=120 cannot be met: vmaf is at most 100'],
  [{ target: { metric: 'lpips', value: -1 } }, 'the target lpips=-1 cannot be met: lpips is at least 0'],
] as const)('%j is refused', (rate, message) => {
  expect(() => checkRate(rate, false)).toThrow(message);
});

test('the aim is one word', () => {
  expect(describeAim({ bitrate: 800_000 })).toBe('bitrate=800000');
  expect(describeAim({ maxSize: 1e7 }, 28)).toBe('quality=28,max-size=10000000');
  expect(describeAim({ target: { ...target, statistic: 'p5' }, maxBitrate: 2e6 })).toBe(
    'target=p5:vmaf=93,max-bitrate=2000000',
  );
  expect(hasRate({})).toBe(false);
  expect(hasRate(undefined)).toBe(false);
  expect(hasRate({ bitrate: 1 })).toBe(true);
});
