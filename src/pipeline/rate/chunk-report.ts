import { ticksToSeconds } from '../ticks.js';
import type { CodedChunk } from '../chunks/code-chunk.js';
import { bytesOfPackets, type ChunkedJob } from './chunked-job.js';
import type { ChunkReport, Probe } from './rate-report.js';

/** Returns what is told about a chunk. */
export function reportOf(
  { properties: { timeBase } }: Pick<ChunkedJob, 'properties'>,
  { packets, qualities }: CodedChunk,
  probes: readonly Probe[],
): ChunkReport {
  const start = packets.reduce((least, { pts }) => (pts < least ? pts : least), packets[0]!.pts);
  return {
    frames: packets.length,
    start: ticksToSeconds(start, timeBase),
    bytes: bytesOfPackets(packets),
    quality: qualities.reduce((sum, quality) => sum + quality, 0) / qualities.length,
    probes,
  };
}
