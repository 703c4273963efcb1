// Invalid golden streams: each breaks one rule of docs/FORMAT.md.
import { Buffer } from 'node:buffer';
import { crc32c } from '../../dist/src/platform/checksums.js';
import { encodeSection } from '../../dist/src/bitstream/section.js';
import { encodeHeader } from '../../dist/src/bitstream/stream-header.js';
import { CoefficientSyntax } from '../../dist/src/codec/transform/coefficient-syntax.js';
import { FrameTokens, Geometry } from '../../dist/src/codec/transform/frame-tokens.js';
import { ModeSyntax } from '../../dist/src/codec/transform/mode-syntax.js';
import { ProbabilityTables } from '../../dist/src/codec/transform/probability-tables.js';
import { TemporalMotion } from '../../dist/src/codec/transform/temporal-motion.js';
import { ESCAPE } from '../../dist/src/entropy/magnitude.js';
import { RansEncoder } from '../../dist/src/entropy/rans-encoder.js';
import { SymbolWriter } from '../../dist/src/entropy/symbol-coder.js';
import { drawTokens, interHead, keyHead } from './drawn-tokens.mjs';
import { chance, container, header, pack, packFrames, tables } from './streams.mjs';

/** The same bytes with some replaced, and the CRC of the header made to fit. */
function patchHeader(stream, changes, { fixCrc = true } = {}) {
  const bytes = Buffer.from(stream);
  for (const [at, value] of changes) bytes[at] = value;
  const length = stream.readUInt16LE(9);
  if (fixCrc) bytes.writeUInt32LE(crc32c(bytes.subarray(0, length - 4)), length - 4);
  return bytes;
}

/** Writes all invalid streams with `save(name, bytes, message, field)`. */
export async function writeInvalid(save) {
  const geometry = new Geometry(40, 24);
  const random = chance(77);
  const temporal = new TemporalMotion();
  const head = header(40, 24, { slotCount: 2 });
  const headerBytes = Buffer.from(encodeHeader(head));
  const { packets } = await packFrames(geometry, [
    { head: keyHead, tokens: drawTokens(geometry, keyHead, random, temporal) },
    { head: interHead, tokens: drawTokens(geometry, interHead, random, temporal) },
  ]);
  const [key, inter] = packets;
  const good = await container(head, packets);
  const stream = (...list) => container(head, list);
  const withTokens = (packet, tokens) => ({ ...packet, tokens: Uint8Array.from(tokens), loopChecksum: null });

  save('empty', Buffer.alloc(0), 'stream is empty', 'magic');
  save('foreign', Buffer.from('RIFF....WEBPVP8 and so on'), 'not a tessera stream', 'magic');
  const asText = Buffer.from(good.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  save('transferred-as-text', asText, 'damaged by a transfer as text', 'magic');
  save('newer-version', patchHeader(good, [[8, 2]]), 'version 2', 'version');
  save('header-cut', good.subarray(0, 40), 'ends within its header', 'header');
  save('header-damaged', patchHeader(good, [[13, 77]], { fixCrc: false }), 'CRC does not match', 'headerCrc');
  save(
    'width-zero',
    patchHeader(good, [
      [11, 0],
      [12, 0],
    ]),
    '',
    'width',
  );
  const large = [
    [11, 0],
    [12, 64],
    [13, 1],
    [14, 64],
  ];
  save('too-many-samples', patchHeader(good, large), '', 'height');
  save('no-slots', patchHeader(good, [[headerBytes.length - 20 - pack.name.length - 3, 0]]), '', 'slotCount');

  save(
    'first-is-inter',
    Buffer.concat([headerBytes, good.subarray(headerBytes.length + sectionBytes(good, headerBytes.length))]),
    'key packet of this inter packet is missing',
    'keyParity',
  );
  save('empty-slot', await stream(key, { ...inter, referenceSlot0: 1 }), 'slot 1, which is empty', 'reference');
  save(
    'second-reference-empty',
    await stream(key, { ...inter, referenceSlot1: 1 }),
    'slot 1, which is empty',
    'reference',
  );
  save(
    'slot-beyond-count',
    rewrite(good, headerBytes.length, (payload) => (payload[2] = 5)),
    'slot 5 of 2',
    'refreshSlot',
  );
  save(
    'three-references',
    rewrite(good, headerBytes.length, (payload) => (payload[0] |= 3)),
    'at most two references',
    'flags',
  );
  save('no-such-filter', await stream(key, { ...inter, variant: 3 }), 'no such interpolation filter', 'variant');
  save(
    'loop-checksum',
    await stream({ ...key, loopChecksum: key.loopChecksum ^ 1 }),
    'differs from that of the encoder',
    'loopChecksum',
  );

  const { tokens } = key;
  save('tokens-cut', await stream(withTokens(key, tokens.subarray(0, tokens.length - 2))), '', 'tokens');
  save('tokens-missing', await stream(withTokens(key, [])), 'end within the first state', 'tokens');
  save('tokens-followed', await stream(withTokens(key, [...tokens, 0])), '1 bytes follow', 'tokens');
  save('state-impossible', await stream(withTokens(key, [255, 255, 127, 0, 1, 2, 3])), 'impossible state', 'tokens');
  save(
    'vector-out-of-range',
    await stream(key, withTokens(inter, farVector(geometry))),
    'vector out of range',
    'motion',
  );
  save(
    'magnitude-too-large',
    await stream(withTokens(key, hugeMagnitude(geometry))),
    'too long an escape',
    'magnitude',
  );

  const first = headerBytes.length;
  const damaged = Buffer.from(good);
  damaged[first + 20] ^= 16;
  save('packet-damaged', damaged, 'CRC does not match');
  save('packet-cut', good.subarray(0, first + 30), 'ends within a section');
  save('end-missing', good.subarray(0, good.length - 26), 'without its end section');
  save('end-followed', Buffer.concat([good, Buffer.from('more')]), 'bytes follow the end');
  const long = Buffer.concat([headerBytes, Buffer.from([0x50, 0xff, 0xff, 0xff, 0x7f]), good.subarray(first)]);
  save('section-too-long', long, 'is too long');
  const wide = Buffer.concat([headerBytes, Buffer.from([0x53, 0x81, 0x00, 1, 0, 0, 0, 0]), good.subarray(first)]);
  save('length-with-needless-bytes', wide, 'needless bytes');
}

/** Bytes of the section at `at`, framing included. */
function sectionBytes(stream, at) {
  let length = 0;
  let index = 1;
  for (; ; index++) {
    length += (stream[at + index] & 127) * 2 ** (7 * (index - 1));
    if (stream[at + index] < 128) break;
  }
  return 1 + index + length + 4;
}

/** Changes the payload of the packet at `at`; its CRC fits again. */
function rewrite(stream, at, change) {
  const size = sectionBytes(stream, at);
  const lengthBytes = stream.subarray(at + 1).findIndex((byte) => byte < 128) + 1;
  const payload = Buffer.from(stream.subarray(at + 1 + lengthBytes, at + size - 4));
  change(payload);
  return Buffer.concat([stream.subarray(0, at), encodeSection('packet', payload), stream.subarray(at + size)]);
}

/** Coded tokens that end where a writer gave up. */
function writeUntilRefused(geometry, head, change) {
  const encoder = new RansEncoder();
  const syntaxTables = new ProbabilityTables(tables);
  const writer = change(new SymbolWriter(encoder), syntaxTables, encoder);
  const tokens = new FrameTokens(geometry);
  tokens.type.fill(head.kind === 'key' ? 3 : 1);
  tokens.lumaGroups.fill(head.kind === 'key' ? 1 : 0);
  tokens.referenceIndex.fill(0);
  tokens.motion.fill(44);
  try {
    new ModeSyntax(syntaxTables, tables).code(writer, head, tokens);
    const scales = { scale: new Uint8Array(384), index: new Int32Array(tokens.type.length) };
    new CoefficientSyntax(syntaxTables, tables).code(writer, tokens, 0, scales);
  } catch (error) {
    if (!(error instanceof RangeError) && error.name !== 'BitstreamError') throw error;
  }
  return encoder.finish();
}

/** A first vector of 16384 quarter samples. */
function farVector(geometry) {
  return writeUntilRefused(geometry, interHead, (writer, { modes }) => ({
    symbol: (table, context, value) => writer.symbol(table, context, table === modes.motionClass ? 15 : value),
    bits: (_value, count) => writer.bits(0, count),
    magnitude: () => 0,
  }));
}

/** A first magnitude whose escape has more 1 bits than there may be. */
function hugeMagnitude(geometry) {
  return writeUntilRefused(geometry, keyHead, (writer, _tables, encoder) => ({
    symbol: (table, context, value) => writer.symbol(table, context, value),
    bits: (value, count) => writer.bits(value, count),
    magnitude: (table, context) => {
      table.encode(encoder, context, ESCAPE);
      for (let i = 0; i < 15; i++) encoder.bits(1, 1);
      throw new RangeError('written as far as a reader reads');
    },
  }));
}
