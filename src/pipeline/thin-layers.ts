import type { Packet } from '../bitstream/packet.js';
import { InputError } from '../errors.js';

/**
 * Layers of frames that may be left out, in this order: those that refresh no slot, then those of higher slots. Frames
 * of slots 0 and 1 are predicted one from the other.
 */
const LAYERS = [null, 7, 6, 5, 4, 3, 2] as const;

/** What decides which frames can be left out. */
export type LayerPacket = Pick<
  Packet,
  'kind' | 'referenceSlot0' | 'referenceSlot1' | 'refreshSlot' | 'pts' | 'duration'
>;

/**
 * Chooses the frames of a resilient stream that stay: whole layers are left out first, then every so many of the frames
 * of the next layer. No frame stays without those that it refers to.
 *
 * @param packets of the whole stream, in coding order.
 * @param share of the frames that are to stay, above 0, at most 1.
 * @returns for each packet, its new duration, or null if it is left out.
 * @throws InputError if more frames than that must stay.
 */
export function thinLayers(packets: readonly LayerPacket[], share: number): (bigint | null)[] {
  const wanted = Math.max(1, Math.ceil(share * packets.length));
  const references = referencesOf(packets);
  const stays = packets.map(() => true);
  let left = packets.length;
  const shown = [...packets.keys()].sort((a, b) => compare(packets[a]!.pts, packets[b]!.pts));
  for (const layer of LAYERS) {
    const used = new Set(references.flatMap((of, at) => (stays[at] ? of : [])));
    let candidates = shown.filter((at) => packets[at]!.refreshSlot === layer && !used.has(at));
    while (left > wanted && candidates.length > 0) {
      const dropped = spread(
        shown.filter((at) => stays[at]),
        new Set(candidates),
        left - wanted,
      );
      for (const at of dropped) stays[at] = false;
      left -= dropped.size;
      candidates = candidates.filter((at) => stays[at]);
    }
  }
  if (left > wanted) {
    throw new InputError(
      `${left} of ${packets.length} frames must stay, because others are predicted from them: give a share of at least ${(left / packets.length).toFixed(3)}`,
    );
  }
  return durationsOf(packets, shown, stays);
}

/** Returns the packets that each packet refers to, as positions. */
function referencesOf(packets: readonly LayerPacket[]): number[][] {
  const slots = new Map<number, number>();
  return packets.map(({ kind, referenceSlot0, referenceSlot1, refreshSlot }, at) => {
    if (kind === 'key') slots.clear();
    const found = [referenceSlot0, referenceSlot1].flatMap((slot) => (slot === null ? [] : (slots.get(slot) ?? [])));
    if (refreshSlot !== null) slots.set(refreshSlot, at);
    return found;
  });
}

/** Chooses up to `count` of the candidates, so that what is left of `frames` is spread evenly. At least one is chosen. */
function spread(frames: readonly number[], candidates: ReadonlySet<number>, count: number): Set<number> {
  const chosen = new Set<number>();
  let due = 0;
  for (const at of frames) {
    due += count;
    if (due < frames.length || !candidates.has(at) || chosen.size === count) continue;
    chosen.add(at);
    due -= frames.length;
  }
  return chosen.size > 0 ? chosen : new Set([...candidates].slice(0, 1));
}

/** A frame that stays is shown for those behind it that are left out, too. */
function durationsOf(
  packets: readonly LayerPacket[],
  shown: readonly number[],
  stays: readonly boolean[],
): (bigint | null)[] {
  const durations = packets.map(({ duration }, at) => (stays[at] ? duration : null));
  let last: number | null = null;
  for (const at of shown) {
    if (stays[at]) last = at;
    else if (last !== null) {
      const { pts, duration } = packets[at]!;
      // Unknown durations stay unknown.
      if (durations[last] !== 0n) durations[last] = duration === 0n ? 0n : pts + duration - packets[last]!.pts;
    }
  }
  return durations;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
