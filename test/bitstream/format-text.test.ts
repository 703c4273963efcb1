import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { crc32c } from '../../src/platform/checksums.js';
import { displayFieldNames } from '../../src/bitstream/display-fields.js';
import * as limits from '../../src/bitstream/limits.js';
import { packetFields } from '../../src/bitstream/packet.js';
import { SECTION_TYPES } from '../../src/bitstream/section.js';
import { MAGIC, streamHeaderFields } from '../../src/bitstream/stream-header.js';
import { indexEntryFields, streamEndFields } from '../../src/bitstream/stream-index.js';
import { sceneFields, sceneWordFields, wordsHeadFields } from '../../src/bitstream/words.js';
import { RansDecoder } from '../../src/entropy/rans-decoder.js';
import { packetsOf, readAll, sampleHeader, sampleInter, sampleKey, writeStream } from './samples.js';

let text: string;
beforeAll(async () => {
  text = await readFile(fileURLToPath(new URL('../../docs/FORMAT.md', import.meta.url)), 'utf8');
});

/** First two cells of the rows, which name a field and its type, of the first table behind a text. */
function tableAfter(anchor: string): { name: string; wire: string }[] {
  const from = text.indexOf(anchor);
  if (from === -1) throw new Error(`FORMAT.md lacks "${anchor}"`);
  const lines = text.slice(from).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = lines.slice(first + 2, first + lines.slice(first).findIndex((line) => !line.startsWith('|')));
  return rows.flatMap((row) => {
    const [, name = '', wire = ''] = row.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    return name === '' ? [] : [{ name, wire }];
  });
}

test('the worked example is what the writer writes and the reader reads', async () => {
  const from = text.indexOf('```', text.indexOf('### 4.4 Example'));
  const lines = text.slice(from + 4, text.indexOf('```', from + 4)).split('\n');
  const hex = lines.map((line) => /^(?:[0-9a-f]{2} ?)+(?=\s|$)/.exec(line)?.[0] ?? '').join(' ');
  const bytes = Uint8Array.from(hex.trim().split(/ +/), (byte) => parseInt(byte, 16));
  expect(Buffer.from(bytes).equals(await writeStream([sampleKey, sampleInter], [], sampleHeader))).toBe(true);
  const sections = await readAll(bytes, true);
  expect(packetsOf(sections)).toEqual([sampleKey, sampleInter]);
  for (const { kind, offset, byteLength } of sections) {
    const payload = byteLength - 6;
    expect(text).toContain(`${kind} of ${payload} bytes, at byte ${offset}`);
  }
  const decoder = new RansDecoder(sampleInter.tokens);
  decoder.advance(0, 30000);
  decoder.advance(30000, 2000);
  decoder.advance(32000, 768);
  expect(decoder.bits(5)).toBe(0b10110);
  decoder.finish();
});

test('field tables name the fields of the code, in its order', () => {
  const header = tableAfter('### 1.1 Header').map(({ name }) => name.split('.')[0]);
  const body = [...new Set(header)].slice(3, -1);
  const display = tableAfter('Few videos need these fields').map(({ name }) => name.split('.')[0]);
  expect([...new Set(display)]).toEqual(displayFieldNames);
  expect(body).toEqual(streamHeaderFields.fields.map(({ name }) => name));
  expect(tableAfter('holds one frame. Packets stand')).toEqual([
    ...packetFields.fields,
    { name: 'tokens', wire: 'bytes to the end' },
  ]);
  expect(tableAfter('**Index.**')).toEqual(indexEntryFields.fields);
  expect(tableAfter('**Words.**')).toEqual(wordsHeadFields.fields);
  expect(tableAfter('Then each scene, in the order of time')).toEqual(sceneFields.fields);
  expect(tableAfter('and each word of the scene')).toEqual(sceneWordFields.fields);
  expect(tableAfter('**End.**')).toEqual(streamEndFields.fields);
});

test('constants of the text are those of the code', () => {
  const magic = Array.from(MAGIC, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ');
  expect(text).toContain(magic);
  for (const [kind, type] of Object.entries(SECTION_TYPES)) {
    expect(text).toMatch(new RegExp(`0x${type.toString(16)} \`${String.fromCharCode(type)}\` ${kind}`));
  }
  expect(text).toContain(`0x${crc32c(Buffer.from('123456789')).toString(16).toUpperCase()}`);
  expect(text).toContain(`at most ${limits.HEADER_BYTES_LIMIT}`);
  expect(text).toContain(`1..${limits.DIMENSION_LIMIT}`);
  expect(text).toContain(`at most 2^${Math.log2(limits.FRAME_AREA_LIMIT)}`);
  expect(text).toContain(`2^${Math.log2(limits.SECTION_PAYLOAD_LIMIT)} bytes`);
  expect(text).toContain(`keep each payload to ${limits.SIDE_CHUNK_BYTES} bytes`);
  expect(text).toContain(`the smaller of 2^${Math.log2(limits.PACKET_PAYLOAD_LIMIT)} and`);
  expect(limits.packetPayloadLimit(17, 33)).toBe(2 ** 16 + 12 * 32 * 48);
  expect(limits.packetPayloadLimit(16384, 4096)).toBe(2 ** 28);
});
