import { ModelError } from '../../errors.js';
import type { Kernels } from '../../kernels/kernels.js';
import type { AfterRun, GraphTensor, Network } from '../network.js';
import { Layers } from './layers.js';
import { Plan, type PlanesInMemory, type Size } from './plan.js';
import type { Program } from './program.js';

/** The number of rows that a graph of rows evaluates at a time. Their values fit into the cache of a core. */
const ROWS = 64;

/**
 * A graph of integers in tessera's own engine. It gives the same bytes as onnxruntime, needs no native code and starts
 * at once.
 */
export class IntegerNetwork implements Network {
  /** Plain data, which other threads can receive. */
  readonly program: Program;
  readonly #kernels: Kernels;
  readonly #layers: Layers;
  readonly #afterRun: AfterRun | undefined;
  /** By the sizes of the inputs. */
  readonly #plans = new Map<string, Plan>();
  /** Of graphs of rows, by output, used again for each run: fresh memory is slow. */
  readonly #rowResults: Uint8Array[] = [];

  /**
   * @param kernels where grids and weights lie; they stay there.
   * @param afterRun for inputs that are not views of other buffers.
   */
  constructor(program: Program, kernels: Kernels, afterRun?: AfterRun) {
    this.program = program;
    this.#afterRun = afterRun;
    this.#kernels = kernels;
    this.#layers = new Layers(kernels);
  }

  /** The same network with another memory. */
  on(kernels: Kernels): IntegerNetwork {
    return new IntegerNetwork(this.program, kernels);
  }

  get inputNames(): readonly string[] {
    return this.program.inputs.map(({ name }) => name);
  }

  get outputNames(): readonly string[] {
    return this.program.outputs.map(({ name }) => name);
  }

  /**
   * Returns a function that evaluates the graph once, on planes in the network's kernel memory. It reads where they lie each
   * time it is called, so the caller may move them between calls.
   *
   * @param inputs all of {@link inputNames}; their sizes stay as they are.
   * @param outputs all of {@link outputNames}; they are cut to these sizes.
   * @throws ModelError if one is missing or has another number of planes, or sizes do not fit each other.
   */
  bind(
    inputs: Readonly<Record<string, PlanesInMemory>>,
    outputs: Readonly<Record<string, PlanesInMemory>>,
  ): () => void {
    const [from, to] = [planesOf(this.program.inputs, inputs), planesOf(this.program.outputs, outputs)];
    const plan = this.#planOf(from);
    return () => {
      plan.runOn(from, to);
    };
  }

  // Errors become rejections.
  // eslint-disable-next-line @typescript-eslint/require-await
  async run(inputs: Readonly<Record<string, GraphTensor>>, wanted?: Uint8Array): Promise<Record<string, GraphTensor>> {
    const outputs = this.#run(inputs, wanted);
    this.#afterRun?.(Object.values(inputs).map(({ data }) => data.buffer as ArrayBuffer));
    return outputs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #run(inputs: Readonly<Record<string, GraphTensor>>, wanted?: Uint8Array): Record<string, GraphTensor> {
    const given = this.program.inputs.map(({ name, channels }) =>
      checkedInput(name, inputs[name], channels, this.program),
    );
    const count = given[0]!.dims[0]!;
    if (given.some(({ dims }) => dims[0] !== count)) throw new ModelError('graph inputs of different batch sizes');
    return this.program.isRows ? this.#runRows(given, count, wanted) : this.#runPictures(given, count);
  }

  #runRows(given: readonly GraphTensor[], count: number, wanted?: Uint8Array): Record<string, GraphTensor> {
    const plan = this.#plan('rows', () => given.map(() => ({ width: ROWS, height: 1 })));
    const { groups } = plan;
    // Another number of groups is that of a graph of another form: all of it is computed.
    const isLimited = groups > 0 && wanted?.length === count * groups;
    if (groups > 0 && !isLimited) plan.useWanted(new Uint8Array(ROWS * groups).fill(1));
    this.program.outputs.forEach(({ channels }, i) => {
      if ((this.#rowResults[i]?.length ?? 0) < count * channels) this.#rowResults[i] = new Uint8Array(count * channels);
    });
    const results = this.program.outputs.map(({ channels }, i) => this.#rowResults[i]!.subarray(0, count * channels));
    for (let start = 0; start < count; start += ROWS) {
      const end = Math.min(count, start + ROWS);
      plan.useRows(end - start);
      if (isLimited) plan.useWanted(wanted.subarray(start * groups, end * groups));
      given.forEach(({ data, dims }, i) => plan.write(i, data.subarray(start * dims[1]!, end * dims[1]!)));
      plan.run();
      results.forEach((result, i) => {
        const { channels } = this.program.outputs[i]!;
        result.set(plan.read(i).subarray(0, (end - start) * channels), start * channels);
      });
    }
    return this.#named(results, (i) => [count, this.program.outputs[i]!.channels]);
  }

  #runPictures(given: readonly GraphTensor[], count: number): Record<string, GraphTensor> {
    const sizes = given.map(({ dims }) => ({ height: dims[2]!, width: dims[3]! }));
    const plan = this.#planOf(sizes);
    const results = plan.outputs.map(({ width, height }) => new Uint8Array(count * width * height));
    for (let index = 0; index < count; index++) {
      given.forEach(({ data }, i) => {
        const size = data.length / count;
        plan.write(i, data.subarray(index * size, (index + 1) * size));
      });
      plan.run();
      results.forEach((result, i) => result.set(plan.read(i), (index * result.length) / count));
    }
    return this.#named(results, (i) => [count, 1, plan.outputs[i]!.height, plan.outputs[i]!.width]);
  }

  #planOf(sizes: readonly Size[]): Plan {
    return this.#plan(sizes.map(({ height, width }) => `${height}x${width}`).join(), () => sizes);
  }

  #plan(key: string, sizes: () => readonly Size[]): Plan {
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = new Plan(this.#kernels, this.#layers, this.program, sizes());
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #named(results: readonly Uint8Array[], dims: (index: number) => readonly number[]): Record<string, GraphTensor> {
    const { outputs } = this.program;
    return Object.fromEntries(results.map((data, i) => [outputs[i]!.name, { data, dims: dims(i) }]));
  }
}

/** The planes of each port of a program. */
function planesOf(
  ports: Program['inputs'],
  given: Readonly<Record<string, PlanesInMemory>>,
): readonly PlanesInMemory[] {
  return ports.map(({ name, channels }) => {
    const planes = given[name];
    if (planes?.count === channels) return planes;
    throw new ModelError(`graph input or output ${name}: ${planes?.count ?? 'no'} planes for ${channels}`);
  });
}

function checkedInput(
  name: string,
  input: GraphTensor | undefined,
  channels: number,
  { isRows }: Program,
): GraphTensor {
  if (input === undefined) throw new ModelError(`graph input ${name} is missing`);
  const { data, dims } = input;
  const size = dims.reduce((product, length) => product * length, 1);
  if (dims.length !== (isRows ? 2 : 4) || dims[1] !== channels || size !== data.length) {
    throw new ModelError(`graph input ${name}: ${data.length} values for the shape [${dims.join(', ')}]`);
  }
  return input;
}
