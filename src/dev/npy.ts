import { open, type FileHandle } from 'node:fs/promises';

/** numpy's names of the element types that shards hold. */
export type NpyType = '|u1' | '|i1' | '<i4';

/** Bytes reserved for the header, so that the shape can be filled in at the end. */
const HEADER_BYTES = 128;

/** Writes one `.npy` file (NumPy format version 1.0) row by row; the first dimension is known only at the end. */
export class NpyWriter {
  #rows = 0;
  readonly #file: FileHandle;
  readonly #type: NpyType;
  readonly #rowShape: readonly number[];

  private constructor(file: FileHandle, type: NpyType, rowShape: readonly number[]) {
    this.#file = file;
    this.#type = type;
    this.#rowShape = rowShape;
  }

  static async create(path: string, type: NpyType, rowShape: readonly number[]): Promise<NpyWriter> {
    const file = await open(path, 'w');
    await file.write(new Uint8Array(HEADER_BYTES));
    return new NpyWriter(file, type, rowShape);
  }

  /** Appends whole rows. */
  async append(values: Uint8Array | Int8Array | Int32Array, rows = 1): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#rows += rows;
  }

  /** Writes the header and closes the file. */
  async finish(): Promise<void> {
    const shape = [this.#rows, ...this.#rowShape].join(', ');
    const text = `{'descr': '${this.#type}', 'fortran_order': False, 'shape': (${shape},), }`;
    const header = Buffer.alloc(HEADER_BYTES, ' ');
    header.write('\x93NUMPY\x01\x00', 0, 'latin1');
    header.writeUInt16LE(HEADER_BYTES - 10, 8);
    header.write(text, 10, 'latin1');
    header[HEADER_BYTES - 1] = 0x0a;
    await this.#file.write(header, 0, HEADER_BYTES, 0);
    await this.#file.close();
  }
}
