import { expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { Folder } from '../cli/helpers.js';
import { bench, readResults, writeClip } from './bench.js';

test("the codec of the documentation runs, in a user's folder, without any other change", async () => {
  const text = await readFile('docs/BENCHMARK.md', 'utf8');
  const [, module] = /^```js\n(\/\/ my-codec\.mjs\n.*?)^```$/ms.exec(text)!;
  await using folder = await Folder.create();
  await writeFile(folder.join('my-codec.mjs'), module!);
  await writeClip(folder.join('ramp.y4m'), 64, 48, 2);
  const args = ['ramp.y4m', '--codecs', './my-codec.mjs:fast@6,2', '--metrics', 'psnr-y', '--out', 'out'];
  expect(await bench(args, folder.path)).toMatchObject({ exitCode: 0 });
  const { jobs, codecs } = await readResults(folder.join('out'));
  // Settings go from worst to best, whatever their order was.
  expect(codecs).toMatchObject([{ name: './my-codec.mjs:fast', title: 'shift fast', settings: [2, 6] }]);
  expect(jobs).toMatchObject([
    { setting: 2, payloadBits: 64 * 48 * 2 * 8, command: 'shift --bits 2 ramp.y4m' },
    { setting: 6, payloadBits: 64 * 48 * 2 * 8 },
  ]);
  const [coarse, fine] = jobs.map((job) => (job.status === 'done' ? job.metrics['psnr-y']!.mean : NaN));
  expect(fine! - coarse!).toBeGreaterThan(10);
}, 120_000);
