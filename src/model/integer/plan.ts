import { ModelError } from '../../errors.js';
import type { Kernels, Pointer } from '../../kernels/kernels.js';
import type { Layers, PackedLayer } from './layers.js';
import { marginsOf, viewsRead, type Margins } from './margins.js';
import type { Grid, Program, Result, Step, View } from './program.js';
import { INT16_LIMIT, LANES, paddedChannels } from './sizes.js';

/** Width and height, positions. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A grid in kernel memory: the address of its first position, and distances in bytes. */
interface Place extends Size {
  readonly at: Pointer;
  readonly step: number;
  readonly row: number;
}

/** Planes of bytes in kernel memory: the address of the first sample, and distances in bytes. */
export interface PlanesInMemory extends Size {
  readonly at: Pointer;
  readonly row: number;
  /** To the next plane. */
  readonly plane: number;
  readonly count: number;
}

/** An input or output of a plan: bytes in memory of its own, or where the caller says. */
class Port implements Size {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly own: PlanesInMemory;
  /** What the next run reads or writes. */
  used: PlanesInMemory;

  constructor(kernels: Kernels, { width, height }: Size, channels: number) {
    this.width = width;
    this.height = height;
    this.bytes = width * height * channels;
    this.own = { at: kernels.allocate(this.bytes), row: width, plane: width * height, count: channels, width, height };
    this.used = this.own;
  }
}

type StepOf<Op extends Step['op']> = Extract<Step, { op: Op }>;

const RESULT_KINDS = { raw: 0, shifted: 1, scaled: 2 } as const;
const TERM_WORDS = 6;
/** Groups of outputs whose weights stand together for the kernel `linear` where inputs are sparse. */
const TILE = 2;
/** Positions that this kernel visits together. */
const STRIP = 64;

/** The steps of a program for inputs of given sizes, with all grids in kernel memory. */
export class Plan {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly #kernels: Kernels;
  readonly #layers: Layers;
  readonly #program: Program;
  readonly #margins: readonly Margins[];
  readonly #places = new Map<Grid, Place>();
  readonly #calls: (() => void)[] = [];
  /** Addresses of the words, divided by 4, that hold the number of rows of a graph of rows. */
  readonly #rowWords: number[] = [];
  /**
   * In graphs of rows, of the last layer that mixes channels and of all steps behind it with as many channels: uint8 [rows,
   * channels / 8], 0 for groups of 8 channels that may have any value. Undefined if the layer has no whole groups.
   */
  readonly #wanted: { readonly at: Pointer; readonly channels: number; readonly first: Step } | undefined;
  #rows = 0;

  /** @param sizes sizes of the program's inputs; graphs of rows have inputs of height 1. */
  constructor(kernels: Kernels, layers: Layers, program: Program, sizes: readonly Size[]) {
    this.#kernels = kernels;
    this.#layers = layers;
    this.#program = program;
    this.#margins = marginsOf(program);
    const memory = new GridMemory(kernels);
    const lastUses = lastUsesOf(program);
    const inputs = new Map(program.inputs.map(({ name }, i) => [name, sizes[i]!]));
    this.#wanted = program.isRows ? this.#placeWanted(sizes[0]!.width) : undefined;
    const ports = new Map<string, Port>();
    let isBehind = false;
    program.steps.forEach((step, index) => {
      if (step.op !== 'output') this.#place(memory, step, inputs);
      isBehind ||= step === this.#wanted?.first;
      this.#add(step, ports, isBehind);
      for (const grid of lastUses[index]!) memory.free(this.#places.get(grid)!.at);
    });
    this.inputs = program.inputs.map(({ name }) => ports.get(name)!);
    this.outputs = program.outputs.map(({ name }) => ports.get(name)!);
    this.#rows = sizes[0]!.width;
  }

  /** Sets the number of rows that the next run of a graph of rows evaluates. */
  useRows(count: number): void {
    const words = this.#kernels.i32;
    for (let i = 0; i < this.#rowWords.length; i++) words[this.#rowWords[i]!] = count;
    this.#rows = count;
  }

  /** Groups of 8 channels of the last layer that mixes channels; 0 if all are always computed. */
  get groups(): number {
    return (this.#wanted?.channels ?? 0) / LANES;
  }

  /** Sets which of them the next runs compute for each row, uint8 [rows, groups]; 0: any value. Default: all. */
  useWanted(wanted: Uint8Array): void {
    this.#kernels.u8.set(wanted, this.#wanted!.at);
  }

  /** Copies an input in. */
  write(index: number, bytes: Uint8Array): void {
    this.#kernels.u8.set(bytes, this.inputs[index]!.own.at);
  }

  /** Evaluates all steps on planes where they lie. Outputs are cut to the size of theirs. */
  runOn(inputs: readonly PlanesInMemory[], outputs: readonly PlanesInMemory[]): void {
    for (let i = 0; i < inputs.length; i++) this.inputs[i]!.used = inputs[i]!;
    for (let i = 0; i < outputs.length; i++) this.outputs[i]!.used = outputs[i]!;
    this.run();
    for (let i = 0; i < inputs.length; i++) this.inputs[i]!.used = this.inputs[i]!.own;
    for (let i = 0; i < outputs.length; i++) this.outputs[i]!.used = this.outputs[i]!.own;
  }

  /** Evaluates all steps. */
  run(): void {
    // An iterator would be garbage, and this runs for each region.
    for (let i = 0; i < this.#calls.length; i++) this.#calls[i]!();
  }

  /** An output, valid until the next run. */
  read(index: number): Uint8Array {
    const { own, bytes } = this.outputs[index]!;
    return this.#kernels.u8.subarray(own.at, own.at + bytes);
  }

  #place(memory: GridMemory, step: Exclude<Step, { op: 'output' }>, inputs: ReadonlyMap<string, Size>): void {
    const { grid } = step.output;
    const size = step.op === 'input' ? inputs.get(step.name)! : this.#outputSize(step);
    const place = this.#places.get(grid);
    if (place !== undefined) {
      if (place.width === size.width && place.height === size.height) return;
      throw new ModelError('graph inputs: their sizes do not fit each other');
    }
    this.#places.set(grid, memory.place(grid, size, this.#margins[grid.id]!.zeros));
  }

  #outputSize(step: Exclude<Step, { op: 'output' | 'input' }>): Size {
    const views = viewsRead(step);
    const { width, height } = this.#viewed(views[0]!);
    for (const view of views.slice(1)) {
      const other = this.#viewed(view);
      if (other.width !== width || other.height !== height) {
        throw new ModelError('graph inputs: their sizes do not fit each other');
      }
    }
    if (step.op === 'spread') return { width: 2 * width - 1, height: 2 * height - 1 };
    if (step.op === 'unfold') return { width: width * step.block, height: height * step.block };
    if (step.op !== 'fold') return { width, height };
    const size = { width: width / step.block, height: height / step.block };
    if (Number.isInteger(size.width) && Number.isInteger(size.height)) return size;
    throw new ModelError(`graph inputs: ${width}x${height} values do not fall into squares of ${step.block}`);
  }

  /** A view in memory: `margin` positions on each side are left out. */
  #viewed({ grid, first, trim }: View, margin = 0): Place {
    const { at, step, row, width, height } = this.#places.get(grid)!;
    const border = trim + margin;
    const bytes = grid.isWide ? 4 : 2;
    return {
      at: at + border * (row + step) + first * bytes,
      ...{ step, row, width: width - 2 * border, height: height - 2 * border },
    };
  }

  #placeWanted(rows: number): { at: Pointer; channels: number; first: Step } | undefined {
    const first = this.#program.steps.findLast(({ op }) => op === 'linear');
    if (first?.op !== 'linear' || first.output.channels % LANES !== 0) return undefined;
    const { channels } = first.output;
    return { at: this.#kernels.store(new Uint8Array((rows * channels) / LANES).fill(1)), channels, first };
  }

  /** Address of what is wanted of a step's output, 0 if all of it is. */
  #wantedOf({ channels }: View, isBehind: boolean): Pointer {
    return isBehind && channels === this.#wanted!.channels ? this.#wanted!.at : 0;
  }

  /** @param isBehind whether the step is the last one that mixes channels or one behind it, in a graph of rows. */
  #add(step: Step, ports: Map<string, Port>, isBehind: boolean): void {
    switch (step.op) {
      case 'input':
        ports.set(step.name, this.#addInput(step));
        break;
      case 'output':
        ports.set(step.name, this.#addOutput(step));
        break;
      case 'linear':
        this.#addLinear(step, isBehind);
        break;
      case 'depthwise':
        this.#addDepthwise(step);
        break;
      case 'spread':
        this.#addSpread(step);
        break;
      case 'combine':
      case 'mix':
        this.#addSum(step, isBehind);
        break;
      case 'fold':
      case 'unfold':
        this.#addFold(step);
        break;
    }
  }

  #addInput({ output }: StepOf<'input'>): Port {
    const { call } = this.#kernels;
    const { at, step, row, width, height } = this.#viewed(output);
    const { channels } = output;
    const port = new Port(this.#kernels, { width, height }, channels);
    if (this.#program.isRows) {
      this.#calls.push(() => call.widen(port.own.at, channels, at, 2, step, channels, this.#rows));
    } else {
      for (let channel = 0; channel < channels; channel++) {
        const to = at + 2 * channel;
        this.#calls.push(() => {
          const from = port.used.at + channel * port.used.plane;
          call.widen(from, port.used.row, to, step, row, width, height);
        });
      }
    }
    return port;
  }

  #addOutput({ input }: StepOf<'output'>): Port {
    const { call } = this.#kernels;
    const { at, step, row, width, height } = this.#viewed(input);
    const { channels } = input;
    const port = new Port(this.#kernels, { width, height }, channels);
    if (this.#program.isRows) {
      this.#calls.push(() => call.narrow(at, 2, step, port.own.at, channels, channels, this.#rows));
    } else {
      this.#calls.push(() => {
        const { used } = port;
        call.narrow(at, step, row, used.at, used.row, used.width, used.height);
      });
    }
    return port;
  }

  #addLinear(step: StepOf<'linear'>, isBehind: boolean): void {
    const margin = this.#margins[step.output.grid.id]!.unused;
    const input = this.#viewed(step.input, margin);
    const output = this.#viewed(step.output, margin);
    const wanted = this.#wantedOf(step.output, isBehind);
    const isSparse = this.#isSparse(step) && wanted === 0;
    const packed = this.#layers.linear(step.weights, step.result, isSparse ? TILE : 1);
    const list = isSparse ? this.#kernels.allocate(12 * (packed.pairs + 1)) : 0;
    const places = wanted === 0 ? 0 : this.#kernels.allocate(4 * (STRIP + 1));
    const words = layerWords(input, output, packed, packed.bias, step.result);
    const at = this.#store([...words, list, wanted, places]);
    this.#rowWords.push((at >> 2) + 6);
    const { call } = this.#kernels;
    this.#calls.push(() => call.linear(at));
  }

  /** Whether many inputs of a layer are 0: in graphs of rows, what is not known of a macroblock, and hidden values. */
  #isSparse({ input, weights }: StepOf<'linear'>): boolean {
    return this.#program.isRows && input.grid.low >= 0 && weights.outputs % (TILE * LANES) === 0;
  }

  #addDepthwise(step: StepOf<'depthwise'>): void {
    const margin = this.#margins[step.output.grid.id]!.unused;
    const input = this.#viewed(step.input, margin);
    const output = this.#viewed(step.output, margin);
    const packed = this.#layers.depthwise(step.weights, step.result);
    const words = layerWords(input, output, packed, packed.bias, step.result);
    const at = this.#store([...words, this.#offsets(step.weights.size, packed.pairs, input)]);
    this.#rowWords.push((at >> 2) + 6);
    const { call } = this.#kernels;
    this.#calls.push(() => call.depthwise(at));
  }

  /** Distances from a position to the taps around it, bytes; the last one is repeated to fill the pairs. */
  #offsets(size: number, pairs: number, { step, row }: Place): Pointer {
    const half = size >> 1;
    const offsets = Array.from({ length: 2 * pairs }, (_, i) => {
      const tap = Math.min(i, size * size - 1);
      return (Math.floor(tap / size) - half) * row + ((tap % size) - half) * step;
    });
    return this.#store(offsets);
  }

  /** Each tap adds to the positions it reaches; the first one there begins from the bias. */
  #addSpread(step: StepOf<'spread'>): void {
    const taps = this.#layers.spread(step.weights);
    const input = this.#viewed(step.input);
    const output = this.#viewed(step.output);
    const { call } = this.#kernels;
    // The taps that stand first for even and odd rows and columns.
    const isFirst = (tap: number): boolean => [4, 5, 7, 8].includes(tap);
    for (const tap of [4, 5, 7, 8, 3, 6, 1, 2, 0]) {
      const [dy, dx] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
      // Input (i, j) reaches output (2 i + dy, 2 j + dx), if that is inside.
      const [top, left] = [dy < 0 ? 1 : 0, dx < 0 ? 1 : 0];
      const from = {
        at: input.at + top * input.row + left * input.step,
        ...{ step: input.step, row: input.row },
        width: input.width - (dx === 0 ? 0 : 1),
        height: input.height - (dy === 0 ? 0 : 1),
      };
      const to = {
        at: output.at + (2 * top + dy) * output.row + (2 * left + dx) * output.step,
        ...{ step: 2 * output.step, row: 2 * output.row, width: from.width, height: from.height },
      };
      const packed = taps[tap]!;
      const at = this.#store([
        ...layerWords(from, to, packed, isFirst(tap) ? packed.bias : 0, { kind: 'raw' }),
        0,
        0,
        0,
      ]);
      this.#calls.push(() => call.linear(at));
    }
  }

  #addSum(step: StepOf<'combine' | 'mix'>, isBehind: boolean): void {
    const kernels = this.#kernels;
    const margin = this.#margins[step.output.grid.id]!.unused;
    const output = this.#viewed(step.output, margin);
    const isReal = step.op === 'mix';
    const { offset, shift } = step.op === 'combine' ? step : { offset: 0, shift: 0 };
    const { channels } = step.output;
    // The values of a plane's row stand side by side, as channels do.
    const isPlane = channels === 1 && step.output.grid.channels === 1;
    const length = isPlane ? output.width : channels;
    const isPlain = !isReal && isPlainSum(step);
    const terms = step.terms.flatMap(({ view, factors }) => {
      const { at, step: distance, row } = this.#viewed(view, margin);
      const padded = isReal ? new Float32Array(length + LANES) : new Int32Array(length + LANES);
      if (isPlane) padded.fill(factors[0]!);
      else padded.set(factors);
      const stored = kernels.store(padded);
      return [at, distance, row, Number(view.grid.isWide), stored, Number(factors.every((factor) => factor === 1))];
    });
    const at = this.#store([
      ...[output.at, output.step, output.row, isPlane ? 1 : output.width, output.height, length],
      ...[terms.length / TERM_WORDS, this.#store(terms), Number(isReal), offset, shift, step.low, step.high],
      ...[Number(isPlain), this.#wantedOf(step.output, isBehind)],
    ]);
    if (!isPlane) this.#rowWords.push((at >> 2) + 3);
    this.#calls.push(() => kernels.call.combine(at));
  }

  #addFold(step: StepOf<'fold' | 'unfold'>): void {
    const { call } = this.#kernels;
    const [input, output] = [this.#viewed(step.input), this.#viewed(step.output)];
    const [plane, grid] = step.op === 'fold' ? [input, output] : [output, input];
    const { width, height } = grid;
    const words = [plane.at, plane.row, grid.at, grid.step, grid.row, width, height, step.block] as const;
    if (step.op === 'fold') this.#calls.push(() => call.fold(...words));
    else this.#calls.push(() => call.unfold(...words));
  }

  #store(words: readonly number[]): Pointer {
    return this.#kernels.store(Int32Array.from(words));
  }
}

/** Whether a sum is of one or two int16 grids as they are, and all sums with the offset are int16, too. */
function isPlainSum({ terms, offset, shift }: StepOf<'combine'>): boolean {
  const sums = (bound: 'low' | 'high'): number => terms.reduce((sum, { view }) => sum + view.grid[bound], offset);
  return (
    terms.length <= 2 &&
    shift < 16 &&
    terms.every(({ view, factors }) => !view.grid.isWide && factors.every((factor) => factor === 1)) &&
    sums('low') >= -INT16_LIMIT &&
    sums('high') < INT16_LIMIT
  );
}

/** Words of `LinearLayer` and the first ones of `DepthwiseLayer` in `kernels/assembly/network/`, in their order. */
function layerWords(input: Place, output: Place, packed: PackedLayer, bias: Pointer, result: Result): number[] {
  // A grid without gaps is one long row.
  const isOneRow = input.row === input.width * input.step && output.row === output.width * output.step;
  const [width, height] = isOneRow ? [input.width * input.height, 1] : [input.width, input.height];
  const { low, high } = result.kind === 'raw' ? { low: 0, high: 0 } : result;
  return [
    ...[input.at, input.step, input.row, output.at, output.step, output.row, width, height],
    ...[packed.pairs, packed.groups, packed.weights, bias, packed.scales, RESULT_KINDS[result.kind]],
    ...[result.kind === 'shifted' ? result.shift : 0, low, high],
  ];
}

/** For each step, the grids that no later step reads or writes. */
function lastUsesOf({ steps }: Program): Grid[][] {
  const last = new Map<Grid, number>();
  steps.forEach((step, index) => {
    for (const { grid } of viewsRead(step)) last.set(grid, index);
    if (step.op !== 'output') last.set(step.output.grid, index);
  });
  const uses: Grid[][] = steps.map(() => []);
  for (const [grid, index] of last) uses[index]!.push(grid);
  return uses;
}

/** Memory of grids. The zeros around grids stay: a place is used again only for grids of the same shape. */
class GridMemory {
  readonly #kernels: Kernels;
  readonly #free = new Map<string, Pointer[]>();
  readonly #keys = new Map<Pointer, string>();

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  place({ channels, isWide }: Grid, { width, height }: Size, zeros: number): Place {
    const step = paddedChannels(channels) * (isWide ? 4 : 2);
    const row = (width + 2 * zeros) * step;
    const key = [channels, isWide, width, height, zeros].join();
    let at = this.#free.get(key)?.pop();
    if (at === undefined) {
      at = this.#kernels.allocate((height + 2 * zeros) * row) + zeros * (row + step);
      this.#keys.set(at, key);
    }
    return { at, step, row, width, height };
  }

  free(at: Pointer): void {
    const key = this.#keys.get(at)!;
    const list = this.#free.get(key);
    if (list === undefined) this.#free.set(key, [at]);
    else list.push(at);
  }
}
