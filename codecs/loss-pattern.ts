import { InputError } from '../src/errors.js';

/** Which share of a file's packets is lost, and how. */
export interface LossPattern {
  /** Share of lost packets, between 0 and 1. */
  readonly rate: number;
  /** Number of packets that are lost in a row, from 1. */
  readonly burst: number;
  /** Whole number; the same seed loses the same packets. */
  readonly seed: number;
}

/** Tells whether the next packet in coding order is lost. Ask once for each packet. */
export type IsLost = (isKey: boolean) => boolean;

const LARGEST = 2 ** 31 - 1;

/**
 * Splits a name such as `x265:medium+loss=0.05x5:3` into the codec's own name and the losses: 5 % of the packets, in bursts
 * of 5, drawn with seed 3. The burst is 1 and the seed 0 unless given. The losses are null if the name has none.
 *
 * @throws InputError if the losses have another form or are out of range.
 */
export function splitLosses(name: string): { readonly codec: string; readonly losses: LossPattern | null } {
  const [, codec, text = ''] = /^(.+)\+loss(?![a-z])(.*)$/.exec(name) ?? [];
  if (codec === undefined) return { codec: name, losses: null };
  const [, rate, burst = '1', seed = '0'] = /^=(\d*\.?\d+)(?:x(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  const losses = { rate: Number(rate), burst: Number(burst), seed: Number(seed) };
  const isPossible = losses.rate > 0 && losses.rate < 1 && losses.burst > 0;
  if (isPossible && losses.burst <= LARGEST && losses.seed <= LARGEST) return { codec, losses };
  throw new InputError(
    `cannot read '+loss${text}' in the codec ${name}: end the name with +loss=0.05 (5 % of the packets are lost; a share between 0 and 1), +loss=0.05x5 (in bursts of 5) or +loss=0.05x5:3 (drawn with seed 3)`,
  );
}

/** Returns losses in words, such as `5 % of packets lost in bursts of 5, seed 3`. */
export function describeLosses({ rate, burst, seed }: LossPattern): string {
  const bursts = burst === 1 ? '' : ` in bursts of ${burst}`;
  return `${Number((100 * rate).toPrecision(6))} % of packets lost${bursts}, seed ${seed}`;
}

/**
 * Draws the packets that are lost. The first packet and key packets never are. The draw depends on the pattern, the clip
 * and the packets' positions alone, so all codecs lose the same packets of a clip, except key packets. With a burst of 1, a
 * higher rate loses the same packets and more.
 *
 * @param clip name of the clip: each clip loses other packets.
 */
export function drawLosses({ rate, burst, seed }: LossPattern, clip: string): IsLost {
  const random = uniform(seed + hash(clip));
  // A burst begins with this chance wherever none goes on: then `rate` of all packets are lost in the long run.
  const chance = rate / (rate + burst * (1 - rate));
  let isFirst = true;
  let left = 0;
  return (isKey) => {
    if (left === 0 && random() < chance) left = burst;
    const isHit = left > 0;
    if (isHit) left--;
    const isKept = isKey || isFirst;
    isFirst = false;
    return isHit && !isKept;
  };
}

/** FNV-1a of the UTF-16 units of a text; 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return state >>> 0;
}

/** A linear congruential generator of numbers in [0, 1). */
function uniform(seed: number): () => number {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
