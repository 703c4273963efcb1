import { describe, expect, test } from '@jest/globals';
import type { Packet } from '../../src/bitstream/packet.js';
import { markNeeded } from '../../src/player/needed-frames.js';
import type { FeedItem } from '../../src/player/opened-stream.js';

type Fields = Pick<Packet, 'kind' | 'referenceSlot0' | 'referenceSlot1' | 'refreshSlot' | 'pts'>;

function packet(fields: Fields): FeedItem {
  const rest = { q: 30, variant: 0, hasQOffsets: false, hasLoopFilter: false, loopChecksum: null };
  return { kind: 'packet', packet: { ...fields, ...rest, duration: 1n, tokens: new Uint8Array(0) }, bits: 0 };
}

const key = (pts: number, refreshSlot = 0): FeedItem =>
  packet({ kind: 'key', referenceSlot0: null, referenceSlot1: null, refreshSlot, pts: BigInt(pts) });
const inter = (pts: number, slots: readonly [number, number | null], refreshSlot: number | null): FeedItem =>
  packet({ kind: 'inter', referenceSlot0: slots[0], referenceSlot1: slots[1], refreshSlot, pts: BigInt(pts) });

/** Groups of four: the last picture, the middle one, then two that nobody refers to. */
function pyramid(groups: number): FeedItem[] {
  const items = [key(0)];
  for (let group = 0; group < groups; group++) {
    const [before, after] = group % 2 === 0 ? [0, 1] : [1, 0];
    const start = 4 * group;
    items.push(inter(start + 4, [before, null], after), inter(start + 2, [before, after], 2));
    items.push(inter(start + 1, [before, 2], null), inter(start + 3, [2, after], null));
  }
  return items;
}

async function neededTimes(items: readonly FeedItem[], from: bigint | null): Promise<number[]> {
  const times: number[] = [];
  async function* feed(): AsyncGenerator<FeedItem, void, undefined> {
    await Promise.resolve();
    yield* items;
  }
  let count = 0;
  for await (const item of markNeeded(feed(), () => from)) {
    expect(item).toMatchObject(items[count++]!);
    if (item.kind === 'packet' && item.isNeeded) times.push(Number(item.packet.pts));
  }
  expect(count).toBe(items.length);
  return times;
}

describe('markNeeded', () => {
  test('without a wanted time, all frames are needed', async () => {
    expect(await neededTimes(pyramid(2), null)).toEqual([0, 4, 2, 1, 3, 8, 6, 5, 7]);
  });

  test('before the wanted time only what later frames refer to is needed', async () => {
    const times = await neededTimes(pyramid(40), 150n);
    const chain = Array.from({ length: 38 }, (_, at) => 4 * at);
    // Frames after the last ones that were looked at may refer to the one at 146.
    expect(times.filter((time) => time < 150 && !chain.includes(time))).toEqual([146, 149]);
    expect(times.filter((time) => time >= 150)).toEqual(
      pyramid(40)
        .map((item) => (item.kind === 'packet' ? Number(item.packet.pts) : -1))
        .filter((time) => time >= 150),
    );
  });

  test('a frame that is shown at the wanted time because the next one begins later is needed', async () => {
    const items = [key(0), inter(1, [0, null], null), inter(2, [0, null], null), inter(9, [0, null], null)];
    expect(await neededTimes(items, 5n)).toEqual([0, 2, 9]);
  });

  test('nothing is known of references across damage', async () => {
    const lost: FeedItem = { kind: 'lost', reason: 'damage', isCut: false, isPicture: true };
    const items = [key(0), inter(1, [0, null], 1), lost, inter(2, [0, null], 1), inter(9, [1, null], null)];
    expect(await neededTimes(items, 9n)).toEqual([0, 1, 2, 9]);
  });
});
