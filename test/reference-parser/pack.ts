import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A table of the pack (section 6): its numbers in the order of its shape. */
export interface Table {
  shape: number[];
  values: number[];
}

export interface ReferencePack {
  table(name: string): Table;
  /** Runs a graph; all inputs and outputs are uint8. */
  run(graph: string, inputs: Record<string, Values>): Promise<Record<string, Values>>;
}

/** A uint8 tensor. */
export interface Values {
  shape: readonly number[];
  values: Uint8Array;
}

const readers: Record<string, [number, (bytes: Buffer, offset: number) => number]> = {
  U8: [1, (bytes, offset) => bytes.readUInt8(offset)],
  I8: [1, (bytes, offset) => bytes.readInt8(offset)],
  U16: [2, (bytes, offset) => bytes.readUInt16LE(offset)],
  I16: [2, (bytes, offset) => bytes.readInt16LE(offset)],
  I32: [4, (bytes, offset) => bytes.readInt32LE(offset)],
};

/** Opens a pack's tables and graphs. */
export async function openPack(folder: string): Promise<ReferencePack> {
  const file = await readFile(join(folder, 'tables.safetensors'));
  const headBytes = Number(file.readBigUInt64LE(0));
  const head = JSON.parse(file.toString('utf8', 8, 8 + headBytes)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tables = new Map<string, Table>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(head)) {
    const reader = readers[dtype];
    if (name === '__metadata__' || reader === undefined) continue;
    const [size, read] = reader;
    const values: number[] = [];
    for (let at = offsets[0]; at < offsets[1]; at += size) values.push(read(file, 8 + headBytes + at));
    tables.set(name, { shape, values });
  }
  const sessions = new Map<string, InferenceSession>();
  const session = async (graph: string): Promise<InferenceSession> => {
    const opened = sessions.get(graph) ?? (await InferenceSession.create(join(folder, `${graph}.onnx`)));
    sessions.set(graph, opened);
    return opened;
  };
  return {
    table(name) {
      const table = tables.get(name);
      if (table === undefined) throw new Error(`pack lacks table ${name}`);
      return table;
    },
    async run(graph, inputs) {
      const feeds = Object.entries(inputs).map(([name, { shape, values }]) => [
        name,
        new Tensor('uint8', values, shape),
      ]);
      const results = await (await session(graph)).run(Object.fromEntries(feeds) as Record<string, Tensor>);
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => [
          name,
          { shape: dims, values: Uint8Array.from(data as Uint8Array) },
        ]),
      );
    },
  };
}
