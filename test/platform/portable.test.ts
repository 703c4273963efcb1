import { beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Where programs enter; everything else follows from what these import. */
const ENTRIES = ['codec/decoder.ts', 'codec/encoder.ts', 'bitstream/stream-reader.ts', 'bitstream/stream-writer.ts'];

/** Text of each file of src/ that an entry needs at run time, in worker threads too, down to the platform. */
const sources = new Map<string, string>();
const packages = new Set<string>();

beforeAll(async () => {
  for (const entry of ENTRIES) await collect(join('src', entry));
});

async function collect(path: string): Promise<void> {
  if (sources.has(path) || dirname(path) === 'src/platform') return;
  const text = await readFile(path, 'utf8');
  sources.set(path, text);
  const imports = text.matchAll(/^(?:import|export) (?!type)(?:[^';]* from )?'([^']+)'/gm);
  const dynamic = text.matchAll(/import\(\s*'([^']+)'/g);
  const modules = text.matchAll(/new URL\(\s*'([^']+)', import\.meta\.url\)/g);
  for (const [, name] of [...imports, ...dynamic, ...modules]) {
    if (name!.startsWith('.')) await collect(join(dirname(path), name!).replace(/\.js$/, '.ts'));
    else packages.add(name!);
  }
}

test('encoder, decoder and their workers need no package of Node', () => {
  expect([...sources.keys()]).toEqual(
    expect.arrayContaining([
      'src/codec/transform/workers/decision-worker.ts',
      'src/codec/lookup-free/workers/bit-token-worker.ts',
      'src/kernels/kernels.ts',
      'src/model/graph.ts',
    ]),
  );
  expect([...packages]).toEqual(['zod']);
});

test('they reach the Node side of the platform through its modules only', () => {
  const direct = [...sources].filter(([, text]) => /from '[^']*platform\/node\//.test(text));
  expect(direct.map(([path]) => relative('src', path))).toEqual([]);
});

test('bundlers see each worker thread: its module stands in the expression that starts it', () => {
  const all = [...sources.values()].join('\n');
  const started = [
    ...all.matchAll(/new Worker\(new URL\('\.{1,2}\/(?:workers\/)?[\w-]+-worker\.js', import\.meta\.url\)\)/g),
  ];
  expect(started).toHaveLength(11);
  expect(all.match(/\b(?:new Worker\(|import\.meta\.url)/g)).toHaveLength(2 * started.length);
});
