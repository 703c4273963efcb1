import { readFileSync } from 'node:fs';
import type { ProgramCost } from '../../codecs/codec.js';
import type { JobCost } from '../results.js';

/** Clocks are not finer; no cost is zero. */
const LEAST_SECONDS = 1e-4;

/**
 * Does the work of a codec and takes its cost: processor time and memory of this process, or, if the codec lets another
 * program work, of that.
 *
 * @param work is handed what {@link CodecTask.onProgram} wants.
 */
export async function takeCost(work: (onProgram: (cost: ProgramCost) => void) => Promise<void>): Promise<JobCost> {
  const programs: ProgramCost[] = [];
  const before = process.cpuUsage();
  const start = performance.now();
  await work((cost) => programs.push(cost));
  const wallSeconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const ownSeconds = (user + system) / 1e6;
  const isOwn = programs.length === 0;
  const cpuSeconds = isOwn ? ownSeconds : programs.reduce((sum, program) => sum + program.cpuSeconds, 0);
  const peaks = programs.map(({ peakBytes }) => peakBytes ?? 0);
  return {
    wallSeconds: Math.max(wallSeconds, LEAST_SECONDS),
    cpuSeconds: Math.max(cpuSeconds, LEAST_SECONDS),
    peakBytes: isOwn ? peakBytesOfSelf() : Math.max(...peaks),
  };
}

/** Largest resident memory of this process so far. */
function peakBytesOfSelf(): number {
  try {
    // Node uses getrusage, which includes the memory of the parent at the start of this process.
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
