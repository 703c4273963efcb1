import { PacketSizer } from '../../bitstream/packet-sizer.js';
import type { ChunkQuality } from '../chunks/chunk-coders.js';
import { FrameQueue } from '../chunks/frame-queue.js';
import { inOrder } from '../chunks/in-order.js';
import { BudgetControl, isBudgetTooSmall, type ScalePair } from './budget-control.js';
import { reportOf } from './chunk-report.js';
import { passMeter, type ChunkedJob } from './chunked-job.js';
import { scoutScale, type ScoutedChunk } from './scout.js';

/** A chunk with so many frames teaches by how much real bits exceed those of the scout. */
const PILOT_FRAMES = 48;

/**
 * The second pass to a bit rate: gives each chunk a share of the budget, as the scout counted its bits, and codes all that
 * the journal lacks. One chunk is coded first, and teaches by how much real bits exceed those of the scout. The others do not
 * depend on each other, so that they can be coded at the same time and anywhere.
 *
 * @param budget bits of all packets.
 */
export async function codeShares(job: ChunkedJob, chunks: readonly ScoutedChunk[], budget: number): Promise<void> {
  const { properties, options, journal, fixedBytes, qualities, pool } = job;
  const guess = scoutScale(properties);
  const first: ScalePair = { key: guess, inter: guess };
  const pilot = choosePilot(chunks);
  let bytes = fixedBytes;
  const meter = passMeter(job, 2, 2, () => ({
    chunk: Math.min(chunks.length, journal.chunkCount + 1),
    expectedBytes: Math.round(fixedBytes + budget / 8),
  }));
  for await (const { report, packets } of journal.chunks()) {
    bytes += report.bytes;
    packets.forEach(() => meter.addFrame());
  }
  const codeThem = async (some: readonly ScoutedChunk[], bits: number, scale: ScalePair, all = some): Promise<void> => {
    const needed = all.reduce((sum, chunk) => sum + needOf(chunk, scale), 0);
    const open = some.filter(({ index }) => !journal.has(index));
    await using queue = new FrameQueue(job.frames());
    async function* ready(): AsyncGenerator<ScoutedChunk, void, undefined> {
      let at = 0;
      for (const chunk of open) {
        // Frames that are not coded again.
        for await (const _ of queue.readOnce(at, chunk.from));
        at = chunk.to;
        yield chunk;
      }
    }
    const work = async (chunk: ScoutedChunk, signal: AbortSignal) => {
      const { index, from, to, frames: known } = chunk;
      const quality: ChunkQuality = {
        ...{ kind: 'budget', known, scale, limit: options.quality ?? null },
        bits: (bits * needOf(chunk, scale)) / needed,
      };
      const frames = () => queue.readOnce(from, to);
      const onFrame = (packet: { readonly tokens: Uint8Array } | null): void => {
        meter.addPacket(packet?.tokens.length ?? 0, bytes);
        meter.addFrame();
      };
      const load = await pool.code({ index, from, isScout: false, quality, frames }, { signal, onFrame });
      return { index, from, load };
    };
    for await (const { index, from, load } of inOrder(ready(), pool.size, work, options.signal)) {
      const coded = await load();
      const report = reportOf(job, coded, []);
      await journal.add({ kind: 'chunk', index, from, ...coded, report, values: [], cuts: 0 });
      bytes += report.bytes;
    }
  };
  await codeThem([pilot], budget, first, chunks);
  const learned = new BudgetControl({ qualities, scale: first, isStrict: false }, 0);
  for (const frame of pilot.frames) learned.know(frame);
  const { packets, qualities: given } = await journal.chunk(pilot.index);
  packets.forEach((packet, at) => learned.coded(packet, given[at]!));
  const rest = chunks.filter((chunk) => chunk !== pilot);
  if (rest.length > 0) await codeThem(rest, Math.max(0, budget - learned.spent), learned.scales);
}

/** The first chunk with enough frames, or the longest one. */
function choosePilot(chunks: readonly ScoutedChunk[]): ScoutedChunk {
  const long = chunks.find(({ frames }) => frames.length >= PILOT_FRAMES);
  return long ?? chunks.reduce((best, chunk) => (chunk.frames.length > best.frames.length ? chunk : best));
}

/** Expected bits of a chunk at the quality of the scout. */
function needOf({ frames }: ScoutedChunk, scale: ScalePair): number {
  return frames.reduce((sum, { isKey, bits }) => sum + (isKey ? scale.key : scale.inter) * bits, 0);
}

/** Whether the chunks of the journal exceed a budget at the lowest quality, and their bits. */
export async function isTooSmall(
  { journal, qualities }: ChunkedJob,
  budget: number,
): Promise<{ readonly isBelowRange: boolean; readonly spent: number }> {
  const sizer = new PacketSizer();
  let spent = 0;
  let lowest = 0;
  for await (const { packets, qualities: given } of journal.chunks()) {
    packets.forEach((packet, at) => {
      const bits = 8 * sizer.sizeOf(packet);
      spent += bits;
      if (given[at]! <= qualities.min) lowest += bits;
    });
  }
  return { isBelowRange: isBudgetTooSmall(budget, spent, lowest), spent };
}
