/** A tensor to write: `data` in row-major order. */
export interface WritableTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** Writes a safetensors file; the twin of `parseSafetensors`, for tests only. */
export function writeSafetensors(tensors: ReadonlyMap<string, WritableTensor>): Uint8Array {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const start = end;
    end += data.byteLength;
    header[name] = { dtype, shape, data_offsets: [start, end] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return assembleSafetensors(JSON.stringify(header), Buffer.concat(parts));
}

/** A file with any header text, valid or not. */
export function assembleSafetensors(header: string, data: Uint8Array): Uint8Array {
  const headerBytes = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes.length));
  return Buffer.concat([length, headerBytes, data]);
}
