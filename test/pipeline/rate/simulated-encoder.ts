import type { Packet } from '../../../src/bitstream/packet.js';
import type { QualityControl } from '../../../src/codec/encoder.js';
import type { KnownFrame } from '../../../src/pipeline/rate/budget-control.js';

/** A video whose frames need bits by a simple law, and an encoder for it. */
export interface SimulatedFrame {
  readonly pts: bigint;
  readonly isKey: boolean;
  /** Bits at quality 20. */
  readonly bits: number;
  /** What a scout counts at quality 20. */
  readonly scouted: number;
}

/** Numbers in 0..1 that look random. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Mini-GOPs of eight frames in scenes of different difficulty; the scout errs by scene and by frame. */
export function simulateVideo(frames: number, seed: number, sceneLengths = 100): SimulatedFrame[] {
  const random = randomNumbers(seed);
  let difficulty = 1;
  let error = 1;
  return Array.from({ length: frames }, (_, at) => {
    const isKey = at % sceneLengths === 0;
    if (isKey) {
      difficulty = 4000 * 4 ** (random() - 0.5);
      error = 1.3 ** (2 * random() - 1);
    }
    const place = at % 8;
    const share = isKey ? 12 : place === 0 ? 3 : place === 4 ? 1.5 : place % 2 === 0 ? 0.8 : 0.4;
    const bits = difficulty * share * 1.25 ** (2 * random() - 1);
    return { pts: BigInt(at), isKey, bits, scouted: (bits / (2.6 * error)) * 1.2 ** (2 * random() - 1) };
  });
}

/** What a scout would tell. */
export function knownOf({ pts, isKey, scouted }: SimulatedFrame): KnownFrame {
  return { pts, isKey, bits: scouted, quality: 20 };
}

function packetOf(pts: bigint, isKey: boolean, bytes: number): Packet {
  return {
    kind: isKey ? 'key' : 'inter',
    q: 20,
    referenceSlot0: isKey ? null : 0,
    referenceSlot1: null,
    refreshSlot: 0,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts,
    duration: 1n,
    loopChecksum: null,
    tokens: new Uint8Array(bytes),
  };
}

/**
 * Codes frames as the encoder does: reports come late by the control's lag.
 *
 * @param growth doublings of bits per step of quality.
 * @param before called before each frame, for a control that learns about frames on the way.
 * @returns all bits, and the quality of each frame.
 */
export function simulate(
  frames: readonly SimulatedFrame[],
  control: QualityControl,
  growth: number,
  before: (index: number) => void = () => undefined,
): { readonly bits: number; readonly qualities: number[] } {
  const late: { packet: Packet; quality: number }[] = [];
  const qualities: number[] = [];
  let bits = 0;
  const report = (): void => {
    const { packet, quality } = late.shift()!;
    control.coded(packet, quality);
  };
  frames.forEach(({ pts, isKey, bits: need }, index) => {
    before(index);
    while (late.length > control.lag) report();
    const quality = control.quality();
    qualities.push(quality);
    const bytes = Math.max(2, Math.round((need * 2 ** (growth * (Math.round(quality) - 20))) / 8));
    const packet = packetOf(pts, isKey, bytes);
    bits += 8 * (bytes + (isKey ? 12 : 11));
    late.push({ packet, quality });
  });
  while (late.length > 0) report();
  return { bits, qualities };
}
