import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { checksum, parseLookupFree } from './lookup-free.js';
import { openPack } from './pack.js';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const folder = `${fixtures}streams/lookup-free/`;

const streamsOf = (place: string): string[] => readdirSync(place).filter((name) => name.endsWith('.tsr'));

async function checksums(path: string): Promise<{ tokensCrc32c: number }[]> {
  const pack = await openPack(`${fixtures}tiny-lookup-free-pack`);
  const found = [];
  for await (const { ids } of parseLookupFree(await readFile(path), pack)) found.push({ tokensCrc32c: checksum(ids) });
  return found;
}

describe('golden streams of the family lookup-free, read by a second parser', () => {
  test.each(streamsOf(folder))('%s', async (name) => {
    const text = await readFile(`${folder}${name.replace(/\.tsr$/, '.json')}`, 'utf8');
    const { packets } = JSON.parse(text) as { packets: { tokensCrc32c: number }[] };
    expect(packets.length).toBeGreaterThan(0);
    expect(await checksums(`${folder}${name}`)).toEqual(packets);
  });

  test.each(streamsOf(`${folder}invalid/`))('%s is refused', async (name) => {
    await expect(checksums(`${folder}invalid/${name}`)).rejects.toThrow();
  });
});
