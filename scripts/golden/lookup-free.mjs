// Golden streams of the family lookup-free, of the tiny pack of that family: ids by hand, valid streams and invalid ones.
import { BitTokenCodec } from '../../dist/src/codec/lookup-free/bit-token-codec.js';
import { CellGrid } from '../../dist/src/codec/lookup-free/cell-grid.js';
import { idsChecksum, tokenGridsOf } from '../../dist/src/codec/lookup-free/cell-tokens.js';
import { readBitTables } from '../../dist/src/codec/lookup-free/bit-tables.js';
import { joinMarks, SlotMarks } from '../../dist/src/codec/slot-marks.js';
import { Graph } from '../../dist/src/model/graph.js';
import { loadPack } from '../../dist/src/model/pack.js';
import { interHead, keyHead } from './drawn-tokens.mjs';
import { between, chance, container, fixtures, header } from './streams.mjs';

const pack = await loadPack(`${fixtures}tiny-lookup-free-pack`);
const prior = await Graph.create(pack.graphs.get('prior'), { device: 'cpu', threads: 1 });

function headOf(kind, q, variant, pts) {
  const head = kind === 'key' ? keyHead : interHead;
  return { ...head, q, refreshSlot: kind === 'key' || variant === 0 ? 0 : null, variant, pts: BigInt(pts) };
}

/** The same for a resilient stream: every other token grid leans on the one before; some pictures are left out. */
function resilientHeads() {
  const heads = headsOf(
    [
      [1, 4, 4, 4, 3, 4],
      [2, 4, 2],
    ],
    () => 18,
  );
  let grids = 0;
  return heads
    .map((head) => {
      if (head.kind === 'key') grids = 0;
      const isGrid = head.kind === 'inter' && head.variant === 0;
      return isGrid ? { ...head, hasQOffsets: grids++ % 2 === 1 } : head;
    })
    .filter((_, at) => ![3, 6, 7, 8].includes(at));
}

/** Heads of chunks: token grids of the key packet, then numbers of pictures that each token grid shows. */
function headsOf(chunks, q) {
  const heads = [];
  for (const [ofKey, ...groups] of chunks) {
    heads.push(headOf('key', q(heads.length), ofKey - 1, heads.length));
    for (const count of groups) {
      for (let i = 0; i < count; i++) heads.push(headOf('inter', q(heads.length), i, heads.length));
    }
  }
  return heads;
}

/** Packets of heads: ids keep most bits of those before them, as those of videos do. */
async function packetsOf(grid, heads, seed, isResilient = false) {
  const random = chance(seed);
  const codec = new BitTokenCodec(grid, readBitTables(pack), prior, isResilient);
  const marks = new SlotMarks();
  const packets = [];
  const sums = [];
  let last = new Uint32Array(grid.cells);
  for (const head of heads) {
    const flip = () => (random() < 0.3 ? between(random, 0, 2 ** 18 - 1) : 0);
    const frames = Array.from({ length: tokenGridsOf(head) }, () => {
      last = last.map((id) => (id ^ flip()) & (2 ** head.q - 1));
      return last;
    });
    const ids = Uint32Array.from(frames.flatMap((frame) => [...frame]));
    const coded = new Uint8Array(await codec.write(head, { ids }));
    const tokens = isResilient ? joinMarks(marks.of(head), coded) : coded;
    marks.advance(head);
    const loopChecksum = ids.length > 0 ? idsChecksum({ ids }) : null;
    packets.push({ ...head, duration: 1n, loopChecksum, tokens });
    sums.push({ tokensCrc32c: idsChecksum({ ids }) });
  }
  return { packets, sums };
}

const sizes = [
  ['chunks', 53, 37, headsOf([[1, 4, 4, 2], [1], [2, 1, 4]], () => 18)],
  [
    'rates',
    40,
    24,
    headsOf(
      [
        [1, 4, 4],
        [1, 4],
      ],
      (at) => [6, 14, 1, 18, 9, 10][at % 6],
    ),
  ],
  ['one-cell', 1, 1, headsOf([[2, 3, 4]], () => 11)],
  ['one-row', 130, 8, headsOf([[1, 4]], () => 18)],
  ['one-column', 7, 90, headsOf([[1, 2]], () => 3)],
];

/** Writes all of them with `save(name, bytes, expected)`. */
export async function writeLookupFree(save) {
  const own = { packName: pack.name, packId: pack.id };
  const streams = new Map();
  for (const [index, [name, width, height, heads]] of sizes.entries()) {
    const { packets, sums } = await packetsOf(new CellGrid(width, height), heads, 11 + index);
    const stream = { head: header(width, height, own), packets };
    streams.set(name, stream);
    save(`lookup-free/${name}`, await container(stream.head, packets), { packets: sums });
  }
  const resilient = await packetsOf(new CellGrid(45, 27), resilientHeads(), 23, true);
  const resilientHead = header(45, 27, { ...own, isResilient: true });
  save('lookup-free/resilient', await container(resilientHead, resilient.packets), { packets: resilient.sums });
  const { head, packets } = streams.get('chunks');
  const broken = async (name, at, change, message, field) => {
    const changed = packets.map((packet, index) => (index === at ? { ...packet, ...change(packet) } : packet));
    const error = { error: 'BitstreamError', message, field };
    save(`lookup-free/invalid/${name}`, await container(head, changed), error);
  };
  await broken('no-channels', 0, () => ({ q: 0 }), 'tokens of 0 channels', 'q');
  await broken('channels-19', 1, () => ({ q: 19 }), 'tokens of 19 channels', 'q');
  await broken('picture-left-out', 3, () => ({ variant: 3 }), 'picture 3', 'variant');
  await broken('picture-again', 3, () => ({ variant: 1 }), 'picture 1', 'variant');
  await broken('picture-of-key', 1, () => ({ variant: 1 }), 'picture 1', 'variant');
  await broken('key-of-three', 0, () => ({ variant: 2 }), '2 more token grids', 'variant');
  await broken('key-of-two-too-short', 0, () => ({ variant: 1 }), 'end too early', 'tokens');
  await broken('tokens-without-frame', 2, () => ({ tokens: packets[1].tokens }), 'has tokens', 'tokens');
  await broken('too-short', 1, ({ tokens }) => ({ tokens: tokens.subarray(0, 9) }), 'end too early', 'tokens');
  await broken('too-long', 0, ({ tokens }) => ({ tokens: Uint8Array.of(...tokens, 1) }), '1 bytes follow', 'tokens');
  await broken(
    'wrong-checksum',
    0,
    ({ loopChecksum }) => ({ loopChecksum: (loopChecksum ^ 1) >>> 0 }),
    'checksum',
    'loopChecksum',
  );
}
