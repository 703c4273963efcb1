import type { Packet } from '../bitstream/packet.js';
import type { FeedItem } from './opened-stream.js';

/** Packets are looked at in groups of this size, longer than the chains of pictures that are soon forgotten. */
const GROUP = 32;

/** An item of the video. The frame of a packet that is not needed is only parsed. */
export type MarkedItem = FeedItem & { readonly isNeeded: boolean };

/** True if a frame ends at or before a time. */
export function isBefore({ pts, duration }: Packet, from: bigint | null): boolean {
  return from !== null && (duration > 0n ? pts + duration <= from : pts < from);
}

/**
 * Marks the frames that are needed to show those from a time on: the one that is shown at that time, later ones, and what
 * they refer to.
 *
 * @param from gives the time in ticks, which may only move ahead; null: all frames are needed.
 */
export async function* markNeeded(
  items: AsyncIterable<FeedItem>,
  from: () => bigint | null,
): AsyncGenerator<MarkedItem, void, undefined> {
  let group: FeedItem[] = [];
  for await (const item of items) {
    group.push(item);
    const isSearching = item.kind === 'packet' && isBefore(item.packet, from());
    if (isSearching && group.length < 2 * GROUP) continue;
    const marked = mark(group, from());
    // What comes next tells more about the second half.
    const count = isSearching ? GROUP : group.length;
    group = group.slice(count);
    yield* marked.slice(0, count);
  }
  yield* mark(group, from());
}

function mark(items: readonly FeedItem[], from: bigint | null): MarkedItem[] {
  const unneeded = new Set<FeedItem>();
  /** Time of the frame that is shown at `from`, as far as is known. */
  let shown: bigint | null = null;
  for (const item of items) {
    if (item.kind !== 'packet' || from === null) continue;
    const { pts } = item.packet;
    if (pts <= from && (shown === null || pts > shown)) shown = pts;
  }
  /** Slots whose contents no later frame reads. Nothing is known of the frames after these. */
  let dead = new Set<number>();
  for (const item of [...items].reverse()) {
    if (item.kind === 'lost') {
      dead = new Set();
      continue;
    }
    const { kind, pts, referenceSlot0, referenceSlot1, refreshSlot } = item.packet;
    const isSeen = !isBefore(item.packet, from) || pts === shown;
    const isRead = kind === 'key' || (refreshSlot !== null && !dead.has(refreshSlot));
    if (!isSeen && !isRead) {
      unneeded.add(item);
      continue;
    }
    if (refreshSlot !== null) dead.add(refreshSlot);
    if (referenceSlot0 !== null) dead.delete(referenceSlot0);
    if (referenceSlot1 !== null) dead.delete(referenceSlot1);
  }
  return items.map((item) => ({ ...item, isNeeded: !unneeded.has(item) }));
}
