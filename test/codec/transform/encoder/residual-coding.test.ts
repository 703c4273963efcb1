import { expect, test } from '@jest/globals';
import { RateModel } from '../../../../src/codec/transform/encoder/rate-model.js';
import { ResidualCoding } from '../../../../src/codec/transform/encoder/residual-coding.js';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';
import { KernelTables } from '../../../../src/codec/transform/kernel-tables.js';
import { BlockView } from '../../../../src/kernels/block-view.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import { tinyTables } from '../../tiny.js';

test('a prediction that equals its source has no tokens and costs the bits of no groups', async () => {
  const kernels = new Kernels();
  const pack = await tinyTables();
  const rates = new RateModel(kernels, pack, ENCODER_SETTINGS.psnr.rates);
  const coding = new ResidualCoding(kernels, new KernelTables(kernels, pack), rates);
  const costs = rates.lumaGroupCosts[2]!;
  kernels.f32[costs >> 2] = 1.5;
  const source = BlockView.allocate(kernels, 16);
  const prediction = BlockView.allocate(kernels, 16);
  for (let i = 0; i < 256; i++) kernels.u8[source.at + i] = kernels.u8[prediction.at + i] = (37 * i) % 251;
  const job = { q: 20, intra: false, basis: 0, groupContext: 2, lambda: 4 };
  for (const method of ['luma16', 'luma8'] as const) {
    const tokens = new Int16Array(256).fill(7);
    expect(coding[method](source, prediction, job, tokens)).toEqual({ groups: 0, cost: 6 });
    expect(tokens.every((token) => token === 0)).toBe(true);
  }
});
