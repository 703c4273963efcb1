// Frames by hand: any tokens that the syntax allows, most of which no encoder would choose.
import { CoefficientSyntax } from '../../dist/src/codec/transform/coefficient-syntax.js';
import { FrameTokens } from '../../dist/src/codec/transform/frame-tokens.js';
import { ModeSyntax } from '../../dist/src/codec/transform/mode-syntax.js';
import { ProbabilityTables } from '../../dist/src/codec/transform/probability-tables.js';
import { between, tables } from './streams.mjs';

/** Stands in for a reader, and answers with numbers drawn by chance. */
class ChanceCoder {
  constructor(random, tables, isDense) {
    this.random = random;
    this.motionClass = tables.modes.motionClass;
    this.isDense = isDense;
  }

  symbol(table) {
    // Vectors of up to 128 samples at a time leave the picture, but stay far from their limit.
    return between(this.random, 0, table === this.motionClass ? 10 : table.symbols - 1);
  }

  bits(_value, count) {
    return between(this.random, 0, 2 ** count - 1);
  }

  magnitude() {
    const kind = this.random();
    if (kind < (this.isDense ? 0.2 : 0.85)) return 0;
    if (kind < 0.97) return between(this.random, 1, 3);
    return between(this.random, 4, kind < 0.99 ? 40 : 16383);
  }
}

/** @param temporal what earlier frames of the stream left. */
export function drawTokens(geometry, head, random, temporal, isDense = false) {
  const syntaxTables = new ProbabilityTables(tables);
  const coder = new ChanceCoder(random, syntaxTables, isDense);
  const tokens = new FrameTokens(geometry);
  new ModeSyntax(syntaxTables, tables, temporal).code(coder, head, tokens);
  const scales = { scale: new Uint8Array(384), index: new Int32Array(tokens.type.length) };
  for (const pass of [0, 1]) new CoefficientSyntax(syntaxTables, tables).code(coder, tokens, pass, scales);
  // The writer sets it again: a vector that was drawn as a new one may equal a candidate, which the writer then names.
  tokens.hasNewMotion.fill(0);
  return tokens;
}
export const keyHead = {
  kind: 'key',
  q: 30,
  referenceSlot0: null,
  referenceSlot1: null,
  refreshSlot: 0,
  variant: 0,
  hasQOffsets: false,
  hasLoopFilter: false,
  pts: 0n,
};
export const interHead = { ...keyHead, kind: 'inter', referenceSlot0: 0, pts: 1n };
