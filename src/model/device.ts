import { EnvironmentError } from '../errors.js';
import { PROBE_GRAPH } from './probe-graph.js';
import type { Device } from './device-name.js';
import { createSession, loadRuntime } from './runtime.js';

/** A device that works, and why it was taken: one line for people. */
export interface ResolvedDevice {
  readonly device: Device;
  readonly reason: string;
}

/**
 * Finds the device to use. onnxruntime does not fall back by itself when CUDA's libraries are missing, so a tiny graph
 * is loaded there to find out. `auto` takes CUDA where it works, else the CPU with the reason.
 *
 * @throws EnvironmentError if `cuda` is asked for and does not work; the message says how to get the libraries.
 */
export async function resolveDevice(requested: 'auto' | Device): Promise<ResolvedDevice> {
  if (requested === 'cpu') return { device: 'cpu', reason: 'asked for' };
  const runtime = await loadRuntime();
  try {
    const session = await createSession(runtime, PROBE_GRAPH, { device: 'cuda', threads: 1 });
    await session.release();
    return { device: 'cuda', reason: requested === 'cuda' ? 'asked for' : 'CUDA works' };
  } catch (error) {
    if (requested === 'cuda' || !(error instanceof EnvironmentError)) throw error;
    return { device: 'cpu', reason: error.message };
  }
}
