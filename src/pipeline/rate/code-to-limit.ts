import { codeChunk } from '../chunks/code-chunk.js';
import { reportOf } from './chunk-report.js';
import { chunkSetup, newChunks, passMeter, type ChunkedJob } from './chunked-job.js';
import type { Outcome } from './code-to-budget.js';
import { ConstantQuality } from './constant-quality.js';
import { FrameQueue } from '../chunks/frame-queue.js';
import type { ChunkRecord } from './journal.js';
import { PeakLimit } from './limit-peaks.js';

/**
 * Codes each chunk with one quality, and with less of it where a second of the video would exceed a bit rate.
 *
 * @throws InputError if the lowest quality exceeds it.
 */
export async function codeToLimit(job: ChunkedJob): Promise<Outcome> {
  const { options, rate, journal, qualities } = job;
  const limit = new PeakLimit(job, qualities, rate.maxBitrate!);
  const meter = passMeter(job, 1, 1, () => ({ chunk: journal.chunkCount + 1 }));
  let bytes = job.fixedBytes;
  let recodedChunks = 0;
  const pass = ({ packets, report, cuts }: ChunkRecord): void => {
    bytes += report.bytes;
    recodedChunks += cuts;
    limit.pass(packets);
    for (const packet of packets) {
      meter.addPacket(packet.tokens.length, bytes);
      meter.addFrame();
    }
  };
  for await (const chunk of journal.chunks()) pass(chunk);
  await using queue = new FrameQueue(job.frames());
  for await (const { from, to } of newChunks(job, queue)) {
    const quality = options.quality ?? qualities.default;
    const coded = await codeChunk(chunkSetup(job), queue.read(from, to), new ConstantQuality(quality));
    const chunk = await limit.keep(queue, from, coded);
    const record: ChunkRecord = {
      ...{ kind: 'chunk', index: journal.chunkCount, from, ...chunk, report: reportOf(job, chunk, []), values: [] },
      cuts: chunk === coded ? 0 : 1,
    };
    await journal.add(record);
    pass(record);
  }
  return { passes: 1, reached: null, recodedChunks };
}
