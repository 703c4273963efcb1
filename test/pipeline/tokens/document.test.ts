import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTokenFile } from '../../../src/pipeline/tokens/token-file.js';
import { transformLayout } from '../../../src/pipeline/tokens/transform-layout.js';
import { Geometry } from '../../../src/codec/frame-tokens.js';
import { TINY_PACK } from '../../support/packs.js';
import { exportTokens } from './built.js';

let document: string;
let folder: string;

beforeAll(async () => {
  document = await readFile('docs/TOKENS.md', 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'tessera-tokens-'));
  for (const name of ['tokens.npz', 'tokens.jsonl']) {
    await exportTokens('fixtures/streams/pyramid.tsr', join(folder, name), { pack: TINY_PACK });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the examples print, found by other means. */
async function expectedLines(name: string): Promise<string[]> {
  await using file = await openTokenFile(join(folder, name), undefined);
  const [first] = file.source.layout;
  const lines: string[] = [];
  for await (const item of file.source.items) {
    if (item.type !== 'frame' || item.arrays === null) continue;
    const values = Array.from(item.arrays[first!.name]!);
    const sum = values.reduce((total, value) => total + value, 0);
    lines.push([item.chunk, item.tokenFrame, item.pts, first!.name, values.length, sum].join(' '));
  }
  return lines;
}

async function hasNumpy(): Promise<boolean> {
  const { exitCode } = await execa('python3', ['-c', 'import numpy'], { reject: false });
  return exitCode === 0;
}

test.each(['jsonl', 'npz'])(
  "the example for .%s runs, where there is Python with numpy, and gives the file's numbers",
  async (format) => {
    const examples = [...document.matchAll(/^```python\n(.*?)^```$/gms)].map(([, text]) => text!);
    const example = examples.find((text) => text.includes(`tokens.${format}`))!;
    const expected = await expectedLines(`tokens.${format}`);
    expect(expected).toHaveLength(11);
    expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(11);
    if (!(await hasNumpy())) return;
    const { stdout } = await execa('python3', ['-c', example], { cwd: folder });
    expect(stdout.split('\n')).toEqual(expected);
  },
);

test('the table of arrays is that of the code', () => {
  // Sizes that cannot be taken for one another.
  const geometry = new Geometry(16 * 12, 16 * 20);
  const { rows, columns, regionRows, regionColumns } = geometry;
  const table = [...document.matchAll(/^\| `(\w+)` \| (u?int\d+) \| \[([^\]]*)\] \|/gm)].map(
    ([, name, dtype, shape]) => ({
      name,
      dtype,
      shape: shape!.split(', ').map((term) => {
        const [, factor, length] = /^(\d+)? ?([A-Za-z]+)?$/.exec(term)!;
        const lengths: Record<string, number> = { rows, columns, regionRows, regionColumns };
        return Number(factor ?? 1) * (length === undefined ? 1 : lengths[length]!);
      }),
    }),
  );
  expect(table).toEqual(transformLayout(geometry));
});
