import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { README_RUNS, readmeSection, replaceSection, type ReadmeRun } from '../../../bench/report/readme-section.js';
import { parseResults } from '../../../bench/report/read-results.js';
import { resultsSchema } from '../../../bench/results.js';
import { syntheticResults } from '../support/synthetic.js';

const SCRIPT = 'scripts/update-readme-results.mjs';
const END = '<!-- results: end -->';

/** Paths of all fields of a schema, such as `jobs[].encode.wallSeconds`. */
function fieldsOf(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, items, anyOf, oneOf } = schema as Record<'properties' | 'items' | 'anyOf' | 'oneOf', object>;
  const inside = Object.entries((properties as Record<string, unknown> | undefined) ?? {}).flatMap(([name, field]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return [here, ...fieldsOf(field, here)];
  });
  const others = [anyOf, oneOf].flatMap((all) => (Array.isArray(all) ? all.flatMap((one) => fieldsOf(one, path)) : []));
  return [...inside, ...fieldsOf(items, `${path}[]`), ...others];
}

test('docs/REPORT.md names every field of the results', async () => {
  const text = await readFile('docs/REPORT.md', 'utf8');
  const [, fieldTable] = text.split('## Results, field by field') as [string, string];
  const named = new Set([...fieldTable.matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(([, field]) => field!));
  const fields = new Set(fieldsOf(z.toJSONSchema(resultsSchema)));
  expect(fields.size).toBeGreaterThan(60);
  expect([...fields].filter((field) => !named.has(field))).toEqual([]);
  expect([...named].filter((field) => !fields.has(field))).toEqual([]);
});

test.each(README_RUNS)('the figures of the README are those of $file', async (run) => {
  const readme = await readFile('README.md', 'utf8');
  // The markers are there, whether or not there is a run.
  expect(replaceSection(readme, run, 'x')).toContain('begin -->\n\nx\n\n<!-- results: end -->');
  const results = existsSync(run.file) ? parseResults(await readFile(run.file, 'utf8'), run.file) : null;
  expect(replaceSection(readme, run, readmeSection(run, results))).toBe(readme);
});

describe('the parts of the README', () => {
  const [small, hd] = README_RUNS as [ReadmeRun, ReadmeRun];
  const readme = ['a', hd, 'b', small, 'c']
    .map((part) =>
      typeof part === 'string' ? part : `<!-- results of ${part.file}, written by ${SCRIPT}: begin -->\nold\n${END}`,
    )
    .join('\n');

  test('are replaced one by one', () => {
    const written = replaceSection(readme, small, 'new');
    expect(written.match(/old/g)).toHaveLength(1);
    expect(written.indexOf('old')).toBeLessThan(written.indexOf('new'));
    expect(written).toMatch(/^a\n[^]*\nb\n[^]*\nc$/);
    expect(replaceSection(written, small, 'new')).toBe(written);
  });

  test('need their markers', () => {
    expect(() => replaceSection(`${readme}\n${readme}`, hd, 'new')).toThrow(/hd\.json.* once/);
    expect(() => replaceSection(readme.replaceAll(END, ''), hd, 'new')).toThrow(/results: end/);
  });

  test('say how they are made while there is no run, and what a run left out', () => {
    expect(readmeSection(hd, null)).toMatch(/^Not measured yet: run `tessera bench CLIPS --preset hd-anchors`/);
    const results = { ...syntheticResults(), leftOut: ['the metric vmaf is left out: there is no ffmpeg'] };
    expect(readmeSection(small, results)).toContain('\n* the metric vmaf is left out: there is no ffmpeg\n');
  });
});
