import { expect, test } from '@jest/globals';
import { splitLines } from '../../../src/pipeline/tokens/split-lines.js';
import { piped } from './memory-sink.js';

async function linesOf(text: string, size: number, limit = 100): Promise<string[]> {
  const lines: string[] = [];
  for await (const { number, text: line } of splitLines(piped(Buffer.from(text), size), () => limit, 'a.jsonl')) {
    lines.push(`${number}:${line}`);
  }
  return lines;
}

test('lines come out the same however the bytes come in', async () => {
  for (const size of [1, 2, 3, 100]) {
    expect(await linesOf('one\ntwö\n\nfour', size)).toEqual(['1:one', '2:twö', '3:', '4:four']);
    expect(await linesOf('one\n', size)).toEqual(['1:one']);
    expect(await linesOf('', size)).toEqual([]);
  }
});

test('a line without an end is not gathered beyond the limit', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      await Promise.resolve();
      given++;
      yield Buffer.from('x'.repeat(10));
    }
  }
  const lines = splitLines(endless(), () => 100, 'a.jsonl');
  await expect(lines.next()).rejects.toThrow('a.jsonl line 1 is too long for a line of a token file');
  expect(given).toBe(11);
});
