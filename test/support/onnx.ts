// Writes small ONNX files (protobuf; field numbers of onnx.proto3), so that tests need no Python.

type Bytes = readonly number[];

function varint(value: number): Bytes {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

function integer(field: number, value: number): Bytes {
  return [...varint(field << 3), ...varint(value)];
}

function message(field: number, ...parts: Bytes[]): Bytes {
  const payload = parts.flat();
  return [...varint((field << 3) | 2), ...varint(payload.length), ...payload];
}

function text(field: number, value: string): Bytes {
  return message(field, [...Buffer.from(value)]);
}

/** One operator; `ints` and `int` are its attributes. */
export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** An input or output; lengths of the shape may be names. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

const FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

function node({ type, inputs, outputs, attributes = {} }: OnnxNode): Bytes {
  return message(
    1,
    inputs.flatMap((name) => text(1, name)),
    outputs.flatMap((name) => text(2, name)),
    text(4, type),
    Object.entries(attributes).flatMap(([name, value]) =>
      typeof value === 'number'
        ? message(5, text(1, name), integer(3, value), integer(20, ATTRIBUTE_INT))
        : message(
            5,
            text(1, name),
            value.flatMap((item) => integer(8, item)),
            integer(20, ATTRIBUTE_INTS),
          ),
    ),
  );
}

function value(field: number, { name, shape }: OnnxValue): Bytes {
  const lengths = shape.flatMap((length) =>
    message(1, typeof length === 'number' ? integer(1, length) : text(2, length)),
  );
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), message(2, lengths))));
}

/** An ONNX file (opset 17) whose inputs and outputs are float32. */
export function writeOnnx(
  nodes: readonly OnnxNode[],
  inputs: readonly OnnxValue[],
  outputs: readonly OnnxValue[],
): Uint8Array {
  const graph = message(
    7,
    nodes.flatMap(node),
    text(2, 'test'),
    inputs.flatMap((input) => value(11, input)),
    outputs.flatMap((output) => value(12, output)),
  );
  return Uint8Array.from([...integer(1, 8), ...graph, ...message(8, text(1, ''), integer(2, 17))]);
}
