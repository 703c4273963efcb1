import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Onnxruntime from 'onnxruntime-node';
import { EnvironmentError, ModelError } from '../errors.js';
import type { Device, GraphOptimisation } from './device-name.js';

/** The module onnxruntime-node. For this folder only: its types must not show in public signatures. */
export type Runtime = typeof Onnxruntime;

/** How to make the device `cuda` work; ends error messages. */
export const CUDA_HELP =
  'onnxruntime-node needs its CUDA provider (node node_modules/onnxruntime-node/script/install.js ' +
  '--onnxruntime-node-install=cuda12), an NVIDIA driver, CUDA 12 and cuDNN 9; or use the device cpu';

/**
 * Loads onnxruntime at first use: commands that need no graph start faster, and a missing library is told in one line.
 *
 * @throws EnvironmentError if the native library does not load.
 */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node');
    // What it would print is thrown as well; errors of tessera are told by tessera.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (error) {
    throw new EnvironmentError(
      `onnxruntime cannot be loaded on ${process.platform}-${process.arch} (${firstLine(error)}): install the package onnxruntime-node again`,
      { cause: error },
    );
  }
}

/** Whether the library of onnxruntime's CUDA provider is installed; true if this cannot be told without trying. */
export function hasCudaProvider(): boolean {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const libraries = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
  const name = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  return !existsSync(libraries) || existsSync(join(libraries, name));
}

/**
 * Makes a session with tessera's settings.
 *
 * @throws EnvironmentError if CUDA is asked for and does not load.
 * @throws ModelError if onnxruntime does not take the graph.
 */
export async function createSession(
  runtime: Runtime,
  bytes: Uint8Array,
  options: { readonly device: Device; readonly threads: number; readonly optimisation?: GraphOptimisation },
): Promise<Onnxruntime.InferenceSession> {
  if (options.device === 'cuda') {
    // Rounding float32 to TF32 would break the exactness of the integer graphs (they need 24 bits).
    process.env['NVIDIA_TF32_OVERRIDE'] = '0';
  }
  try {
    return await runtime.InferenceSession.create(bytes, {
      executionProviders: options.device === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      // A plan of memory for each number of rows would pile up.
      enableMemPattern: false,
      graphOptimizationLevel: options.optimisation ?? 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    if (options.device === 'cuda') {
      throw new EnvironmentError(`CUDA cannot be used (${firstLine(error)}): ${CUDA_HELP}`, { cause: error });
    }
    throw new ModelError(`onnxruntime cannot load a graph of the model pack: ${firstLine(error)}`, { cause: error });
  }
}

/** First line of the message of what was thrown. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}
