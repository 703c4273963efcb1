import { EnvironmentError } from '../../errors.js';
import type { GraphOptions, GraphSession } from '../contract.js';

/**
 * There is no onnxruntime in browsers: tessera's own engine evaluates the graphs of integers, and no others.
 *
 * @throws EnvironmentError always.
 */
export function createSession(_bytes: Uint8Array, _options: GraphOptions): Promise<GraphSession> {
  return Promise.reject(
    new EnvironmentError('a graph of the model pack is not one of integers: browsers cannot run it'),
  );
}

/**
 * Browsers have no CUDA.
 *
 * @throws EnvironmentError always.
 */
export function requireCudaProvider(): void {
  throw new EnvironmentError('browsers have no CUDA: use the device cpu');
}
