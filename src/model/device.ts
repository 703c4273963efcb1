import { EnvironmentError } from '../errors.js';
import { PROBE_GRAPH } from './probe-graph.js';
import type { ModelPack } from './pack.js';
import { createSession, requireCudaProvider } from '../platform/graphs.js';
import type { Device } from '../platform/contract.js';
import { selfTestPack } from './self-test.js';

/** A device that works, and the reason for the choice: one line for people. */
export interface ResolvedDevice {
  readonly device: Device;
  readonly reason: string;
}

/**
 * Finds the device to use for a pack. onnxruntime does not fall back by itself when CUDA's libraries are missing, so a
 * tiny graph is loaded there to find out; then the pack's self-test tells whether CUDA gives the same bits. `auto` uses
 * CUDA if both succeed, else the CPU, with the reason.
 *
 * @throws EnvironmentError if `cuda` is asked for and does not work or fails the self-test; the message says what to do.
 */
export async function resolveDevice(
  requested: 'auto' | Device,
  pack: Pick<ModelPack, 'name' | 'family' | 'graphs' | 'selfTest'>,
): Promise<ResolvedDevice> {
  if (requested === 'cpu') return { device: 'cpu', reason: 'asked for' };
  try {
    await checkCuda(pack);
    return { device: 'cuda', reason: requested === 'cuda' ? 'asked for' : 'CUDA works' };
  } catch (error) {
    if (requested === 'cuda' || !(error instanceof EnvironmentError)) throw error;
    return { device: 'cpu', reason: error.message };
  }
}

/**
 * Loads a tiny graph with CUDA, but only if its provider is installed, because loading onnxruntime takes time.
 *
 * @throws EnvironmentError if that fails; the message says how to install the missing part.
 */
export async function probeCuda(): Promise<void> {
  requireCudaProvider();
  const session = await createSession(PROBE_GRAPH, { device: 'cuda', threads: 1 });
  await session.release();
}

async function checkCuda(pack: Pick<ModelPack, 'name' | 'family' | 'graphs' | 'selfTest'>): Promise<void> {
  await probeCuda();
  const failed = (await selfTestPack(pack, { device: 'cuda', threads: 1 })).filter(({ ok }) => !ok);
  if (failed.length > 0) {
    const roles = failed.map(({ role }) => role).join(', ');
    throw new EnvironmentError(
      `CUDA cannot be used: pack ${pack.name} fails its self-test there (${roles}): use the CPU`,
    );
  }
}
