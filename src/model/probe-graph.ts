// A hand-made ONNX file (protobuf), to test devices without a pack: y = Identity(x), uint8 [1]. Field numbers are those
// of onnx.proto3.

function varint(field: number, value: number): number[] {
  return [field << 3, value];
}

/** Payloads here are shorter than 128 bytes, so that lengths take one byte. */
function message(field: number, ...parts: (readonly number[])[]): number[] {
  const payload = parts.flat();
  return [(field << 3) | 2, payload.length, ...payload];
}

function text(field: number, value: string): number[] {
  return message(field, [...new TextEncoder().encode(value)]);
}

const UINT8 = 2;

function valueInfo(field: number, name: string): number[] {
  const shape = message(2, message(1, varint(1, 1)));
  return message(field, text(1, name), message(2, message(1, varint(1, UINT8), shape)));
}

/** An ONNX file: output `y` is input `x`, uint8 [1]. */
export const PROBE_GRAPH = Uint8Array.from([
  ...varint(1, 8),
  ...message(
    7,
    message(1, text(1, 'x'), text(2, 'y'), text(4, 'Identity')),
    text(2, 'probe'),
    valueInfo(11, 'x'),
    valueInfo(12, 'y'),
  ),
  ...message(8, text(1, ''), varint(2, 17)),
]);
