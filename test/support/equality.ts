import { expect } from '@jest/globals';

// Jest compares typed arrays number by number, which takes most of the time where pictures are compared. The same bytes
// are equal; all else goes the usual way.
expect.addEqualityTesters([
  function isSameBytes(a: unknown, b: unknown): true | undefined {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
    return Buffer.compare(bytesOf(a), bytesOf(b)) === 0 ? true : undefined;
  },
]);

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
