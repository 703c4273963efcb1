import type { Graph, GraphTensor } from '../model/graph.js';
import type { FrameHead } from './frame-head.js';
import {
  AVERAGE,
  blockQ,
  CHROMA_TOKENS,
  INTER16,
  isIntra,
  TOKENS_PER_BLOCK,
  type FrameTokens,
} from './frame-tokens.js';

/** Planes of the prior's context input (FORMAT.md section 9). */
export const CONTEXT_PLANES = 32;

/** code(m) = round(16 log2(1 + min(m, 15))): how magnitudes enter the prior. */
const MAGNITUDE_CODE = Uint8Array.of(0, 16, 25, 32, 37, 41, 45, 48, 51, 53, 55, 57, 59, 61, 63, 64);

/** The two graphs of a prior. */
export interface PriorGraphs {
  readonly first: Graph;
  readonly second: Graph;
}

/** Memory of a frame: [rows, columns, 384], what is remembered of coded magnitudes along the motion. */
export type TokenMemory = Uint8Array<ArrayBuffer>;

/**
 * Evaluates the prior of one frame (FORMAT.md section 9): `first` gives the scales of pass 0, `second`, which sees the
 * tokens of pass 0, those of pass 1. All inputs are planes [channel, rows, columns] of uint8.
 */
export class FramePrior {
  readonly context: Uint8Array<ArrayBuffer>;
  /** The reference's memory moved by the motion, [384, rows, columns]. */
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly #graphs: PriorGraphs;
  readonly #tokens: FrameTokens;
  #features: GraphTensor | undefined;

  /**
   * @param tokens modes and motion must be known already.
   * @param memories memories of reference0 and reference1, null where the frame has none.
   */
  constructor(
    graphs: PriorGraphs,
    head: FrameHead,
    tokens: FrameTokens,
    memories: readonly [TokenMemory | null, TokenMemory | null],
  ) {
    this.#graphs = graphs;
    this.#tokens = tokens;
    this.context = contextPlanes(head, tokens);
    this.memory = movedMemory(tokens, memories);
  }

  /** Scales [384, rows, columns] of the macroblocks of pass 0. */
  async first(): Promise<Uint8Array> {
    const { rows, columns } = this.#tokens.geometry;
    const result = await this.#graphs.first.run({
      context: { data: this.context, dims: [1, CONTEXT_PLANES, rows, columns] },
      memory: { data: this.memory, dims: [1, TOKENS_PER_BLOCK, rows, columns] },
    });
    this.#features = result.features!;
    return result.scale!.data;
  }

  /** Scales [384, rows, columns] of the macroblocks of pass 1; the tokens of pass 0 must be known. */
  async second(): Promise<Uint8Array> {
    const { rows, columns } = this.#tokens.geometry;
    const result = await this.#graphs.second.run({
      features: this.#features!,
      tokens: { data: firstPassPlanes(this.#tokens), dims: [1, TOKENS_PER_BLOCK, rows, columns] },
    });
    return result.scale!.data;
  }

  /** The memory that the slot this frame fills keeps; all tokens must be known. */
  nextMemory(): TokenMemory {
    const { rows, columns } = this.#tokens.geometry;
    const { coefficients, lumaGroups, chromaGroups } = this.#tokens;
    const plane = rows * columns;
    const next = new Uint8Array(plane * TOKENS_PER_BLOCK);
    for (let at = 0; at < plane; at++) {
      const base = at * TOKENS_PER_BLOCK;
      const coded = lumaGroups[at]! + chromaGroups[at]! > 0;
      for (let i = 0; i < TOKENS_PER_BLOCK; i++) {
        const before = this.memory[i * plane + at]!;
        next[base + i] = coded
          ? Math.max(magnitudeCode(coefficients[base + i]!), (3 * before) >> 2)
          : (7 * before) >> 3;
      }
    }
    return next;
  }
}

function magnitudeCode(token: number): number {
  return MAGNITUDE_CODE[Math.min(15, token < 0 ? -token : token)]!;
}

function contextPlanes(head: FrameHead, tokens: FrameTokens): Uint8Array<ArrayBuffer> {
  const { rows, columns } = tokens.geometry;
  const size = rows * columns;
  const planes = new Uint8Array(CONTEXT_PLANES * size);
  planes.fill(64, 12 * size, 13 * size);
  if (head.kind === 'inter') planes.fill(64, 0, size);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const type = tokens.type[at]!;
      planes[size + at] = blockQ(tokens, head.q, row, column);
      planes[(2 + type) * size + at] = 64;
      planes[7 * size + at] = 64 * tokens.transform[at]!;
      planes[8 * size + at] = 4 * tokens.lumaGroups[at]!;
      planes[9 * size + at] = 8 * tokens.chromaGroups[at]!;
      planes[10 * size + at] = 64 * tokens.hasNewMotion[at]!;
      const sub = 4 * row * columns + 2 * column;
      if (isIntra(type)) {
        planes[(13 + tokens.intraMode[sub]!) * size + at] = 64;
      } else {
        if (usesAverage(tokens, sub)) planes[11 * size + at] = 64;
        const basis = tokens.basis[at]!;
        if (type >= INTER16 && basis > 0) planes[(28 + basis) * size + at] = 64;
      }
    }
  }
  return planes;
}

function usesAverage(tokens: FrameTokens, sub: number): boolean {
  const stride = tokens.geometry.columns * 2;
  const { reference } = tokens;
  return (
    reference[sub] === AVERAGE ||
    reference[sub + 1] === AVERAGE ||
    reference[sub + stride] === AVERAGE ||
    reference[sub + stride + 1] === AVERAGE
  );
}

function movedMemory(
  tokens: FrameTokens,
  memories: readonly [TokenMemory | null, TokenMemory | null],
): Uint8Array<ArrayBuffer> {
  const { rows, columns } = tokens.geometry;
  const plane = rows * columns;
  const moved = new Uint8Array(TOKENS_PER_BLOCK * plane);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      if (isIntra(tokens.type[at]!)) continue;
      const sub = 4 * row * columns + 2 * column;
      const slot = tokens.reference[sub] === 1 ? 1 : 0;
      const memory = memories[slot];
      if (memory === null) continue;
      const mvx = tokens.motion[sub * 4 + slot * 2]!;
      const mvy = tokens.motion[sub * 4 + slot * 2 + 1]!;
      const fromColumn = Math.max(0, Math.min(columns - 1, (64 * column + mvx + 32) >> 6));
      const fromRow = Math.max(0, Math.min(rows - 1, (64 * row + mvy + 32) >> 6));
      const from = (fromRow * columns + fromColumn) * TOKENS_PER_BLOCK;
      for (let i = 0; i < TOKENS_PER_BLOCK; i++) moved[i * plane + at] = memory[from + i]!;
    }
  }
  return moved;
}

function firstPassPlanes(tokens: FrameTokens): Uint8Array<ArrayBuffer> {
  const { rows, columns } = tokens.geometry;
  const plane = rows * columns;
  const planes = new Uint8Array(TOKENS_PER_BLOCK * plane);
  for (let row = 0; row < rows; row++) {
    for (let column = row & 1; column < columns; column += 2) {
      const at = row * columns + column;
      const base = at * TOKENS_PER_BLOCK;
      if (tokens.lumaGroups[at]! > 0) {
        for (let i = 0; i < CHROMA_TOKENS; i++) planes[i * plane + at] = magnitudeCode(tokens.coefficients[base + i]!);
      }
      if (tokens.chromaGroups[at]! > 0) {
        for (let i = CHROMA_TOKENS; i < TOKENS_PER_BLOCK; i++) {
          planes[i * plane + at] = magnitudeCode(tokens.coefficients[base + i]!);
        }
      }
    }
  }
  return planes;
}
