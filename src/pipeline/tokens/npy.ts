import { InputError } from '../../errors.js';
import {
  ARRAY_CLASSES,
  elementsOf,
  type ArrayLayout,
  type TokenArray,
  type TokenType,
} from '../../codec/token-arrays.js';

/** numpy's names of element types: little endian, like all machines that Node runs on. */
const DESCRIPTIONS: Readonly<Record<TokenType, string>> = { uint8: '|u1', int8: '|i1', int16: '<i2', uint32: '<u4' };

const MAGIC = '\x93NUMPY';
/** Magic, version 1.0, length of the text. */
const PREAMBLE_BYTES = 10;
/** Data start at a multiple of this number. */
const ALIGNMENT = 64;
/** The largest size of the header that numpy writes for our arrays, in bytes. */
export const NPY_HEAD_LIMIT = 4096;

/**
 * Returns the header of a `.npy` file (NumPy format version 1.0).
 *
 * @param description numpy's name of the element type.
 * @param room the smallest size of the header, in bytes.
 */
export function npyHead(description: string, shape: readonly number[], room = 0): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]!},` : shape.join(', ');
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil(Math.max(room, PREAMBLE_BYTES + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(length, ' ');
  header.write(`${MAGIC}\x01\x00`, 0, 'latin1');
  header.writeUInt16LE(length - PREAMBLE_BYTES, 8);
  header.write(text, PREAMBLE_BYTES, 'latin1');
  header[length - 1] = 0x0a;
  return header;
}

/** A whole `.npy` file. */
export function encodeNpy({ dtype, shape }: Omit<ArrayLayout, 'name'>, array: TokenArray): Uint8Array {
  const header = npyHead(DESCRIPTIONS[dtype], shape);
  return Buffer.concat([header, new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]);
}

/** The header of a `.npy` file. */
export interface NpyHead {
  /** Bytes before the data. */
  readonly byteLength: number;
  /** numpy's name of the element type. */
  readonly description: string;
  readonly shape: readonly number[];
}

/**
 * Reads the head of a `.npy` file, whose first {@link NPY_HEAD_LIMIT} bytes (or all) are given.
 *
 * @param name of the array, for messages.
 * @throws InputError if it is not such a file, or has Fortran order.
 */
export function readNpyHead(bytes: Uint8Array, name: string): NpyHead {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = view[6] !== 1;
  const textFrom = isLong ? PREAMBLE_BYTES + 2 : PREAMBLE_BYTES;
  if (view.length >= textFrom && view.toString('latin1', 0, MAGIC.length) === MAGIC) {
    const byteLength = textFrom + (isLong ? view.readUInt32LE(8) : view.readUInt16LE(8));
    const text = view.toString('latin1', textFrom, byteLength);
    const [, description] = /'descr': *'([^']*)'/.exec(text) ?? [];
    const [, shape] = /'shape': *\(([\d, ]*)\)/.exec(text) ?? [];
    if (byteLength <= view.length && description !== undefined && shape !== undefined) {
      if (!/'fortran_order': *False/.test(text)) throw new InputError(`${name} is in Fortran's order: use C order`);
      const lengths = shape.split(',').filter((part) => part.trim() !== '');
      return { byteLength, description, shape: lengths.map(Number) };
    }
  }
  throw new InputError(`${name} is not an array of numbers as numpy writes them`);
}

/**
 * Reads a whole `.npy` file.
 *
 * @throws InputError if it is not such a file, or has another type or shape.
 */
export function decodeNpy(bytes: Uint8Array, layout: ArrayLayout, name: string): TokenArray {
  const { dtype, shape } = layout;
  const header = readNpyHead(bytes, name);
  const Class = ARRAY_CLASSES[dtype];
  const length = elementsOf(layout);
  const isSame = header.description === DESCRIPTIONS[dtype] && String(header.shape) === String(shape);
  if (!isSame || bytes.length !== header.byteLength + length * Class.BYTES_PER_ELEMENT) {
    const found = `${header.description} [${header.shape.join(', ')}]`;
    throw new InputError(`${name} is ${found}; it must be ${DESCRIPTIONS[dtype]} (${dtype}) [${shape.join(', ')}]`);
  }
  // A copy, which is aligned.
  return new Class(new Uint8Array(bytes.subarray(header.byteLength)).buffer);
}
