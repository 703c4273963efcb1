import type { ReferencePacket } from './container.js';
import { crc32cOf } from './container.js';
import type { Block, FrameModes, Motion, Vector } from './modes.js';
import { INTRA16, INTRA8, isIntra, SKIP } from './modes.js';
import type { ReferencePack } from './pack.js';
import { gatherBoundary, predictBlock, predictFromLuma, predictLarge } from './predict-intra.js';
import { clip, largeResidual, residualOf } from './residual.js';
import { TOKENS } from './tokens.js';

/** One plane of samples. */
export interface Plane {
  width: number;
  height: number;
  samples: Uint8Array;
}

/** A loop picture: Y, U, V at coded size. */
export type LoopPicture = [Plane, Plane, Plane];

/** Section 10: the loop picture of a frame. */
export async function reconstruct(
  pack: ReferencePack,
  packet: ReferencePacket,
  modes: FrameModes,
  tokens: Int16Array,
  slots: ReadonlyMap<number, LoopPicture>,
): Promise<LoopPicture> {
  const width = 16 * modes.columns;
  const height = 16 * modes.rows;
  const plane = (shift: number): Plane => ({
    width: width >> shift,
    height: height >> shift,
    samples: new Uint8Array((width >> shift) * (height >> shift)),
  });
  const picture: LoopPicture = [plane(0), plane(1), plane(1)];
  const references = packet.references.map((slot) => {
    const reference = slots.get(slot);
    if (reference === undefined) throw new Error('a packet names a slot that nothing has filled');
    return reference;
  });
  const done = new Progress(modes);
  for (const block of modes.blocks) {
    const index = block.row * modes.columns + block.column;
    const own = tokens.subarray(index * TOKENS, (index + 1) * TOKENS);
    if (isIntra(block.type)) rebuildIntra(pack, picture, block, own, done);
    else rebuildInter(pack, packet, picture, references, block, own);
    done.add(16 * block.column, 16 * block.row, 16 * 2 ** block.size);
  }
  return packet.hasLoopFilter ? filterPicture(pack, packet, modes, picture) : picture;
}

/** CRC-32C of a loop picture. */
export function loopCrc32c(picture: LoopPicture): number {
  return crc32cOf(Buffer.concat(picture.map(({ samples }) => samples)));
}

/** The sub-blocks that are reconstructed: those that come before the current one in coding order. */
class Progress {
  readonly #done = new Set<string>();

  constructor(readonly modes: FrameModes) {}

  /** Adds the square of `size` luma samples at luma sample (`x`, `y`). */
  add(x: number, y: number, size: number): void {
    for (let down = 0; down < size; down += 8) {
      for (let right = 0; right < size; right += 8) this.#done.add(`${x + right} ${y + down}`);
    }
  }

  /** Whether all samples above right of the square of `size` luma samples at (`x`, `y`) are there. */
  hasTopRight(x: number, y: number, size: number): boolean {
    for (let right = 0; right < size; right += 8) if (!this.#done.has(`${x + size + right} ${y - 8}`)) return false;
    return true;
  }
}

function addBlock(plane: Plane, x: number, y: number, size: number, prediction: number[], residual: number[]): void {
  for (let n = 0; n < size * size; n++) {
    const value = clip((prediction[n] ?? 0) + (residual[n] ?? 0), 0, 255);
    plane.samples[(y + Math.floor(n / size)) * plane.width + x + (n % size)] = value;
  }
}

const every = (tokens: Int16Array, from: number, stride: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => tokens[from + stride * index] ?? 0);

/** Residual of the luma of a block, [width x width]. */
function lumaResidual(pack: ReferencePack, block: Block, tokens: Int16Array): number[] {
  if (block.size > 0) return largeResidual(pack, block, null, every(tokens, 0, 1, 256));
  if (block.transform === 0) {
    const table = isIntra(block.type) ? 'intraBasis16' : 'interBasis16';
    const choice = isIntra(block.type) ? (block.subBlocks[0]?.intraMode ?? 0) : block.basis;
    return residualOf(pack, '16', pack.table(table).values[choice] ?? 0, block, every(tokens, 0, 1, 256));
  }
  const result = Array.from({ length: 256 }, () => 0);
  for (let s = 0; s < 4; s++) {
    const part = subBlockResidual(pack, block, tokens, s);
    for (let n = 0; n < 64; n++) {
      result[16 * (8 * (s >> 1) + (n >> 3)) + 8 * (s & 1) + (n & 7)] = part[n] ?? 0;
    }
  }
  return result;
}

function subBlockResidual(pack: ReferencePack, block: Block, tokens: Int16Array, s: number): number[] {
  const table = isIntra(block.type) ? 'intraBasis8' : 'interBasis8';
  const choice = isIntra(block.type) ? (block.subBlocks[s]?.intraMode ?? 0) : block.basis;
  return residualOf(pack, '8', pack.table(table).values[choice] ?? 0, block, every(tokens, s, 4, 64));
}

function chromaResidual(pack: ReferencePack, block: Block, tokens: Int16Array, p: number): number[] {
  const levels = every(tokens, 256 + p, 2, 64);
  const kind = isIntra(block.type) ? 0 : 1;
  return block.size > 0 ? largeResidual(pack, block, kind, levels) : residualOf(pack, 'Chroma', kind, block, levels);
}

function rebuildIntra(
  pack: ReferencePack,
  [y, u, v]: LoopPicture,
  block: Block,
  tokens: Int16Array,
  done: Progress,
): void {
  const { row, column, size } = block;
  const width = 16 * 2 ** size;
  const hasTopRight = done.hasTopRight(16 * column, 16 * row, width);
  const mode = block.subBlocks[0]?.intraMode ?? 0;
  if (block.type === INTRA16) {
    const boundary = gatherBoundary(y, 16 * column, 16 * row, width, hasTopRight);
    const prediction =
      size === 0
        ? predictBlock(pack.table('intra16'), mode, boundary)
        : predictLarge(pack.table('intra16'), mode, boundary);
    addBlock(y, 16 * column, 16 * row, width, prediction, lumaResidual(pack, block, tokens));
  }
  for (let s = 0; block.type === INTRA8 && s < 4; s++) {
    const x = 16 * column + 8 * (s & 1);
    const top = 16 * row + 8 * (s >> 1);
    const boundary = gatherBoundary(y, x, top, 8, done.hasTopRight(x, top, 8));
    const prediction = predictBlock(pack.table('intra8'), block.subBlocks[s]?.intraMode ?? 0, boundary);
    addBlock(y, x, top, 8, prediction, subBlockResidual(pack, block, tokens, s));
    done.add(x, top, 8);
  }
  for (const [p, chroma] of [u, v].entries()) {
    const boundary = gatherBoundary(chroma, 8 * column, 8 * row, width / 2, hasTopRight);
    const prediction =
      block.chromaFromLuma === 1
        ? predictFromLuma(y, chroma, 8 * column, 8 * row, width / 2)
        : size === 0
          ? predictBlock(pack.table('intra8'), mode, boundary)
          : predictLarge(pack.table('intra16'), mode, boundary);
    addBlock(chroma, 8 * column, 8 * row, width / 2, prediction, chromaResidual(pack, block, tokens, p));
  }
}

function rebuildInter(
  pack: ReferencePack,
  packet: ReferencePacket,
  picture: LoopPicture,
  references: readonly LoopPicture[],
  block: Block,
  tokens: Int16Array,
): void {
  const { row, column } = block;
  for (const [number, plane] of picture.entries()) {
    const macroblock = number === 0 ? 16 : 8;
    const size = macroblock * 2 ** block.size;
    const [left, top] = [macroblock * column, macroblock * row];
    const prediction = Array.from({ length: size * size }, (_, n) => {
      const [x, y] = [n % size, Math.floor(n / size)];
      // The quarters of a large block have the same motion.
      const motion = block.subBlocks[2 * Math.floor((2 * y) / size) + Math.floor((2 * x) / size)]?.motion ?? null;
      if (motion === null) throw new Error('an inter block has motion');
      return predictSample(pack, packet, references, number, { x: left + x, y: top + y }, motion);
    });
    const residual = number === 0 ? lumaResidual(pack, block, tokens) : chromaResidual(pack, block, tokens, number - 1);
    addBlock(plane, left, top, size, prediction, residual);
  }
}

function predictSample(
  pack: ReferencePack,
  packet: ReferencePacket,
  references: readonly LoopPicture[],
  number: number,
  at: Vector,
  motion: Motion,
): number {
  const values = motion.vectors.flatMap((vector, slot) => {
    const plane = references[slot]?.[number];
    if (vector === null || plane === undefined) return [];
    return [interpolate(pack, number === 0 ? packet.variant : null, plane, at, vector)];
  });
  const [a = 0, b] = values;
  return b === undefined ? a : (a + b + 1) >> 1;
}

/** A sample at `at` moved by `vector`; luma with filter `filter`, chroma with null. */
function interpolate(pack: ReferencePack, filter: number | null, plane: Plane, at: Vector, vector: Vector): number {
  const bits = filter === null ? 3 : 2;
  const tapCount = filter === null ? 4 : 8;
  const centre = filter === null ? 1 : 3;
  const all = pack.table(filter === null ? 'interpolationChroma' : 'interpolation').values;
  const taps = (part: number): number[] => {
    const from = ((filter ?? 0) * (filter === null ? 0 : 4) + (part & (2 ** bits - 1))) * tapCount;
    return all.slice(from, from + tapCount);
  };
  const horizontal = taps(vector.x);
  const sample = (x: number, y: number): number =>
    plane.samples[clip(y, 0, plane.height - 1) * plane.width + clip(x, 0, plane.width - 1)] ?? 0;
  const x = at.x + (vector.x >> bits);
  const y = at.y + (vector.y >> bits);
  const vertical = taps(vector.y);
  let sum = 0;
  for (let v = 0; v < tapCount; v++) {
    let h = 0;
    for (let t = 0; t < tapCount; t++) h += (horizontal[t] ?? 0) * sample(x + t - centre, y + v - centre);
    sum += (vertical[v] ?? 0) * h;
  }
  return clip((sum + 2048) >> 12, 0, 255);
}

async function filterPicture(
  pack: ReferencePack,
  packet: ReferencePacket,
  modes: FrameModes,
  picture: LoopPicture,
): Promise<LoopPicture> {
  const rows = 2 * modes.rows;
  const columns = 2 * modes.columns;
  const side = new Uint8Array(7 * rows * columns);
  for (let at = 0; at < rows * columns; at++) {
    const place = (Math.floor(at / columns) >> 1) * modes.columns + ((at % columns) >> 1);
    const block = modes.macroblocks[place] as Block;
    const flags = [isIntra(block.type), block.type === SKIP, packet.isKey];
    const [intra = 0, skip = 0, key = 0] = flags.map((isSet) => (isSet ? 64 : 0));
    const transform = 64 * block.transform;
    const values = [block.q, intra, transform, 4 * block.lumaGroups, skip, key, 64 * block.size];
    for (const [p, value] of values.entries()) {
      side[p * rows * columns + at] = value;
    }
  }
  const sides = [0, 1, 2, 3, 4, 5, 6].map((p) => side.subarray(p * rows * columns, (p + 1) * rows * columns));
  const filtered = picture.map((plane) => ({ ...plane, samples: plane.samples.slice() })) as LoopPicture;
  for (let top = 0; top < 16 * modes.rows; top += 64) {
    for (let left = 0; left < 16 * modes.columns; left += 64) {
      const place = (top / 16) * modes.columns + left / 16;
      if (modes.macroblocks[place]?.isFiltered !== true) continue;
      const [y, u, v] = picture.map((plane, p) => square(plane, top, left, p === 0 ? 1 : 2));
      const blocks = sides.map((samples) => square({ width: columns, height: rows, samples }, top, left, 8));
      const outputs = await pack.run('loop-filter', {
        y: { shape: [1, 1, 80, 80], values: Uint8Array.from(y ?? []) },
        u: { shape: [1, 1, 40, 40], values: Uint8Array.from(u ?? []) },
        v: { shape: [1, 1, 40, 40], values: Uint8Array.from(v ?? []) },
        side: { shape: [1, 7, 10, 10], values: Uint8Array.from(blocks.flat()) },
      });
      for (const [p, name] of ['filteredY', 'filteredU', 'filteredV'].entries()) {
        const { width, height, samples } = filtered[p] as Plane;
        const size = p === 0 ? 64 : 32;
        for (let n = 0; n < size * size; n++) {
          const row = (top / 64) * size + Math.floor(n / size);
          const column = (left / 64) * size + (n % size);
          if (row < height && column < width) samples[row * width + column] = outputs[name]?.values[n] ?? 0;
        }
      }
    }
  }
  return filtered;
}

/**
 * What the loop filter sees of a region at luma sample (`top`, `left`), in a plane with one sample for `unit` x `unit`
 * luma samples: the region and 8 luma samples around it, edges repeated.
 */
function square({ width, height, samples }: Plane, top: number, left: number, unit: number): number[] {
  const size = 80 / unit;
  return Array.from({ length: size * size }, (_, n) => {
    const row = clip((top - 8) / unit + Math.floor(n / size), 0, height - 1);
    const column = clip((left - 8) / unit + (n % size), 0, width - 1);
    return samples[row * width + column] ?? 0;
  });
}
