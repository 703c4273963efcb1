import { describe, expect, test } from '@jest/globals';
import { EnvironmentError } from '../../src/errors.js';
import { resolveDevice } from '../../src/model/device.js';
import { Graph } from '../../src/model/graph.js';
import { loadPack } from '../../src/model/pack.js';
import { PROBE_GRAPH } from '../../src/model/probe-graph.js';

const pack = await loadPack(new URL('../../fixtures/tiny-pack', import.meta.url).pathname);

describe('resolveDevice', () => {
  test('the CPU is always there', async () => {
    expect(await resolveDevice('cpu', pack)).toEqual({ device: 'cpu', reason: 'asked for' });
  });

  test('auto gives a device that loads graphs, and says why', async () => {
    const { device, reason } = await resolveDevice('auto', pack);
    expect(reason).toMatch(device === 'cuda' ? /CUDA works/ : /CUDA cannot be used .*cpu/);
    await using graph = await Graph.create(PROBE_GRAPH, { device, threads: 1 });
    expect(graph.inputNames).toEqual(['x']);
  });

  test('cuda works or fails with a line that says what to do', async () => {
    const works = (await resolveDevice('auto', pack)).device === 'cuda';
    const asked = resolveDevice('cuda', pack).catch((error: unknown) => error);
    if (works) {
      expect(await asked).toEqual({ device: 'cuda', reason: 'asked for' });
    } else {
      expect(await asked).toBeInstanceOf(EnvironmentError);
      expect(((await asked) as Error).message).toMatch(/--onnxruntime-node-install=cuda12/);
    }
  });
});
