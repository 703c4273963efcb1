import { open, type FileHandle } from 'node:fs/promises';
import { npyHead } from '../pipeline/tokens/npy.js';

/** numpy's names of the element types that shards hold. */
export type NpyType = '|u1' | '|i1' | '<i2' | '<i4';

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
  async append(values: Uint8Array | Int8Array | Int16Array | Int32Array, rows = 1): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length;) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#rows += rows;
  }

  /** Writes the header and closes the file. */
  async finish(): Promise<void> {
    await this.#file.write(npyHead(this.#type, [this.#rows, ...this.#rowShape], HEADER_BYTES), 0, HEADER_BYTES, 0);
    await this.#file.close();
  }
}
