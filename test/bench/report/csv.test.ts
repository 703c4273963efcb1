import { describe, expect, test } from '@jest/globals';
import { toCsv } from '../../../bench/report/csv.js';
import { syntheticResults } from '../support/synthetic.js';

/** Rows of simple CSV: no cell of these results holds a line feed. */
function parse(csv: string): Record<string, string>[] {
  const [head, ...rows] = csv.trimEnd().split('\n').map(cells);
  return rows.map((row) => Object.fromEntries(row.map((cell, index) => [head![index]!, cell])));
}

function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
  );
}

describe('toCsv', () => {
  const results = syntheticResults({ clips: 2, codecs: 2, metrics: ['psnr-y', 'lpips'] });

  test('has one row per job, with every value', () => {
    const rows = parse(toCsv(results));
    expect(rows).toHaveLength(results.jobs.length);
    for (const [index, job] of results.jobs.entries()) {
      if (job.status === 'failed') throw new Error('no job failed');
      expect(rows[index]).toMatchObject({
        ...{ clip: job.clip, codec: job.codec, status: 'done', command: job.command },
        setting: String(job.setting),
        bits_per_pixel: String(job.bitsPerPixel),
        encode_wall_seconds: String(job.encode!.wallSeconds),
        decode_peak_bytes: String(job.decode!.peakBytes),
        lpips_mean: String(job.metrics.lpips!.mean),
        lpips_p5: String(job.metrics.lpips!.p5),
        'psnr-y_worst': String(job.metrics['psnr-y']!.worst),
      });
    }
  });

  test('quotes what needs it, and leaves empty what there is not', () => {
    const [first] = results.jobs;
    const failed = {
      status: 'failed' as const,
      clip: 'foreman',
      codec: 'x264:medium',
      setting: 1,
      command: 'a "b", c',
      reason: 'no, never',
    };
    const [row] = parse(toCsv({ ...results, jobs: [failed] }));
    expect(row).toMatchObject({ command: 'a "b", c', reason: 'no, never', payload_bits: '', lpips_mean: '' });
    const untimed = { ...first!, encode: null, decode: null } as typeof first;
    expect(parse(toCsv({ ...results, jobs: [untimed!] }))[0]).toMatchObject({ encode_frames_per_second: '' });
  });
});
