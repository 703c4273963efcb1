import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Onnxruntime from 'onnxruntime-node';
import { EnvironmentError, firstLine, ModelError } from '../../errors.js';
import type { GraphInput, GraphOptions, GraphSession } from '../contract.js';

type Runtime = typeof Onnxruntime;

/** How to make the device `cuda` work; ends error messages. */
const CUDA_HELP =
  'onnxruntime-node needs its CUDA provider (node node_modules/onnxruntime-node/script/install.js ' +
  '--onnxruntime-node-install=cuda12), an NVIDIA driver, CUDA 12 and cuDNN 9; or use the device cpu';

/**
 * Loads onnxruntime at first use: commands without graphs start faster, and a missing library is reported in one line.
 *
 * @throws EnvironmentError if the native library does not load.
 */
async function loadRuntime(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node');
    // onnxruntime throws the errors that it prints, and tessera reports its errors itself.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (error) {
    throw new EnvironmentError(
      `onnxruntime cannot be loaded on ${process.platform}-${process.arch} (${firstLine(error)}): install the package onnxruntime-node again`,
      { cause: error },
    );
  }
}

/**
 * Checks that onnxruntime loads.
 *
 * @throws EnvironmentError if not.
 */
export async function requireRuntime(): Promise<void> {
  await loadRuntime();
}

/**
 * Checks that the library of onnxruntime's CUDA provider is installed, without loading it.
 *
 * @throws EnvironmentError if it is not installed, or onnxruntime is not; the message says how to install it.
 */
export function requireCudaProvider(): void {
  const main = runtimeModule();
  const libraries = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
  const name = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  if (!existsSync(libraries) || existsSync(join(libraries, name))) return;
  throw new EnvironmentError(`CUDA cannot be used (the CUDA provider is not installed): ${CUDA_HELP}`);
}

/** Returns the path of onnxruntime's module; throws EnvironmentError if it is not installed. */
function runtimeModule(): string {
  try {
    return createRequire(import.meta.url).resolve('onnxruntime-node');
  } catch (error) {
    throw new EnvironmentError(`CUDA cannot be used (onnxruntime-node is not installed): ${CUDA_HELP}`, {
      cause: error,
    });
  }
}

/**
 * Makes a session with tessera's settings.
 *
 * @param bytes an ONNX file; not kept.
 * @throws EnvironmentError if onnxruntime does not load, or CUDA is asked for and does not load.
 * @throws ModelError if onnxruntime does not accept the graph.
 */
export async function createSession(bytes: Uint8Array, options: GraphOptions): Promise<GraphSession> {
  const runtime = await loadRuntime();
  if (options.device === 'cuda') {
    // Rounding float32 to TF32 would break the exactness of the integer graphs (they need 24 bits).
    process.env['NVIDIA_TF32_OVERRIDE'] = '0';
  }
  let session: Onnxruntime.InferenceSession;
  try {
    session = await runtime.InferenceSession.create(bytes, {
      executionProviders: options.device === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      // Otherwise onnxruntime would keep a memory plan for each number of rows.
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
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: async (inputs) => {
      const feeds = Object.entries(inputs).map(([name, input]) => [name, tensorOf(runtime, input)] as const);
      return await session.run(Object.fromEntries(feeds));
    },
    release: () => session.release(),
  };
}

function tensorOf({ Tensor }: Runtime, { data, dims }: GraphInput): Onnxruntime.Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, dims);
  // onnxruntime gets a copy of what lies in memory that threads share.
  return new Tensor('uint8', data.buffer instanceof ArrayBuffer ? data : data.slice(), dims);
}
