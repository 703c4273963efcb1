import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTokenFile } from '../../../src/pipeline/tokens/token-file.js';
import { transformLayout } from '../../../src/codec/transform/token-arrays.js';
import { Geometry } from '../../../src/codec/transform/frame-tokens.js';
import { CellGrid } from '../../../src/codec/lookup-free/cell-grid.js';
import { CellTokenArrays } from '../../../src/codec/lookup-free/token-arrays.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../../support/packs.js';
import { exportTokens } from './built.js';

const families = {
  transform: { stream: 'pyramid', pack: TINY_PACK, place: 'transform', tokenGrids: 11 },
  'lookup-free': { stream: 'lookup-free/chunks', pack: TINY_LOOKUP_FREE_PACK, place: 'lookup-free', tokenGrids: 8 },
};

let document: string;
let folder: string;

beforeAll(async () => {
  document = await readFile('docs/TOKENS.md', 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'tessera-tokens-'));
  for (const { stream, pack, place } of Object.values(families)) {
    await mkdir(join(folder, place));
    for (const name of ['tokens.npz', 'tokens.jsonl']) {
      await exportTokens(`fixtures/streams/${stream}.tsr`, join(folder, place, name), { pack });
    }
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the examples print, found by other means. */
async function expectedLines(path: string): Promise<string[]> {
  await using file = await openTokenFile(path, undefined);
  const [first] = file.source.layout;
  const lines: string[] = [];
  for await (const item of file.source.items) {
    if (item.type !== 'frame' || item.arrays === null) continue;
    const values = Array.from(item.arrays[first!.name]!);
    const sum = values.reduce((total, value) => total + value, 0);
    lines.push([item.chunk, item.tokenGrid, item.pts, first!.name, values.length, sum].join(' '));
  }
  return lines;
}

async function hasNumpy(): Promise<boolean> {
  const { exitCode } = await execa('python3', ['-c', 'import numpy'], { reject: false });
  return exitCode === 0;
}

describe.each(Object.entries(families))('of the family %s', (_, { place, tokenGrids }) => {
  test.each(['jsonl', 'npz'])(
    "the example for .%s runs, where there is Python with numpy, and gives the file's numbers",
    async (format) => {
      const examples = [...document.matchAll(/^```python\n(.*?)^```$/gms)].map(([, text]) => text!);
      const example = examples.find((text) => text.includes(`tokens.${format}`))!;
      const expected = await expectedLines(join(folder, place, `tokens.${format}`));
      expect(expected).toHaveLength(tokenGrids);
      expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(11);
      if (!(await hasNumpy())) return;
      const { stdout } = await execa('python3', ['-c', example], { cwd: join(folder, place) });
      expect(stdout.split('\n')).toEqual(expected);
    },
  );
});

test('the tables of arrays are those of the code', () => {
  // Sizes that cannot be taken for one another.
  const geometry = new Geometry(16 * 12, 16 * 20);
  const { rows, columns, regionRows, regionColumns } = geometry;
  expect(tableOf('transform', { rows, columns, regionRows, regionColumns })).toEqual(transformLayout(geometry));
  const grid = new CellGrid(8 * 12, 8 * 20);
  expect(tableOf('lookup-free', { rows: 20, columns: 12 })).toEqual(new CellTokenArrays(grid).layout);
});

/** The table below a family's heading, with lengths instead of their names. */
function tableOf(family: string, lengths: Readonly<Record<string, number>>): unknown[] {
  const section = document.split(`## Arrays of the family \`${family}\``)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `(\w+)` \| (u?int\d+) \| \[([^\]]*)\] \|/gm)].map(([, name, dtype, shape]) => ({
    name,
    dtype,
    shape: shape!.split(', ').map((term) => {
      const [, factor, length] = /^(\d+)? ?([A-Za-z]+)?$/.exec(term)!;
      return Number(factor ?? 1) * (length === undefined ? 1 : lengths[length]!);
    }),
  }));
}
