import type { BenchJob, JobCost, Results } from '../results.js';

/** All jobs as CSV (RFC 4180, a line feed after each row), one row each; missing values are empty. */
export function toCsv(results: Results): string {
  const { metrics } = results.settings;
  const head = [
    ...['clip', 'codec', 'setting', 'status', 'reason', 'width', 'height', 'frames'],
    ...['payload_bits', 'file_bytes', 'bits_per_pixel', 'kilobits_per_second'],
    ...['encode', 'decode'].flatMap((direction) =>
      ['frames_per_second', 'wall_seconds', 'cpu_seconds', 'peak_bytes'].map((what) => `${direction}_${what}`),
    ),
    ...metrics.flatMap((metric) => ['mean', 'p5', 'worst'].map((what) => `${metric}_${what}`)),
    'command',
  ];
  const rows = results.jobs.map((job) => {
    const clip = results.clips.find(({ name }) => name === job.clip);
    const done = job.status === 'done' ? job : null;
    return [
      ...[job.clip, job.codec, job.setting, job.status, reasonOf(job), clip?.width, clip?.height, done?.frames],
      ...[done?.payloadBits, done?.fileBytes, done?.bitsPerPixel, done?.kilobitsPerSecond],
      ...[done?.encode, done?.decode].flatMap((cost) => costCells(cost ?? null, done?.frames ?? 0)),
      ...metrics.flatMap((metric) => {
        const values = done?.metrics[metric];
        return [values?.mean, values?.p5, values?.worst];
      }),
      job.command,
    ];
  });
  return [head, ...rows].map((cells) => `${cells.map(toCell).join(',')}\n`).join('');
}

function reasonOf(job: BenchJob): string {
  return job.status === 'failed' ? job.reason : '';
}

function costCells(cost: JobCost | null, frames: number): (number | undefined)[] {
  if (cost === null) return [undefined, undefined, undefined, undefined];
  return [frames / cost.wallSeconds, cost.wallSeconds, cost.cpuSeconds, cost.peakBytes];
}

function toCell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
