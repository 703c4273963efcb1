import { NotInteger } from './not-integer.js';

/** An array of an ONNX file, row-major. */
export interface OnnxArray {
  readonly dims: readonly number[];
  readonly data: Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | BigInt64Array;
}

/** A value of an attribute: an integer, integers, or text. */
export type OnnxAttribute = number | readonly number[] | string;

/** An operation of an ONNX graph. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** Element type, as `TensorProto.DataType` numbers it. */
  readonly type: number;
  /** null: any length. */
  readonly dims: readonly (number | null)[];
}

/** The graph of an ONNX file. */
export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** In an order in which they can be evaluated. */
  readonly nodes: readonly OnnxNode[];
  readonly arrays: ReadonlyMap<string, OnnxArray>;
}

/** `TensorProto.DataType`. */
export const UINT8 = 2;
export const FLOAT = 1;

const decoder = new TextDecoder();

const ELEMENTS = new Map<number, (buffer: ArrayBuffer) => OnnxArray['data']>([
  [FLOAT, (buffer) => new Float32Array(buffer)],
  [UINT8, (buffer) => new Uint8Array(buffer)],
  [3, (buffer) => new Int8Array(buffer)],
  [5, (buffer) => new Int16Array(buffer)],
  [6, (buffer) => new Int32Array(buffer)],
  [7, (buffer) => new BigInt64Array(buffer)],
]);

/** A field of a protobuf message: a number, or bytes. */
type Field = number | Uint8Array;

/**
 * Reads the part of ONNX that tessera's exporter writes: one graph with its arrays in `raw_data`. Field numbers are
 * those of onnx.proto3.
 *
 * @throws NotInteger if the file is damaged or has other parts.
 */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  const graph = fields(one(fields(bytes), 7));
  const arrays = many(graph, 5).map((array) => readArray(fields(array)));
  return {
    nodes: many(graph, 1).map((node) => readNode(fields(node))),
    arrays: new Map(arrays),
    inputs: many(graph, 11).map((value) => readValue(fields(value))),
    outputs: many(graph, 12).map((value) => readValue(fields(value))),
  };
}

function readNode(node: Map<number, Field[]>): OnnxNode {
  const attributes = many(node, 5).map((bytes) => readAttribute(fields(bytes)));
  return {
    op: text(one(node, 4)),
    inputs: many(node, 1).map(text),
    outputs: many(node, 2).map(text),
    attributes: new Map(attributes),
  };
}

function readAttribute(attribute: Map<number, Field[]>): [string, OnnxAttribute] {
  const name = text(one(attribute, 1));
  if (attribute.has(8)) return [name, numbers(attribute, 8)];
  if (attribute.has(4)) return [name, text(one(attribute, 4))];
  // An integer that is 0 may be left out.
  return [name, numbers(attribute, 3)[0] ?? 0];
}

function readArray(array: Map<number, Field[]>): [string, OnnxArray] {
  const name = text(one(array, 8));
  const dims = numbers(array, 1);
  const type = numbers(array, 2)[0] ?? 0;
  const elements = ELEMENTS.get(type);
  if (elements === undefined) throw new NotInteger(`the array ${name} has element type ${type}`);
  const raw = one(array, 9);
  const buffer = new ArrayBuffer(raw.length);
  new Uint8Array(buffer).set(raw);
  const data = elements(buffer);
  if (data.length !== dims.reduce((product, length) => product * length, 1)) {
    throw new NotInteger(`the array ${name} has ${data.length} elements for the shape [${dims.join(', ')}]`);
  }
  return [name, { dims, data }];
}

function readValue(value: Map<number, Field[]>): OnnxValue {
  const tensor = fields(one(fields(one(value, 2)), 1));
  const shape = many(fields(one(tensor, 2)), 1).map((dimension) => numbers(fields(dimension), 1)[0] ?? null);
  return { name: text(one(value, 1)), type: numbers(tensor, 1)[0] ?? 0, dims: shape };
}

/** The fields of a message by number. */
function fields(bytes: Uint8Array): Map<number, Field[]> {
  const found = new Map<number, Field[]>();
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const key = varint(reader);
    const number = Math.floor(key / 8);
    const field = readField(reader, key % 8);
    const list = found.get(number);
    if (list === undefined) found.set(number, [field]);
    else list.push(field);
  }
  return found;
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readField(reader: Reader, wire: number): Field {
  if (wire === 0) return varint(reader);
  const length = wire === 2 ? varint(reader) : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
  const end = reader.at + length;
  if (!(end <= reader.bytes.length)) throw new NotInteger('the file is not ONNX, or is cut off');
  const field = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return field;
}

/** Numbers beyond 2^53 lose digits, except negative ones, which keep their sign. */
function varint(reader: Reader): number {
  // Nearly all are shorter than five bytes.
  let value = 0;
  for (let shift = 0, at = reader.at; shift < 28; shift += 7) {
    const byte = reader.bytes[at++];
    if (byte === undefined) break;
    value |= (byte & 127) << shift;
    if (byte < 128) {
      reader.at = at;
      return value;
    }
  }
  return longVarint(reader);
}

function longVarint(reader: Reader): number {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined || shift > 63n) throw new NotInteger('the file is not ONNX, or is cut off');
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return Number(BigInt.asIntN(64, value));
  }
}

function one(message: Map<number, Field[]>, number: number): Uint8Array {
  const field = message.get(number)?.at(-1);
  if (!(field instanceof Uint8Array)) throw new NotInteger(`field ${number} of a message of the file is missing`);
  return field;
}

function many(message: Map<number, Field[]>, number: number): Uint8Array[] {
  return (message.get(number) ?? []).filter((field) => field instanceof Uint8Array);
}

/** The numbers of a repeated field, packed or not. */
function numbers(message: Map<number, Field[]>, number: number): number[] {
  return (message.get(number) ?? []).flatMap((field) => {
    if (typeof field === 'number') return [field];
    const reader = { bytes: field, at: 0 };
    const values = [];
    while (reader.at < field.length) values.push(varint(reader));
    return values;
  });
}

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
