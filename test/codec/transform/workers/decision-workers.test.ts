import { expect, jest, test } from '@jest/globals';
import type * as sequenceModule from '../../../../src/codec/transform/encoder/sequence-encoder.js';
import type * as workersModule from '../../../../src/codec/transform/workers/decision-workers.js';
import type * as kernelsModule from '../../../../src/kernels/kernels.js';
import type * as networkModule from '../../../../src/model/open-network.js';
import { PRESETS, type Preset, type Tune } from '../../../../src/codec/sequence-options.js';
import { Geometry } from '../../../../src/codec/transform/frame-tokens.js';
import { loadPack } from '../../../../src/model/pack.js';
import { load } from '../../built.js';
import { picture } from '../../clips.js';
import { tinyTables } from '../../tiny.js';

jest.setTimeout(120_000);

const { SequenceEncoder } = await load<typeof sequenceModule>('codec/transform/encoder/sequence-encoder.js');
const { DecisionWorkers } = await load<typeof workersModule>('codec/transform/workers/decision-workers.js');
const { openNetwork } = await load<typeof networkModule>('model/open-network.js');
const { Kernels } = await load<typeof kernelsModule>('kernels/kernels.js');

/** Tokens, loop pictures and what was encoded of twelve frames, decided by this thread and `count` others. */
async function encode(count: number, tune: Tune, preset?: Preset): Promise<unknown[]> {
  // The tiny pack's filter never brings a region closer to its source.
  const graph = (await loadPack('tessera-nano')).graphs.get('loop-filter')!;
  const loopFilter = await openNetwork(graph, { device: 'cpu', threads: 1 });
  const helpers = new DecisionWorkers(count);
  const options = { quality: 26, keyint: 8, tune, preset };
  const geometry = new Geometry(150, 100);
  const encoder = new SequenceEncoder(new Kernels(), geometry, await tinyTables(), loopFilter, options, helpers);
  await helpers.ready();
  for (let time = 0; time < 12; time++) encoder.push(picture('pan', 150, 100, time));
  const results: unknown[] = [];
  while (encoder.isReady(true)) {
    const { header, tokens, loop, readSource } = await encoder.next();
    results.push(header, tokens.arrays(), loop, readSource());
  }
  return results;
}

test.each<Tune>(['lpips', 'psnr'])('any number of threads decides and filters the same, tuned for %s', async (tune) => {
  const alone = await encode(0, tune);
  expect(alone).toContainEqual(expect.objectContaining({ hasLoopFilter: true }));
  for (const count of [1, 2, 6]) expect(await encode(count, tune)).toEqual(alone);
});

test.each(PRESETS)('any number of threads decides the same with the preset %s', async (preset) => {
  expect(await encode(1, 'lpips', preset)).toEqual(await encode(0, 'lpips', preset));
});
