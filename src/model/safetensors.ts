import * as z from 'zod';
import { ModelError } from '../errors.js';

/** Element types of tessera's tables, as safetensors spells them. */
export type TensorType = 'U8' | 'I8' | 'U16' | 'I16' | 'I32' | 'F32';
/** Elements of a tensor of any type. */
export type TensorArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>;

/** An array with its shape, in row-major order. */
export interface Tensor {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  /** The elements (their number is the product of `shape`), in a buffer of their own. */
  readonly data: TensorArray;
}

const ELEMENTS = {
  U8: { bytes: 1, read: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
  I8: { bytes: 1, read: (buffer: ArrayBuffer) => new Int8Array(buffer) },
  U16: { bytes: 2, read: (buffer: ArrayBuffer) => new Uint16Array(buffer) },
  I16: { bytes: 2, read: (buffer: ArrayBuffer) => new Int16Array(buffer) },
  I32: { bytes: 4, read: (buffer: ArrayBuffer) => new Int32Array(buffer) },
  F32: { bytes: 4, read: (buffer: ArrayBuffer) => new Float32Array(buffer) },
} as const;

const MAX_HEADER_BYTES = 1 << 20;
const MAX_DIMENSIONS = 8;

const header = z.record(
  z.string(),
  z.object({
    dtype: z.enum(['U8', 'I8', 'U16', 'I16', 'I32', 'F32']),
    shape: z.array(z.int().min(0)).max(MAX_DIMENSIONS),
    data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
  }),
);

/**
 * Reads a safetensors file (8 bytes of header length, JSON header, data; all little endian). Every length is checked
 * against the file before anything is allocated.
 *
 * @param name shown in messages.
 * @throws ModelError if the file violates the format or has an element type that tessera does not use.
 */
export function parseSafetensors(bytes: Uint8Array, name: string): Map<string, Tensor> {
  const fail = (what: string, cause?: unknown): never => {
    throw new ModelError(`${name}: ${what}: get the pack again`, cause === undefined ? {} : { cause });
  };
  if (bytes.length < 8) fail('too short for a safetensors file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || headerBytes > bytes.length - 8) fail(`header length ${headerBytes} is wrong`);

  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch (error) {
    fail('the header is not JSON', error);
  }
  if (typeof json === 'object' && json !== null) delete (json as Record<string, unknown>)['__metadata__'];
  const parsed = header.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return fail(`header: ${issue.path.join('.')}: ${issue.message}`);
  }

  const dataBytes = bytes.length - 8 - headerBytes;
  const tensors = new Map<string, Tensor>();
  for (const [tensorName, { dtype, shape, data_offsets }] of Object.entries(parsed.data)) {
    const [start, end] = data_offsets;
    const size = shape.reduce((product, length) => product * length, ELEMENTS[dtype].bytes);
    if (end > dataBytes || end - start !== size) {
      fail(`tensor ${tensorName}: ${size} bytes do not lie at ${start}..${end} of ${dataBytes}`);
    }
    const at = 8 + headerBytes;
    const buffer = new ArrayBuffer(size);
    new Uint8Array(buffer).set(bytes.subarray(at + start, at + end));
    tensors.set(tensorName, { dtype, shape, data: ELEMENTS[dtype].read(buffer) });
  }
  return tensors;
}
