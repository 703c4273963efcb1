import { compileKernels, newKernelMemory } from '../platform/kernel-module.js';
import type { KernelMemory } from '../platform/contract.js';

export type { KernelMemory } from '../platform/contract.js';

/** Address inside the module's linear memory, bytes. */
export type Pointer = number;

/** Functions of the WebAssembly module; `assembly/` documents them. */
export interface KernelFunctions {
  blockSatd(a: Pointer, strideA: number, b: Pointer, strideB: number, size: number): number;
  blockSsd(a: Pointer, strideA: number, b: Pointer, strideB: number, width: number, height: number): number;
  estimateAlone(parameters: Pointer): void;
  estimateSearched(parameters: Pointer): void;
  estimateAverages(parameters: Pointer): void;
  blockVariances(plane: Pointer, stride: number, columns: number, rows: number, target: Pointer): void;
  rateDistortion(
    block: Pointer,
    blockStride: number,
    prediction: Pointer,
    predictionStride: number,
    scale: number,
    noise: number,
    result: Pointer,
  ): void;
  halve(
    source: Pointer,
    sourceStride: number,
    target: Pointer,
    targetStride: number,
    width: number,
    height: number,
  ): void;
  compensate(
    source: Pointer,
    sourceStride: number,
    target: Pointer,
    targetStride: number,
    width: number,
    height: number,
    taps: Pointer,
    tapCount: number,
    phaseX: number,
    phaseY: number,
  ): void;
  aimBlock(
    a: Pointer,
    strideA: number,
    b: Pointer,
    strideB: number,
    target: Pointer,
    targetStride: number,
    width: number,
    height: number,
  ): void;
  averageBlocks(
    a: Pointer,
    strideA: number,
    b: Pointer,
    strideB: number,
    target: Pointer,
    targetStride: number,
    width: number,
    height: number,
  ): void;
  intraBoundary(
    block: Pointer,
    stride: number,
    size: number,
    hasTop: boolean,
    hasLeft: boolean,
    hasTopRight: boolean,
    boundary: Pointer,
  ): void;
  intraPredict(boundary: Pointer, size: number, matrix: Pointer, target: Pointer, targetStride: number): void;
  predictFromLuma(
    edgeLuma: Pointer,
    luma: Pointer,
    lumaStride: number,
    edge: Pointer,
    target: Pointer,
    stride: number,
    size: number,
    hasTop: boolean,
    hasLeft: boolean,
  ): void;
  shrinkBoundary(boundary: Pointer, shift: number, target: Pointer): void;
  enlargePrediction(block: Pointer, boundary: Pointer, shift: number, target: Pointer, stride: number): void;
  forwardSeparable(
    residual: Pointer,
    size: number,
    matrix: Pointer,
    keep: number,
    scan: Pointer,
    output: Pointer,
    outputStep: number,
  ): number;
  dequantiseSeparable(
    tokens: Pointer,
    tokenStep: number,
    size: number,
    keep: number,
    scan: Pointer,
    steps: Pointer,
    offset1: number,
    offset2: number,
  ): number;
  inverseSeparable(size: number, matrix: Pointer, keep: number, used: number, target: Pointer, stride: number): void;
  subtractBlock(a: Pointer, strideA: number, b: Pointer, strideB: number, target: Pointer, size: number): void;
  forwardTransform(
    residual: Pointer,
    samples: number,
    basis: Pointer,
    atoms: number,
    output: Pointer,
    outputStep: number,
  ): void;
  clearAccumulator(accumulator: Pointer, samples: number): void;
  accumulateAtoms(
    accumulator: Pointer,
    samples: number,
    basis: Pointer,
    tokens: Pointer,
    tokenStep: number,
    count: number,
    steps: Pointer,
    offset1: number,
    offset2: number,
  ): number;
  addResidual(accumulator: Pointer, target: Pointer, stride: number, size: number): void;
  quantiseTokens(kind: Pointer, steps: Pointer, groupCosts: Pointer, lambda: number): number;
  readCoefficients(
    coding: Pointer,
    coefficients: Pointer,
    scales: Pointer,
    codes: Pointer,
    count: number,
    kind: number,
  ): void;
  writeCoefficients(
    coding: Pointer,
    coefficients: Pointer,
    scales: Pointer,
    codes: Pointer,
    count: number,
    kind: number,
  ): number;
  fadeMemory(memory: Pointer, target: Pointer, count: number): void;
  renewMemory(codes: Pointer, memory: Pointer, target: Pointer, count: number): void;
  searchMotion(parameters: Pointer): number;
  copyBlock(
    source: Pointer,
    sourceStride: number,
    target: Pointer,
    targetStride: number,
    width: number,
    height: number,
  ): void;
  extendEdges(plane: Pointer, stride: number, width: number, height: number, border: number): void;
  addToMean(
    block: Pointer,
    stride: number,
    prediction: Pointer,
    predictionStride: number,
    sums: Pointer,
    weights: Pointer,
    width: number,
    height: number,
    weight: number,
    falloff: number,
  ): void;
  takeMean(plane: Pointer, stride: number, sums: Pointer, weights: Pointer, width: number, height: number): void;
  packWeights(
    source: Pointer,
    row: number,
    column: number,
    outputs: number,
    inputs: number,
    pairs: number,
    tile: number,
    target: Pointer,
  ): void;
  linear(layer: Pointer): void;
  depthwise(layer: Pointer): void;
  combine(sum: Pointer): void;
  widen(
    source: Pointer,
    sourceRow: number,
    target: Pointer,
    targetStep: number,
    targetRow: number,
    width: number,
    height: number,
  ): void;
  narrow(
    source: Pointer,
    sourceStep: number,
    sourceRow: number,
    target: Pointer,
    targetRow: number,
    width: number,
    height: number,
  ): void;
  fold(
    plane: Pointer,
    planeRow: number,
    grid: Pointer,
    gridStep: number,
    gridRow: number,
    width: number,
    height: number,
    block: number,
  ): void;
  unfold(
    plane: Pointer,
    planeRow: number,
    grid: Pointer,
    gridStep: number,
    gridRow: number,
    width: number,
    height: number,
    block: number,
  ): void;
}

interface KernelExports extends KernelFunctions {
  scratchBytes(): number;
  useScratch(at: Pointer): void;
}

const PAGE_BYTES = 65536;
/** Vector loads may read this number of bytes after a region. */
const GUARD_BYTES = 64;

let compiled: WebAssembly.Module | undefined;

/**
 * One instance of the SIMD kernels on a linear memory of its own or of another instance. Regions are never freed. Views
 * from `u8`, `i16`, `i32`, `f32` cover only the regions that were allocated before the view was taken.
 */
export class Kernels {
  readonly call: KernelFunctions;
  /** For instances of other threads. */
  readonly memory: KernelMemory;
  #u8: Uint8Array = new Uint8Array();
  #i16: Int16Array = new Int16Array();
  #i32: Int32Array = new Int32Array();
  #f32: Float32Array = new Float32Array();
  /** Where {@link read} puts rows side by side, and the bytes there. */
  #packed: Pointer = 0;
  #packedBytes = 0;

  constructor(memory: KernelMemory = newKernelMemory()) {
    compiled ??= compileKernels();
    this.memory = memory;
    const instance = new WebAssembly.Instance(compiled, { env: { memory: memory.memory } });
    const exported = instance.exports as unknown as KernelExports;
    exported.useScratch(this.allocate(exported.scratchBytes()));
    this.call = exported;
  }

  /** Reserves `bytes` zeroed bytes, aligned to 16. Throws RangeError when the memory cannot grow. */
  allocate(bytes: number): Pointer {
    const { memory, top } = this.memory;
    const whole = (bytes + 15) & ~15;
    const at = Atomics.add(top, 0, whole);
    const missing = at + whole + GUARD_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    return at;
  }

  /** The bytes at `at`; good as long as the region is. */
  bytes(at: Pointer, length: number): Uint8Array {
    return this.u8.subarray(at, at + length);
  }

  /**
   * Copies `height` rows of `width` bytes out, one after another. Their starts are `stride` bytes apart. It makes no view for
   * each row: such garbage makes browsers enlarge the heap of a thread for minutes.
   *
   * @param target at least `width * height` bytes.
   */
  read(at: Pointer, stride: number, width: number, height: number, target: Uint8Array): void {
    const bytes = width * height;
    if (bytes > this.#packedBytes) {
      this.#packed = this.allocate(bytes);
      this.#packedBytes = bytes;
    }
    this.call.copyBlock(at, stride, this.#packed, width, width, height);
    target.set(this.bytes(this.#packed, bytes));
  }

  /** Copies integers into a new region of the element type of `values`. */
  store(values: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array): Pointer {
    const at = this.allocate(values.byteLength);
    this.u8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    return at;
  }

  /** The whole memory as bytes; index with a pointer. */
  get u8(): Uint8Array {
    this.#keepUp();
    return this.#u8;
  }

  /** The whole memory as int16; index with a pointer divided by 2. */
  get i16(): Int16Array {
    this.#keepUp();
    return this.#i16;
  }

  /** The whole memory as int32; index with a pointer divided by 4. */
  get i32(): Int32Array {
    this.#keepUp();
    return this.#i32;
  }

  /** The whole memory as float32; index with a pointer divided by 4. */
  get f32(): Float32Array {
    this.#keepUp();
    return this.#f32;
  }

  /** Takes new views if a region was allocated after the end of the current views. */
  #keepUp(): void {
    if (this.memory.top[0]! <= this.#u8.length) return;
    const { buffer } = this.memory.memory;
    this.#u8 = new Uint8Array(buffer);
    this.#i16 = new Int16Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#f32 = new Float32Array(buffer);
  }
}
