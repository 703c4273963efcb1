import { NotInteger } from './not-integer.js';
import { FLOAT, readOnnx, UINT8, type OnnxArray, type OnnxGraph, type OnnxNode } from './onnx-file.js';
import { ProgramBuilder } from './program-builder.js';
import type { Program, View, Weights } from './program.js';
import {
  channelsOf,
  EXACT_LIMIT,
  factorsOf,
  integersOf,
  isView,
  type Bytes,
  type Constant,
  type Integers,
  type Part,
  type Pending,
  type Reals,
  type Value,
} from './values.js';

/** Sums of 8-bit graphs are int32. */
const SUM_LIMIT = 2 ** 31;
const MAX_BYTE = 255;

/**
 * Reads an ONNX graph whose values are integers: the exact graphs (docs/FORMAT.md section 11) and graphs that compute
 * in 8 bits (section 12).
 *
 * @throws NotInteger if the graph has other operations, or values that the engine cannot hold; the message says which.
 */
export function readProgram(bytes: Uint8Array): Program {
  return new ProgramReader(readOnnx(bytes)).read();
}

class ProgramReader {
  readonly #graph: OnnxGraph;
  readonly #values = new Map<string, Value>();
  readonly #builder = new ProgramBuilder();

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    for (const [name, array] of graph.arrays) this.#values.set(name, constantOf(array));
  }

  read(): Program {
    const inputs = this.#graph.inputs.map(({ name, type, dims }) => {
      const channels = dims[1];
      if (type !== UINT8 || channels == null) throw new NotInteger(`the input ${name} is not bytes of some channels`);
      const view = this.#builder.grid(channels, 0, MAX_BYTE);
      this.#builder.steps.push({ op: 'input', name, output: view });
      this.#values.set(name, { kind: 'bytes', view, zero: 0 });
      return { name, channels };
    });
    for (const node of this.#graph.nodes) this.#values.set(node.outputs[0]!, this.#read(node));
    const outputs = this.#graph.outputs.map(({ name, type }) => {
      const value = this.#value(name);
      if (type !== UINT8 || value.kind !== 'bytes') throw new NotInteger(`the output ${name} is not bytes`);
      const view = this.#bytesAs(value, 0);
      this.#builder.steps.push({ op: 'output', name, input: view });
      return { name, channels: view.channels };
    });
    const isRows = this.#graph.inputs.every(({ dims }) => dims.length === 2);
    const planes = isRows || outputs.every(({ channels }) => channels === 1);
    if (!planes) throw new NotInteger('an output has several planes');
    const { gridCount, steps } = this.#builder;
    return { isRows, inputs, outputs, gridCount, steps };
  }

  #read(node: OnnxNode): Value {
    const [a, b, c] = node.inputs.map((name) => this.#value(name));
    switch (node.op) {
      case 'Cast':
        return this.#cast(a!, node.attributes.get('to'));
      case 'Add':
        return this.#add(a!, b!);
      case 'Mul':
        return this.#multiply(a!, b!);
      case 'Floor':
        return { ...integers(a!), isWhole: true, settled: null };
      case 'Clip':
        return this.#clip(integers(a!), scalar(b!), c === undefined ? Number.POSITIVE_INFINITY : scalar(c));
      case 'Concat':
        return this.#concat(node);
      case 'Slice':
        return this.#slice(node);
      case 'SpaceToDepth':
        return this.#fold(a!, number(node, 'blocksize'));
      case 'DepthToSpace':
        if (node.attributes.get('mode') !== 'DCR') throw new NotInteger('DepthToSpace has another mode than DCR');
        return this.#unfold(a!, number(node, 'blocksize'));
      case 'Gemm':
        requireAttributes(node, { transB: 1 });
        return this.#layer(node, a!, constant(b!), c);
      case 'Conv':
        return this.#layer(node, a!, constant(b!), c);
      case 'ConvTranspose':
        return this.#spread(node, a!, constant(b!));
      case 'QuantizeLinear':
        return this.#toBytes(a!, scalar(b!), scalar(c!));
      case 'DequantizeLinear':
        return this.#fromBytes(a!, constant(b!), constant(c!));
      default:
        throw new NotInteger(`the engine does not know the operation ${node.op}`);
    }
  }

  #value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new NotInteger(`the graph has no value ${name}`);
    return value;
  }

  #cast(value: Value, to: unknown): Value {
    if (value.kind === 'constant') return value;
    if (value.kind === 'bytes') return to === FLOAT ? integersOf(this.#bytesAs(value, 0)) : value;
    if (to !== UINT8) return value;
    const view = this.#builder.settle(integers(value));
    if (view.grid.low < 0 || view.grid.high > MAX_BYTE) throw new NotInteger('values beyond 0..255 become bytes');
    return { kind: 'bytes', view, zero: 0 };
  }

  #add(a: Value, b: Value): Value {
    if (a.kind === 'reals' && b.kind === 'reals') return { kind: 'reals', parts: [...a.parts, ...b.parts] };
    const x = this.#open(integers(a));
    if (b.kind === 'constant') return { ...x, offset: x.offset + whole(scalar(b)) };
    const y = this.#open(integers(b));
    if (channelsOf(x) !== channelsOf(y)) throw new NotInteger('values of different numbers of channels are added');
    return { ...x, parts: [...x.parts, ...y.parts], offset: x.offset + y.offset };
  }

  #multiply(a: Value, b: Value): Value {
    const factor = constant(b);
    if (a.kind === 'constant') {
      const shift = -Math.log2(scalar(factor));
      return { ...a, shift: a.shift + whole(shift) };
    }
    const value = integers(a);
    const x = value.limits === null && !(value.isWhole && value.shift > 0) ? value : this.#open(value);
    if (factor.data.length === 1) {
      const by = scalar(factor);
      if (!Number.isInteger(by)) return { ...x, shift: x.shift + whole(-Math.log2(by)), isWhole: false, settled: null };
    }
    const { parts, offset } = this.#open(x);
    if (factor.data.length === 1) return sumOf(scaledParts(parts, [scalar(factor)]), offset * scalar(factor));
    if (factor.data.length !== channelsOf(x) || offset !== 0) throw new NotInteger('Mul has another shape than a row');
    return sumOf(scaledParts(parts, Array.from(factor.data, whole)), 0);
  }

  #clip(value: Integers, low: number, high: number): Integers {
    const x = value.limits === null ? value : this.#open(value);
    return { ...x, limits: { low: whole(low), high }, settled: null };
  }

  #concat(node: OnnxNode): Value {
    requireAttributes(node, { axis: 1 });
    const values = node.inputs.map((name) => this.#value(name));
    const [first] = values;
    const zero = first?.kind === 'bytes' ? first.zero : null;
    const parts = values.map((value) => {
      if (value.kind !== 'bytes') return integers(value);
      if (value.zero !== zero) throw new NotInteger('bytes of different kinds are joined');
      return integersOf(value.view);
    });
    const ranges = parts.map((part) => this.#builder.range(part));
    const channels = parts.reduce((sum, part) => sum + channelsOf(part), 0);
    const low = Math.min(...ranges.map((range) => range.low));
    const all = this.#builder.grid(channels, low, Math.max(...ranges.map((range) => range.high)));
    let at = 0;
    for (const part of parts) {
      this.#builder.settleInto(part, { ...all, first: at, channels: channelsOf(part) });
      at += channelsOf(part);
    }
    return zero === null ? integersOf(all) : { kind: 'bytes', view: all, zero };
  }

  #slice(node: OnnxNode): Value {
    const [value, starts, ends, axes] = node.inputs.map((name) => this.#value(name));
    const [from, to, along] = [starts, ends, axes].map((list) => Array.from(constant(list!).data));
    const isTrim = along!.join() === '2,3' && new Set([...from!, ...to!.map((end) => -end)]).size === 1;
    if (!isTrim && along!.join() !== '1') throw new NotInteger('Slice has other axes or bounds than the engine knows');
    const cut = (view: View): View => {
      if (isTrim) return { ...view, trim: view.trim + from![0]! };
      if (from![0]! < 0 || to![0]! > view.channels) throw new NotInteger('Slice goes beyond the channels');
      return { ...view, first: view.first + from![0]!, channels: to![0]! - from![0]! };
    };
    if (value!.kind === 'bytes') return { ...value!, view: cut(value!.view) };
    const x = integers(value!);
    const { source, factor } = x.parts[0]!;
    const isBare = x.parts.length === 1 && factor === 1 && x.limits === null && x.shift === 0 && isView(source);
    return isBare ? integersOf(cut(source), x.offset) : integersOf(cut(this.#builder.settle(x)));
  }

  #fold(value: Value, block: number): Value {
    const make = (input: View): View => {
      if (input.channels !== 1) throw new NotInteger('SpaceToDepth of several planes');
      const output = this.#builder.grid(block * block, input.grid.low, input.grid.high);
      this.#builder.steps.push({ op: 'fold', input, output, block });
      return output;
    };
    if (value.kind === 'bytes') return { ...value, view: make(value.view) };
    const x = integers(value);
    const { source, factor } = x.parts[0]!;
    const isBare = x.parts.length === 1 && factor === 1 && x.limits === null && x.shift === 0 && isView(source);
    return isBare ? integersOf(make(source), x.offset) : integersOf(make(this.#builder.settle(x)));
  }

  #unfold(value: Value, block: number): Value {
    const input = value.kind === 'bytes' ? value.view : this.#builder.settle(integers(value));
    if (input.channels !== block * block) throw new NotInteger('DepthToSpace to several planes');
    const output = this.#builder.grid(1, input.grid.low, input.grid.high);
    this.#builder.steps.push({ op: 'unfold', input, output, block });
    return value.kind === 'bytes' ? { ...value, view: output } : integersOf(output);
  }

  #layer(node: OnnxNode, value: Value, weight: Constant, bias: Value | undefined): Value {
    const [outputs, inputs, size = 1] = weight.dims as [number, number, number?];
    const groups = node.attributes.get('group') ?? 1;
    const pad = String(node.attributes.get('pads') ?? '0,0,0,0');
    if (pad !== new Array(4).fill(size >> 1).join() || size % 2 === 0 || (weight.dims[3] ?? 1) !== size) {
      throw new NotInteger('Conv has another kernel or other padding than the engine knows');
    }
    requireAttributes(node, { strides: '1,1', dilations: '1,1', alpha: 1, beta: 1 });
    const isReal = value.kind === 'reals';
    const input = isReal ? singleView(value) : this.#builder.settle(integers(value));
    const op = groups === 1 ? 'linear' : 'depthwise';
    const isKnown =
      op === 'linear'
        ? size === 1 && inputs === input.channels
        : groups === outputs && inputs === 1 && outputs === input.channels && input.trim === 0;
    if (!isKnown) throw new NotInteger('Conv has another shape than the engine knows');
    const addends = bias === undefined ? null : constant(bias);
    if (addends !== null && (addends.shift !== weight.shift || addends.data.length !== outputs)) {
      throw new NotInteger('the bias of a layer has another scale than its weights');
    }
    const added = Int32Array.from({ length: outputs }, (_, i) => (addends === null ? 0 : whole(addends.data[i]!)));
    const weights: Weights = { outputs, inputs, size, data: wholeNumbers(weight.data), bias: added };
    const { low, high } = sumsRange(weights, input, isReal ? SUM_LIMIT : EXACT_LIMIT);
    const sums: Pending = { op, input, weights, channels: outputs, low, high, raw: null };
    if (!isReal) return integersOf(sums, 0, weight.shift);
    if (weight.scales?.length !== outputs) throw new NotInteger('a layer has no scale for each row');
    const scale = value.parts[0]!.scale;
    return { kind: 'sums', sums, scales: weight.scales.map((own) => Math.fround(scale * own)) };
  }

  #spread(node: OnnxNode, value: Value, weight: Constant): Value {
    requireAttributes(node, { strides: '2,2', pads: '1,1,1,1', kernel_shape: '3,3', group: 1, output_padding: '0,0' });
    requireAttributes(node, { dilations: '1,1' });
    const [inputs, outputs] = weight.dims as [number, number];
    const input = this.#builder.settle(integers(value));
    if (input.channels !== inputs || node.inputs.length !== 2 || weight.shift !== 0) {
      throw new NotInteger('ConvTranspose has another shape than the engine knows');
    }
    const weights: Weights = {
      ...{ outputs, inputs, size: 3 },
      data: wholeNumbers(weight.data),
      bias: new Int32Array(outputs),
    };
    // A sum of all nine taps holds every output.
    const most = Math.max(-input.grid.low, input.grid.high);
    const sizes = new Float64Array(outputs);
    for (let i = 0; i < weights.data.length; i++)
      sizes[Math.floor(i / 9) % outputs]! += Math.abs(weights.data[i]!) * most;
    const limit = Math.max(...sizes);
    if (limit >= EXACT_LIMIT) throw new NotInteger(`a sum can reach ${limit}`);
    const output = this.#builder.grid(outputs, -limit, limit, true);
    this.#builder.steps.push({ op: 'spread', input, output, weights });
    return integersOf(output);
  }

  #toBytes(value: Value, scale: number, zero: number): Bytes {
    const [low, high] = [-zero, MAX_BYTE - zero];
    if (value.kind === 'sums') {
      const output = this.#builder.grid(value.sums.channels, low, high);
      const scales = value.scales.map((own) => Math.fround(own / scale));
      this.#builder.layer(value.sums, { kind: 'scaled', scales, low, high }, output);
      return { kind: 'bytes', view: output, zero };
    }
    if (value.kind !== 'reals') throw new NotInteger('QuantizeLinear of values without a scale');
    const terms = value.parts.map((part) => {
      const factor = Math.fround(part.scale / scale);
      return { view: part.view, factors: factorsOf({ source: part.view, factor }) };
    });
    return { kind: 'bytes', view: this.#builder.mix(terms, low, high), zero };
  }

  #fromBytes(value: Value, scale: Constant, zero: Constant): Value {
    if (value.kind === 'bytes') {
      const view = this.#bytesAs(value, scalar(zero));
      return { kind: 'reals', parts: [{ view, scale: scalar(scale) }] };
    }
    const held = constant(value);
    if (Array.from(zero.data).some((offset) => offset !== 0)) throw new NotInteger('weights have a zero point');
    return { ...held, scales: Float32Array.from(scale.data) };
  }

  /** Bytes as a grid of byte - zero. */
  #bytesAs({ view, zero: held }: Bytes, zero: number): View {
    return held === zero ? view : this.#builder.settle(integersOf(view, held - zero));
  }

  /** Integers without limits and shift. */
  #open(value: Integers): Integers {
    if (value.limits === null && value.shift === 0) return { ...value, settled: null };
    return integersOf(this.#builder.settle(value));
  }
}

function constantOf({ dims, data }: OnnxArray): Constant {
  return {
    kind: 'constant',
    dims,
    data: data instanceof BigInt64Array ? Array.from(data, Number) : data,
    shift: 0,
    scales: null,
  };
}

function sumOf(parts: readonly Part[], offset: number): Integers {
  return { kind: 'integers', parts, offset, shift: 0, isWhole: true, limits: null, settled: null };
}

/** Parts times one factor, or one for each channel. */
function scaledParts(parts: readonly Part[], by: readonly number[]): Part[] {
  return parts.map(({ source, factor }) => {
    if (typeof factor === 'number' && by.length === 1) return { source, factor: factor * by[0]! };
    return { source, factor: factorsOf({ source, factor }).map((own, i) => own * (by[i] ?? by[0]!)) };
  });
}

/** A range that holds a layer's sums. Throws NotInteger if one can reach `limit`, in any order of addition. */
function sumsRange({ outputs, data, bias }: Weights, { grid }: View, limit: number): { low: number; high: number } {
  const taps = data.length / outputs;
  const most = Math.max(-grid.low, grid.high);
  let high = 0;
  for (let output = 0; output < outputs; output++) {
    let size = 0;
    for (let i = output * taps; i < (output + 1) * taps; i++) size += Math.abs(data[i]!);
    high = Math.max(high, size * most + Math.abs(bias[output]!));
  }
  if (high >= limit) throw new NotInteger(`a sum can reach ${high}`);
  return { low: -high, high };
}

function singleView({ parts }: Reals): View {
  if (parts.length !== 1) throw new NotInteger('a layer reads a sum that was not rounded');
  return parts[0]!.view;
}

function integers(value: Value): Integers {
  if (value.kind === 'integers') return value;
  throw new NotInteger(`${value.kind} stand where integers are needed`);
}

function constant(value: Value): Constant {
  if (value.kind === 'constant') return value;
  throw new NotInteger('a value stands where a constant is needed');
}

function scalar(value: Value): number {
  const { data, shift } = constant(value);
  if (data.length !== 1 || shift !== 0) throw new NotInteger('an array stands where a number is needed');
  return data[0]!;
}

function whole(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value;
  throw new NotInteger(`${value} stands where a whole number is needed`);
}

function wholeNumbers(values: ArrayLike<number>): ArrayLike<number> {
  return values instanceof Float32Array ? values.map(whole) : values;
}

function number(node: OnnxNode, name: string): number {
  const value = node.attributes.get(name);
  if (typeof value === 'number') return value;
  throw new NotInteger(`${node.op} has no ${name}`);
}

/** Attributes that are there must have these values. */
function requireAttributes(node: OnnxNode, values: Readonly<Record<string, number | string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const found = node.attributes.get(name);
    if (found !== undefined && String(found) !== String(value))
      throw new NotInteger(`${node.op} has ${name} ${String(found)}`);
  }
}
