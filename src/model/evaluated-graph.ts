/** A uint8 array with its shape, row-major; every input and output of tessera's graphs is one. */
export interface GraphTensor {
  readonly data: Uint8Array;
  readonly dims: readonly number[];
}

/** A graph ready to run. Runs of one graph are executed one after another, not in parallel. */
export interface EvaluatedGraph extends AsyncDisposable {
  /** Names of the inputs that {@link run} needs. */
  readonly inputNames: readonly string[];
  /** Names of the outputs of {@link run}. */
  readonly outputNames: readonly string[];
  /**
   * Evaluates the graph once.
   *
   * @param inputs all of {@link inputNames}; the arrays are not changed and not kept.
   * @returns all of {@link outputNames}, in new arrays.
   * @throws ModelError if an input is missing, of the wrong size or shape, or evaluation fails.
   */
  run(inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>>;
}
