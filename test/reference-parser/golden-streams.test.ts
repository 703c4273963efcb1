import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { crc32cOf } from './container.js';
import { openPack } from './pack.js';
import { parseStream } from './parse-stream.js';
import { loopCrc32c } from './reconstruct.js';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const folder = `${fixtures}streams/`;
const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tsr')) : [];

/** What stands beside each golden stream. */
interface Expectation {
  packets: { tokensCrc32c: number; loopCrc32c: number }[];
}

/** CRC-32C of tokens as 16-bit little-endian integers, [macroblock][384]. */
function tokensCrc32c(tokens: Int16Array): number {
  const bytes = Buffer.alloc(2 * tokens.length);
  for (const [index, token] of tokens.entries()) bytes.writeInt16LE(token, 2 * index);
  return crc32cOf(bytes);
}

describe('golden streams, read by a second parser', () => {
  test('there are some', () => {
    expect(names.length).toBeGreaterThan(0);
  });

  for (const name of names) {
    test(
      name,
      async () => {
        const pack = await openPack(`${fixtures}tiny-pack`);
        const text = await readFile(`${folder}${name.replace(/\.tsr$/, '.json')}`, 'utf8');
        const { packets } = JSON.parse(text) as Expectation;
        const found: Expectation['packets'] = [];
        for await (const { packet, tokens, picture } of parseStream(await readFile(`${folder}${name}`), pack)) {
          const loop = loopCrc32c(picture);
          if (packet.loopChecksum !== null) expect(loop).toBe(packet.loopChecksum);
          found.push({ tokensCrc32c: tokensCrc32c(tokens), loopCrc32c: loop });
        }
        expect(found).toEqual(packets);
      },
      600_000,
    );
  }
});
