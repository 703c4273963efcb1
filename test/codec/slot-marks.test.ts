import { describe, expect, test } from '@jest/globals';
import type { FrameHeader } from '../../src/codec/frame-header.js';
import { joinMarks, SlotMarks, splitMarks } from '../../src/codec/slot-marks.js';
import { BitstreamError } from '../../src/errors.js';

function frame(pts: number, refreshSlot: number | null, ...references: number[]): FrameHeader {
  return {
    kind: references.length === 0 ? 'key' : 'inter',
    referenceSlot0: references[0] ?? null,
    referenceSlot1: references[1] ?? null,
    ...{ refreshSlot, pts: BigInt(pts), q: 20, variant: 0, hasQOffsets: false, hasLoopFilter: false },
  };
}

describe('SlotMarks', () => {
  test('a mark is the time behind the key frame, modulo 251', () => {
    const slots = new SlotMarks();
    slots.advance(frame(5000, 0));
    slots.advance(frame(5512, 1, 0));
    slots.advance(frame(4999, 2, 0));
    expect(slots.of(frame(5256, null, 0, 1))).toEqual([0, 512 % 251]);
    expect(slots.of(frame(5256, null, 2))).toEqual([250]);
    expect(slots.of(frame(5256, null, 3))).toEqual([undefined]);
    slots.advance(frame(6000, 1));
    expect(slots.of(frame(6001, null, 1, 0))).toEqual([0, undefined]);
  });

  test.each([1, 512, 3003])('the time of a lost frame follows from its mark and the step of %d ticks', (step) => {
    const slots = new SlotMarks();
    slots.advance(frame(77, 0));
    // The anchor 16 steps behind is lost; the frame in the middle refers to it.
    const mark = (16 * step) % 251;
    expect(slots.timeOf(mark, frame(77 + 8 * step, 2, 0, 1))).toBe(BigInt(77 + 16 * step));
    expect(slots.timeOf(mark, frame(77, 2, 0, 1))).toBeNull();
  });

  test('marks stand before the bytes of a packet', () => {
    const packet = frame(1, null, 0, 1);
    const bytes = joinMarks([7, undefined], Uint8Array.of(1, 2, 3));
    expect(splitMarks(packet, bytes)).toEqual({ marks: [7, 0], rest: Uint8Array.of(1, 2, 3) });
    expect(() => splitMarks(packet, Uint8Array.of(7))).toThrow(BitstreamError);
  });
});
