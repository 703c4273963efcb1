import { readFile } from 'node:fs/promises';

export interface NpyArray {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array;
}

/** Reads a `.npy` file as the NumPy manual describes it (format version 1.0). */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 0, 8) !== '\x93NUMPY\x01\x00') throw new Error(`${path} is no .npy file`);
  const end = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, end);
  const match = /^\{'descr': '(.+)', 'fortran_order': False, 'shape': \((.*)\), \} *\n$/.exec(header);
  if (match === null || end % 64 !== 0) throw new Error(`${path}: header ${header}`);
  const type = match[1]!;
  const shape = match[2]!
    .split(',')
    .filter((length) => length.trim() !== '')
    .map(Number);
  const buffer = Uint8Array.from(bytes.subarray(end)).buffer;
  const Data = { '|u1': Uint8Array, '|i1': Int8Array, '<i2': Int16Array, '<i4': Int32Array }[type];
  if (Data === undefined) throw new Error(`${path} has type ${type}`);
  const data = new Data(buffer);
  const expected = shape.reduce((product, length) => product * length, 1);
  if (data.length !== expected) throw new Error(`${path}: ${data.length} values for the shape ${shape.join(', ')}`);
  return { type, shape, data };
}
