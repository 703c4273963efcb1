import { describe, expect, test } from '@jest/globals';
import { toMarkdown, table } from '../../../bench/report/markdown.js';
import { syntheticResults } from '../support/synthetic.js';

describe('toMarkdown', () => {
  test('holds a table against every codec, by metric and by clip', () => {
    const text = toMarkdown(syntheticResults({ codecs: 3, metrics: ['psnr-y', 'lpips'] }));
    for (const anchor of ['x264 medium', 'x264 veryslow', 'x265 medium']) {
      expect(text).toContain(`| against ${anchor} | PSNR Y | LPIPS |`);
      expect(text).toContain(`### PSNR Y, against ${anchor}`);
    }
    expect(text).toMatch(/^\| x265 medium \| BD-rate %, Akima \| -[\d.]+ \| -[\d.]+ \.\. -[\d.]+ \| -[\d.]+ /m);
    expect(text).toContain('    tessera bench clips/*.mkv');
  });

  test('every row of a table has as many cells as its head', () => {
    const lines = toMarkdown(syntheticResults({ failures: 4, targetBitsPerPixel: 0.0384 })).split('\n');
    let width = 0;
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith('|')) continue;
      const cells = line.split(/(?<!\\)\|/).length;
      if (!lines[index - 1]!.startsWith('|')) width = cells;
      expect({ line, cells }).toEqual({ line, cells: width });
    }
  });

  test('says why figures are missing, lists failures, and has no infinite number', () => {
    const results = syntheticResults({ clips: 2, codecs: 2, failures: 1 });
    const jobs = results.jobs.map((job) =>
      job.clip === 'foreman' && job.codec === 'x264:veryslow' && job.status === 'done'
        ? { ...job, metrics: { ...job.metrics, 'psnr-y': { ...job.metrics['psnr-y']!, mean: 90 + job.bitsPerPixel } } }
        : job,
    );
    const text = toMarkdown({ ...results, jobs });
    expect(text).toContain('* x264 veryslow, N/A on foreman: the curves have no quality in common');
    expect(text).toMatch(/\| x264 veryslow \| BD-rate %, PCHIP \| [^|]*\(1 of 2 clips\)/);
    expect(text).toContain('| foreman | x264 medium | 42 | the encoder ended with exit code 1: out of memory |');
    expect(text).not.toMatch(/Infinity|NaN|undefined/);
  });

  test('marks published figures, and says where times are missing', () => {
    const text = toMarkdown(syntheticResults({ targetBitsPerPixel: 0.0384, jobs: 4 }));
    expect(text).toContain('## At 0.0384 bits per pixel');
    expect(text).toMatch(/^\| MAGVIT-v2 \| published on other clips at 0\.0384: Yu et al\., ICLR 2024, table 3 \|/m);
    expect(text).toContain('* N/A: 4 jobs ran at once: no times were taken');
  });
});

test('table keeps its columns whatever stands in a cell', () => {
  expect(table(['a', 'b'], [['x|y', 'two\nlines']])).toBe('| a | b |\n|---|--:|\n| x\\|y | two lines |');
});
