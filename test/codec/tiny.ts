import { Geometry } from '../../src/codec/transform/frame-tokens.js';
import type { FrameHeader } from '../../src/codec/frame-header.js';
import { Graph, type GraphOptions } from '../../src/model/graph.js';
import type { Network } from '../../src/model/network.js';
import { openNetwork } from '../../src/model/open-network.js';
import { readPackTables, type BasisTable, type PackTables } from '../../src/codec/transform/pack-tables.js';
import { loadPack, type ModelPack } from '../../src/model/pack.js';
import { integer } from '../kernels/arena.js';
import { TINY_PACK } from '../support/packs.js';

/** The tiny pack, read once per test file. */
export const tinyPack: Promise<ModelPack> = loadPack(TINY_PACK);

export async function tinyTables(): Promise<PackTables> {
  return readPackTables(await tinyPack);
}

/** The exact graphs of a pack, ready to run. */
export interface ExactGraphs {
  readonly first: Network;
  readonly second: Network;
  readonly loopFilter: Network;
}

/** Opens the exact graphs of a pack as encoder and decoder do, or in onnxruntime with the given options. */
export async function exactGraphs(pack: ModelPack, options?: GraphOptions): Promise<ExactGraphs> {
  const open = async (role: 'prior-first' | 'prior-second' | 'loop-filter'): Promise<Network> => {
    const bytes = pack.graphs.get(role)!;
    return options === undefined
      ? await openNetwork(bytes, { device: 'cpu', threads: 1 })
      : await Graph.create(bytes, options);
  };
  return {
    first: await open('prior-first'),
    second: await open('prior-second'),
    loopFilter: await open('loop-filter'),
  };
}

/**
 * The tiny pack's tables with more of everything that a pack may have several of: bases of which inter macroblocks choose
 * three and four, a basis of its own for intra modes, weights and offsets that differ.
 */
export function richTables(tables: PackTables): PackTables {
  return {
    ...tables,
    basis16: repeatBasis(tables.basis16, 4),
    basis8: repeatBasis(tables.basis8, 5),
    weight16: spread(tables.weight16, 4, 11),
    weight8: spread(tables.weight8, 5, 7),
    weightChroma: tables.weightChroma.map((_, i) => 20 + (i % 29)),
    intraClass: Uint8Array.of(5, 0, 15, 5),
    intraBasis16: tables.intraBasis16.map((_, mode) => mode % 4),
    intraBasis8: tables.intraBasis8.map((_, mode) => (3 * mode) % 5),
    interBasis16: Uint8Array.of(2, 0, 3),
    interBasis8: Uint8Array.of(4, 1, 0, 2),
    reconstructionOffset: Uint8Array.of(31, 9, 77, 14),
  };
}

/** Copies of a basis whose atoms change places and signs. */
function repeatBasis({ atoms, data }: BasisTable, count: number): BasisTable {
  const samples = data.length / atoms;
  const result = new Int16Array(data.length * count);
  for (let basis = 0; basis < count; basis++) {
    for (let atom = 0; atom < atoms; atom++) {
      const sign = ((atom + 1) * basis) % 3 === 1 ? -1 : 1;
      const from = ((atom + 5 * basis) % atoms) * samples;
      for (let i = 0; i < samples; i++) result[(basis * atoms + atom) * samples + i] = sign * data[from + i]!;
    }
  }
  return { count, atoms, data: result };
}

function spread(weights: Uint8Array, count: number, factor: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: weights.length * count }, (_, i) => 16 + ((i * factor) % 40));
}

/**
 * Heads of a key frame and of inter frames that use whatever slots have been filled, in every mixture. Times jump about
 * and repeat.
 */
export function randomHeads(count: number, random: () => number, keyAt: readonly number[] = [0]): FrameHeader[] {
  let filled: number[] = [];
  return Array.from({ length: count }, (_, index) => {
    const isKey = keyAt.includes(index);
    if (isKey) filled = [];
    const pick = (): number => filled[integer(random, 0, filled.length - 1)]!;
    const refreshSlot = isKey || random() < 0.8 ? integer(random, 0, 3) : null;
    const header: FrameHeader = {
      kind: isKey ? 'key' : 'inter',
      q: integer(random, 0, 63),
      referenceSlot0: isKey ? null : pick(),
      referenceSlot1: isKey || random() < 0.3 ? null : pick(),
      refreshSlot,
      variant: integer(random, 0, 1),
      hasQOffsets: random() < 0.5,
      hasLoopFilter: random() < 0.5,
      pts: BigInt(integer(random, -3, 9)),
    };
    if (refreshSlot !== null) filled.push(refreshSlot);
    return header;
  });
}

export const geometries = [new Geometry(1, 1), new Geometry(16, 16), new Geometry(53, 37), new Geometry(130, 70)];
