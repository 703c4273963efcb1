import { Kernels } from '../kernels/kernels.js';
import type { GraphOptions } from '../platform/contract.js';
import { Graph } from './graph.js';
import { IntegerNetwork } from './integer/integer-network.js';
import { NotInteger } from './integer/not-integer.js';
import type { Program } from './integer/program.js';
import { readProgram } from './integer/read-program.js';
import type { AfterRun, Network } from './network.js';

/**
 * Opens a graph with integers only: on the CPU in tessera's own engine, on other devices in onnxruntime. A graph that
 * the engine does not know is opened in onnxruntime on the CPU too; both give the same bytes.
 *
 * @param bytes an ONNX file; not kept.
 * @param afterRun for inputs that are not views of other buffers.
 * @throws EnvironmentError if onnxruntime is needed and cannot be loaded, or the device's libraries cannot.
 * @throws ModelError if the bytes are not a graph.
 */
export async function openNetwork(bytes: Uint8Array, options: GraphOptions, afterRun?: AfterRun): Promise<Network> {
  const program = options.device === 'cpu' ? integerProgram(bytes) : null;
  if (program === null) return await Graph.create(bytes, options, afterRun);
  return new IntegerNetwork(program, new Kernels(), afterRun);
}

/** The program of a graph; null if the engine does not know it. */
function integerProgram(bytes: Uint8Array): Program | null {
  try {
    return readProgram(bytes);
  } catch (error) {
    if (error instanceof NotInteger) return null;
    throw error;
  }
}
