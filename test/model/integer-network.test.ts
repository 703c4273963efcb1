import { beforeAll, describe, expect, test } from '@jest/globals';
import { SIDE_PLANES } from '../../src/codec/transform/loop-filter.js';
import { ModelError } from '../../src/errors.js';
import { Kernels } from '../../src/kernels/kernels.js';
import { Graph } from '../../src/model/graph.js';
import { IntegerNetwork } from '../../src/model/integer/integer-network.js';
import { NotInteger } from '../../src/model/integer/not-integer.js';
import { readOnnx } from '../../src/model/integer/onnx-file.js';
import { readProgram } from '../../src/model/integer/read-program.js';
import type { GraphRole } from '../../src/model/manifest.js';
import type { GraphTensor, Network } from '../../src/model/network.js';
import { openNetwork } from '../../src/model/open-network.js';
import { loadPack, type ModelPack } from '../../src/model/pack.js';
import { PROBE_GRAPH } from '../../src/model/probe-graph.js';
import { selfTestVectors } from '../codec/exactness.js';
import { seededRandom } from '../entropy/random.js';
import { TINY_PACK } from '../support/packs.js';

const CPU = { device: 'cpu', threads: 1 } as const;
const EXACT = ['prior-first', 'prior-second', 'loop-filter'] as const;

type Inputs = Record<string, GraphTensor>;

/** Random bytes below `end`. */
function bytes(end: number, seed: number, ...dims: number[]): GraphTensor {
  const random = seededRandom(seed);
  const length = dims.reduce((product, size) => product * size, 1);
  return { data: Uint8Array.from({ length }, () => random() * end), dims };
}

/** Inputs of a prior for some rows; `features` is the number of features of prior-first. */
function rows(role: 'prior-first' | 'prior-second', count: number, end: number, features: number): Inputs {
  if (role === 'prior-second') {
    return { features: bytes(end, 1, count, features), neighbours: bytes(end, 2, count, 1536) };
  }
  return { block: bytes(end, 1, count, 32), around: bytes(end, 2, count, 48), memory: bytes(end, 3, count, 384) };
}

/** Pictures of `rows` x `columns` blocks of 8x8 with their side information. */
function picture(count: number, rows: number, columns: number, end: number): Inputs {
  return {
    y: bytes(end, 1, count, 1, 8 * rows, 8 * columns),
    u: bytes(end, 2, count, 1, 4 * rows, 4 * columns),
    v: bytes(end, 3, count, 1, 4 * rows, 4 * columns),
    side: bytes(Math.min(end, 65), 4, count, SIDE_PLANES, rows, columns),
  };
}

function engine(pack: ModelPack, role: GraphRole): IntegerNetwork {
  return new IntegerNetwork(readProgram(pack.graphs.get(role)!), new Kernels());
}

async function expectSame(network: Network, graph: Network, inputs: Inputs): Promise<void> {
  const [own, expected] = [await network.run(inputs), await graph.run(inputs)];
  expect(Object.keys(own).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { data, dims }] of Object.entries(expected)) {
    expect({ name, dims: [...own[name]!.dims] }).toEqual({ name, dims: [...dims] });
    expect(Buffer.compare(own[name]!.data, data)).toBe(0);
  }
}

describe.each(['tessera-nano', TINY_PACK])('the integer graphs of %s', (name) => {
  let pack: ModelPack;
  beforeAll(async () => {
    pack = await loadPack(name);
  });

  test.each(EXACT)('%s gives the outputs of the self-test', async (role) => {
    const outputs = await engine(pack, role).run(selfTestVectors(pack, role, 'input'));
    for (const [output, { data, dims }] of Object.entries(selfTestVectors(pack, role, 'output'))) {
      expect([...outputs[output]!.dims]).toEqual([...dims]);
      expect(Buffer.compare(outputs[output]!.data, data)).toBe(0);
    }
  });

  test.each(['prior-first', 'prior-second'] as const)('%s gives the scales that are wanted', async (role) => {
    const network = engine(pack, role);
    const features = readProgram(pack.graphs.get('prior-first')!).outputs.find(
      (output) => output.name === 'features',
    )!.channels;
    const inputs = rows(role, 70, 60, features);
    const all = Uint8Array.from((await network.run(inputs))['scale']!.data);
    const random = seededRandom(4);
    // Rows of which few groups are wanted, and rows of which all are.
    const wanted = Uint8Array.from({ length: 70 * 48 }, (_, at) => (at > 60 * 48 || random() < 0.1 ? 1 : 0));
    // What an earlier run left must not help.
    await network.run(rows(role, 70, 3, features));
    const { scale } = await network.run(inputs, wanted);
    const read = (data: Uint8Array): Uint8Array => data.map((value, at) => (wanted[at >> 3] === 1 ? value : 255));
    expect(read(scale!.data)).toEqual(read(all));
    expect((await network.run(inputs))['scale']!.data).toEqual(all);
  });

  test.each(['prior-first', 'prior-second'] as const)(
    '%s gives the bytes of onnxruntime for any number of rows',
    async (role) => {
      const network = engine(pack, role);
      await using graph = await Graph.create(pack.graphs.get(role)!, CPU);
      const features = selfTestVectors(pack, 'prior-first', 'output')['features']!.dims[1]!;
      for (const count of [1, 3, 64, 65, 130]) {
        for (const end of [2, 65, 256]) await expectSame(network, graph, rows(role, count, end, features));
      }
    },
  );

  test('loop-filter gives the bytes of onnxruntime for any number of regions', async () => {
    const network = engine(pack, 'loop-filter');
    await using graph = await Graph.create(pack.graphs.get('loop-filter')!, CPU);
    for (const count of [1, 2, 5]) {
      for (const end of [2, 256]) await expectSame(network, graph, picture(count, 10, 10, end));
    }
  });
});

describe('the 8-bit post-filter of tessera-nano', () => {
  test('gives the bytes of onnxruntime for pictures of any size', async () => {
    const pack = await loadPack('tessera-nano');
    const network = engine(pack, 'post-filter-lpips');
    await using graph = await Graph.create(pack.graphs.get('post-filter-lpips')!, CPU);
    for (const [rows, columns] of [
      [2, 2],
      [2, 14],
      [6, 4],
      [18, 22],
    ] as const) {
      for (const end of [2, 256]) await expectSame(network, graph, picture(1, rows, columns, end));
    }
  });
});

describe('IntegerNetwork', () => {
  let pack: ModelPack;
  beforeAll(async () => {
    pack = await loadPack(TINY_PACK);
  });

  test('names inputs and outputs as the graph does', async () => {
    const network = engine(pack, 'prior-first');
    await using graph = await Graph.create(pack.graphs.get('prior-first')!, CPU);
    expect(network.inputNames).toEqual(graph.inputNames);
    expect(network.outputNames).toEqual(graph.outputNames);
  });

  test('keeps the sizes apart in which it is run', async () => {
    const network = engine(pack, 'loop-filter');
    await using graph = await Graph.create(pack.graphs.get('loop-filter')!, CPU);
    for (const [rows, columns] of [
      [10, 10],
      [4, 6],
      [10, 10],
    ] as const) {
      await expectSame(network, graph, picture(1, rows, columns, 256));
    }
  });

  test('hands the buffers of inputs back after a run', async () => {
    const freed: ArrayBuffer[] = [];
    const program = readProgram(pack.graphs.get('prior-first')!);
    const network = new IntegerNetwork(program, new Kernels(), (buffers) => void freed.push(...buffers));
    const inputs = rows('prior-first', 2, 256, 0);
    await network.run(inputs);
    expect(freed).toEqual(Object.values(inputs).map(({ data }) => data.buffer));
  });

  test.each<[string, (inputs: Inputs) => Inputs, RegExp]>([
    ['a missing input', ({ y, u, v }) => ({ y: y!, u: u!, v: v! }), /input side is missing/],
    [
      'too few values',
      (inputs) => ({ ...inputs, y: { ...inputs['y']!, dims: [1, 1, 80, 81] } }),
      /input y: 6400 values/,
    ],
    [
      'another number of planes',
      (inputs) => ({ ...inputs, side: bytes(9, 1, 1, 5, 10, 10) }),
      /input side: 500 values/,
    ],
    ['sizes that do not fit', (inputs) => ({ ...inputs, u: bytes(9, 1, 1, 1, 44, 40) }), /sizes do not fit/],
    ['another number of regions', (inputs) => ({ ...inputs, u: bytes(9, 1, 2, 1, 40, 40) }), /different batch sizes/],
  ])('refuses %s', async (_, change, message) => {
    const network = engine(pack, 'loop-filter');
    const running = network.run(change(picture(1, 10, 10, 256)));
    await expect(running).rejects.toThrow(ModelError);
    await expect(network.run(change(picture(1, 10, 10, 256)))).rejects.toThrow(message);
  });
});

describe('readProgram', () => {
  test('refuses float graphs, other operations, and files that are cut off', async () => {
    const pack = await loadPack(TINY_PACK);
    const graph = pack.graphs.get('loop-filter')!;
    expect(() => readProgram(pack.graphs.get('post-filter-psnr')!)).toThrow(NotInteger);
    expect(() => readProgram(PROBE_GRAPH)).toThrow(NotInteger);
    for (const length of [0, 1, 100, graph.length >> 1, graph.length - 1]) {
      expect(() => readProgram(graph.subarray(0, length))).toThrow(NotInteger);
    }
  });
});

describe('openNetwork', () => {
  test('opens integer graphs in the engine and others in onnxruntime', async () => {
    const pack = await loadPack(TINY_PACK);
    await using own = await openNetwork(pack.graphs.get('loop-filter')!, CPU);
    await using other = await openNetwork(pack.graphs.get('post-filter-psnr')!, CPU);
    expect(own).toBeInstanceOf(IntegerNetwork);
    expect(other).toBeInstanceOf(Graph);
    await expect(openNetwork(new Uint8Array(100), CPU)).rejects.toThrow(ModelError);
  });
});

test('readOnnx reads numbers of any length', () => {
  // A message with a node whose attribute `a` is -1, then one whose attribute is 2^40.
  const node = (...varint: number[]): number[] => {
    const attribute = [0x0a, 1, 0x61, 0x18, ...varint];
    return [0x0a, 4 + attribute.length, 0x22, 0, 0x2a, attribute.length, ...attribute];
  };
  const nodes = [...node(255, 255, 255, 255, 255, 255, 255, 255, 255, 1), ...node(128, 128, 128, 128, 128, 32)];
  const { nodes: read } = readOnnx(Uint8Array.of(0x3a, nodes.length, ...nodes));
  expect(read.map(({ attributes }) => attributes.get('a'))).toEqual([-1, 2 ** 40]);
});
