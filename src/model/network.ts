/** A uint8 array with its shape, row-major; every input and output of tessera's graphs is one. */
export interface GraphTensor {
  readonly data: Uint8Array;
  readonly dims: readonly number[];
}

/** Called with the input buffers of each run when nothing needs them any more, so that the caller can free them. */
export type AfterRun = (inputs: ArrayBuffer[]) => void;

/**
 * A graph of a pack, ready to run. Evaluation blocks its thread although it is awaited, so run long work in a worker
 * thread. Runs of one network are executed one after another, not in parallel.
 */
export interface Network extends AsyncDisposable {
  /** Names of the inputs that {@link run} needs. */
  readonly inputNames: readonly string[];
  /** Names of the outputs of {@link run}. */
  readonly outputNames: readonly string[];
  /**
   * Evaluates the graph once.
   *
   * @param inputs all of {@link inputNames}; the arrays are not changed and not kept.
   * @param wanted for graphs of rows, uint8 [rows, channels / 8] of the last layer that mixes channels: groups of 8 channels that
   * are 0 need not be computed, and what outputs hold there is undefined. Default: all are wanted.
   * @returns all of {@link outputNames}, in new arrays; those of graphs of rows are valid until the next run.
   * @throws ModelError if an input is missing, of the wrong size or shape, or evaluation fails.
   */
  run(inputs: Readonly<Record<string, GraphTensor>>, wanted?: Uint8Array): Promise<Record<string, GraphTensor>>;
}
