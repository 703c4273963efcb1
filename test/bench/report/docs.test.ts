import { expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { readmeSection, replaceSection } from '../../../bench/report/readme-section.js';
import { parseResults } from '../../../bench/report/read-results.js';
import { resultsSchema } from '../../../bench/results.js';

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

test('the figures of the README are those of the standard run', async () => {
  const readme = await readFile('README.md', 'utf8');
  const file = 'bench/results/standard.json';
  // The markers are there, whether or not there is a run.
  expect(replaceSection(readme, 'x')).toContain('x');
  if (!existsSync(file)) return;
  const results = parseResults(await readFile(file, 'utf8'), file);
  expect(replaceSection(readme, readmeSection(results))).toBe(readme);
});
