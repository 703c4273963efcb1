import { throwIfOutputFails } from '../libav.js';
import { containerOfMuxer, muxers } from '../output-container.js';
import { Nowhere } from './nowhere.js';
import { type Refusal, SideMuxer } from './side-muxer.js';
import type { SideTracks } from './side-tracks.js';

/**
 * Finds packets that no container takes, by writing all tracks to nowhere. A track that no container can hold at all is
 * not damaged, and not told of.
 *
 * @returns one line for each track with such packets
 * @throws BitstreamError if the side tracks are damaged
 */
export async function findUnwritable(side: SideTracks): Promise<string[]> {
  const open = new Set(side.header.tracks.keys());
  const best = new Map<number, Refusal>();
  for (const muxer of muxers) {
    if (open.size === 0) break;
    using nowhere = new Nowhere(muxer);
    await using writer = new SideMuxer(nowhere.format, containerOfMuxer(muxer), side, open);
    await writer.addStreams();
    if (writer.tracks.length === 0) continue;
    throwIfOutputFails(await nowhere.format.writeHeader(), `cannot make a ${muxer} file`);
    await writer.writeUntil(Infinity);
    const refusals = new Map(writer.refusals.map((refusal) => [refusal.track, refusal]));
    for (const track of writer.tracks) {
      const refusal = refusals.get(track);
      if (refusal === undefined) {
        open.delete(track);
        best.delete(track);
      } else if (refusal.packets < (best.get(track)?.packets ?? Infinity)) best.set(track, refusal);
    }
  }
  return [...best.values()].map(
    ({ name, packets, reason }) => `${packets} packets of ${name} can be written to no container: ${reason}`,
  );
}
