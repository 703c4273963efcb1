import { beforeAll, describe, expect, test } from '@jest/globals';
import { memorySource } from '../../../src/bitstream/byte-source.js';
import { InputError } from '../../../src/errors.js';
import { openJsonl } from '../../../src/pipeline/tokens/jsonl-file.js';
import { openNpz, writeNpz } from '../../../src/pipeline/tokens/npz-file.js';
import { formatOfName, openTokenFile } from '../../../src/pipeline/tokens/token-file.js';
import type { TokenItem, TokenSource } from '../../../src/pipeline/tokens/token-source.js';
import { goldenStreams } from '../../codec/golden.js';
import { TINY_PACK } from '../../support/packs.js';
import { exportTokens } from './built.js';
import { MemorySink, piped } from './memory-sink.js';

/** Lines of `side.tsr`: of the stream, two of side sections, two of frames, the end. */
let lines: string[];
beforeAll(async () => {
  const { bytes } = goldenStreams().find(({ name }) => name === 'side')!;
  const sink = new MemorySink();
  await exportTokens(piped(bytes), sink, { pack: TINY_PACK });
  lines = sink.bytes().toString().trimEnd().split('\n');
});

type Line = Record<string, unknown> & { arrays: Record<string, number[]> };

/** The lines with one of them changed. */
function changed(number: number, change: (line: Line) => void): string[] {
  const line = JSON.parse(lines[number]!) as Line;
  change(line);
  return lines.with(number, JSON.stringify(line));
}

async function readAll(source: TokenSource): Promise<TokenItem[]> {
  const items: TokenItem[] = [];
  for await (const item of source.items) items.push(item);
  return items;
}

async function readJsonl(text: readonly string[]): Promise<TokenItem[]> {
  return readAll(await openJsonl(piped(Buffer.from(text.join('\n'))), 'a.jsonl'));
}

describe('.jsonl', () => {
  test('is read as numbers of ticks and as text', async () => {
    const items = await readJsonl(changed(3, (line) => (line['pts'] = Number(line['pts']))));
    expect(items).toEqual(await readJsonl(lines));
    expect(items.map(({ type }) => type)).toEqual(['side', 'side', 'frame', 'frame', 'end']);
  });

  test.each<[string, () => string[], RegExp]>([
    ['cut between two lines', () => lines.slice(0, 4), /^a\.jsonl is cut: the line of type end is missing; export/],
    ['cut within a line', () => [...lines.slice(0, 3), lines[3]!.slice(0, 999)], /^a\.jsonl line 4 is not JSON: the/],
    ['no head', () => lines.slice(1), /^a\.jsonl line 1: type: Invalid input/],
    ['lines behind its end', () => [...lines, lines[3]!], /^a\.jsonl line 7 comes after the line of type end/],
    ['a newer version', () => changed(0, (line) => (line['version'] = 2)), /^a\.jsonl line 1: version: Invalid input/],
    ['a line of another type', () => changed(1, (line) => (line['type'] = 'sound')), /^a\.jsonl line 2: type: Invalid/],
    [
      'bytes that are no base64',
      () => changed(1, (line) => (line['bytes'] = '???')),
      /^a\.jsonl line 2: bytes must be/,
    ],
    ['no q', () => changed(3, (line) => delete line['q']), /^a\.jsonl line 4: q: Invalid input/],
    ['half a tick', () => changed(3, (line) => (line['pts'] = '0.5')), /^a\.jsonl line 4: pts: /],
    [
      'an array that is none',
      () => changed(3, ({ arrays }) => (arrays['motion'] = null as never)),
      /line 4: motion must be a list$/,
    ],
    [
      'a shorter array',
      () => changed(3, ({ arrays }) => arrays['type']!.pop()),
      /line 4: type has 3 numbers; it .* 4$/,
    ],
    [
      'a larger number',
      () => changed(3, ({ arrays }) => (arrays['type']![3] = 256)),
      /type\[1, 1\] is 256; it .* uint8$/,
    ],
    [
      'a fraction',
      () => changed(3, ({ arrays }) => (arrays['type']![2] = 0.5)),
      /type\[1, 0\] is 0\.5; it must be uint8$/,
    ],
    [
      'no number',
      () => changed(3, ({ arrays }) => (arrays['type'] = [1, 2, 3, '4'] as never)),
      /type\[1, 1\] is "4"; it/,
    ],
  ])('%s is refused', async (_what, text, message) => {
    const error: unknown = await readJsonl(text()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('.npz', () => {
  /** Writes the lines as an archive, in which `change` may leave out or add items. */
  async function npzOf(change: (item: TokenItem) => TokenItem = (item) => item): Promise<Buffer> {
    const source = await openJsonl(piped(Buffer.from(lines.join('\n'))), 'a.jsonl');
    async function* items(): AsyncGenerator<TokenItem, void, undefined> {
      for await (const item of source.items) yield change(item);
    }
    const sink = new MemorySink();
    await writeNpz({ ...source, items: items() }, sink);
    return sink.bytes();
  }

  async function readNpz(bytes: Uint8Array): Promise<TokenItem[]> {
    return readAll(await openNpz(memorySource(bytes), 'a.npz'));
  }

  test('holds the same items', async () => {
    expect(await readNpz(await npzOf())).toEqual(await readJsonl(lines));
  });

  test('frames without tokens of their own', async () => {
    const change = (item: TokenItem): TokenItem => (item.type === 'frame' ? { ...item, arrays: null } : item);
    const frames = (await readNpz(await npzOf(change))).filter(({ type }) => type === 'frame');
    expect(frames).toEqual([expect.objectContaining({ arrays: null }), expect.objectContaining({ arrays: null })]);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    ['missing sound', (text) => text.replaceAll('side/1.npy', 'side/7.npy'), /line 3: there is no array side\/1$/],
    [
      'no lines',
      (text) => text.replaceAll('lines.npy', 'linen.npy'),
      /^a\.npz is not a token file: it has no array lines/,
    ],
    ['cut', (text) => text.slice(0, -100), /^a\.npz is cut or damaged: .*; export the tokens again$/],
  ])('%s is refused', async (_what, change, message) => {
    const bytes = Buffer.from(change((await npzOf()).toString('latin1')), 'latin1');
    const error: unknown = await readNpz(bytes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('which format a file is of', () => {
  test('its name asks for one when it is written', () => {
    expect(formatOfName('a/b.NPZ')).toBe('npz');
    expect(formatOfName('a.b.jsonl')).toBe('jsonl');
    expect(() => formatOfName('a.json')).toThrow('cannot tell from a.json what to write: end its name with .npz or');
  });

  test('its first bytes tell when it is read', async () => {
    const open = (text: string): Promise<unknown> => openTokenFile(piped(Buffer.from(text)), undefined);
    await expect(open('words')).rejects.toThrow('the input pipe is not a token file (.npz or .jsonl)');
    await expect(open('')).rejects.toThrow('the input pipe is empty');
    await expect(open('PK and nothing else')).rejects.toThrow('the input pipe is cut or damaged');
    await expect(open('{}')).rejects.toThrow('the input pipe line 1: type');
  });
});
