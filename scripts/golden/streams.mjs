// What golden streams are made of: the tiny pack, frames as packets, packets as streams.
import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { crc32c } from '../../dist/src/platform/checksums.js';
import { StreamWriter } from '../../dist/src/bitstream/stream-writer.js';
import { loopChecksum } from '../../dist/src/codec/loop-checksum.js';
import { joinMarks, SlotMarks } from '../../dist/src/codec/slot-marks.js';
import { PictureDecoder } from '../../dist/src/codec/transform/picture-decoder.js';
import { TokenCodec } from '../../dist/src/codec/transform/token-codec.js';
import { Kernels } from '../../dist/src/kernels/kernels.js';
import { Graph } from '../../dist/src/model/graph.js';
import { readPackTables } from '../../dist/src/codec/transform/pack-tables.js';
import { loadPack } from '../../dist/src/model/pack.js';

export const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
export const folder = `${fixtures}streams/`;

export const pack = await loadPack(`${fixtures}tiny-pack`);
export const tables = readPackTables(pack);
const open = (role) => Graph.create(pack.graphs.get(role), { device: 'cpu', threads: 1 });
const graphs = { first: await open('prior-first'), second: await open('prior-second') };
export const loopFilter = await open('loop-filter');

/** Seeded uniform numbers in [0, 1): a linear congruential generator. */
export function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function between(random, low, high) {
  return low + Math.floor(random() * (high - low + 1));
}

export function header(width, height, more = {}) {
  return {
    width,
    height,
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 },
    slotCount: 1,
    reorderDepth: 0,
    packName: pack.name,
    packId: pack.id,
    ...more,
  };
}

/** The bytes of a stream. */
export async function container(head, packets, side = []) {
  const parts = [];
  const writer = new StreamWriter({ write: async (bytes) => void parts.push(Buffer.from(bytes)) });
  await writer.writeHeader(head);
  if (side.length > 0) await writer.writeSide(side);
  for (const packet of packets) await writer.writePacket(packet);
  await writer.finish();
  return Buffer.concat(parts);
}

/** Writes frames of tokens as packets and decodes them for their checksums. */
export async function packFrames(geometry, frames, isResilient = false) {
  const codec = new TokenCodec(geometry, tables, graphs, isResilient);
  const marks = new SlotMarks();
  const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
  const packets = [];
  const sums = [];
  for (const { head, tokens, hasChecksum = true } of frames) {
    const coded = await codec.write(head, tokens);
    const bytes = isResilient ? joinMarks(marks.of(head), coded) : coded;
    marks.advance(head);
    const loop = loopChecksum(await decoder.decode(head, tokens));
    sums.push({ tokensCrc32c: tokensChecksum(tokens.coefficients), loopCrc32c: loop });
    packets.push({ ...head, duration: 1n, loopChecksum: hasChecksum ? loop : null, tokens: bytes });
  }
  return { packets, sums };
}

function tokensChecksum(coefficients) {
  const bytes = Buffer.alloc(2 * coefficients.length);
  coefficients.forEach((value, i) => bytes.writeInt16LE(value, 2 * i));
  return crc32c(bytes);
}
