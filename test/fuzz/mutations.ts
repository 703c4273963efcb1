import { crc32c } from '../../src/platform/checksums.js';
import { readSectionHead, SECTION_CRC_BYTES } from '../../src/bitstream/section.js';
import { integer } from '../kernels/arena.js';

/** A stream taken apart: its header, then its sections, framing included. */
interface Parts {
  readonly header: Uint8Array;
  readonly sections: readonly Uint8Array[];
}

type Random = () => number;
/** `other` is another stream, to take parts from. */
type Mutation = (stream: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Takes an intact stream apart; of a damaged one the last part holds what could not be read. */
function takeApart(stream: Uint8Array): Parts {
  if (stream.length < 11) return { header: stream, sections: [] };
  const headerBytes = Math.min(stream.length, stream[9]! | (stream[10]! << 8));
  const sections: Uint8Array[] = [];
  let at = headerBytes;
  while (at < stream.length) {
    const head = readSectionHead(stream.subarray(at, at + 6), { width: 16384, height: 4096 });
    const end = typeof head === 'string' ? stream.length : Math.min(stream.length, at + head.totalBytes);
    sections.push(stream.subarray(at, end));
    at = end;
  }
  return { header: stream.subarray(0, headerBytes), sections };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function withCrc(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  const end = result.length - SECTION_CRC_BYTES;
  if (end < 0) return result;
  new DataView(result.buffer).setUint32(end, crc32c(result.subarray(0, end)), true);
  return result;
}

function noise(count: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: count }, () => integer(random, 0, 255));
}

function flipBits(bytes: Uint8Array, count: number, random: Random, from = 0): Uint8Array {
  const result = bytes.slice();
  if (result.length <= from) return result;
  for (let i = 0; i < count; i++) result[integer(random, from, result.length - 1)]! ^= 1 << integer(random, 0, 7);
  return result;
}

function pick<T>(list: readonly T[], random: Random): T | undefined {
  return list[integer(random, 0, list.length - 1)];
}

/** A section with a payload of its own making, whose length and CRC are right. */
function section(type: number, payload: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = payload.length; ; rest >>= 7) {
    length.push(rest < 128 ? rest : (rest & 127) | 128);
    if (rest < 128) break;
  }
  return withCrc(Uint8Array.of(type, ...length, ...payload, 0, 0, 0, 0));
}

function payloadOf(bytes: Uint8Array): Uint8Array {
  const lengthBytes = bytes.subarray(1).findIndex((byte) => byte < 128) + 1;
  return bytes.slice(1 + lengthBytes, Math.max(1 + lengthBytes, bytes.length - SECTION_CRC_BYTES));
}

/** Changes one section, as a rule a packet, by its payload; what comes out is intact as far as CRCs tell. */
function rewriteSection(stream: Uint8Array, random: Random, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  const { header, sections } = takeApart(stream);
  if (sections.length === 0) return stream;
  const packets = sections.filter(([type]) => type === 0x50);
  const chosen = packets.length > 0 && random() < 0.9 ? pick(packets, random)! : pick(sections, random)!;
  return join([header, ...sections.map((one) => (one === chosen ? section(one[0]!, change(payloadOf(one))) : one))]);
}

/** Ways to damage a stream, by name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'bits flipped': (stream, random) => flipBits(stream, integer(random, 1, 12), random),
  'bytes replaced': (stream, random) => {
    const result = stream.slice();
    const from = integer(random, 0, stream.length);
    result.set(noise(Math.min(integer(random, 1, 40), stream.length - from), random), from);
    return result;
  },
  cut: (stream, random) => stream.slice(0, integer(random, 0, stream.length)),
  'bytes removed': (stream, random) => {
    const from = integer(random, 0, stream.length);
    return join([stream.subarray(0, from), stream.subarray(from + integer(random, 1, 200))]);
  },
  'bytes inserted': (stream, random) => {
    const from = integer(random, 0, stream.length);
    return join([stream.subarray(0, from), noise(integer(random, 1, 200), random), stream.subarray(from)]);
  },
  'ranges swapped': (stream, random) => {
    const [a, b, c, d] = Array.from({ length: 4 }, () => integer(random, 0, stream.length)).sort((x, y) => x - y);
    const range = (from?: number, to?: number): Uint8Array => stream.subarray(from, to);
    return join([range(0, a), range(c, d), range(b, c), range(a, b), range(d)]);
  },
  'sections reordered': (stream, random) => {
    const { header, sections } = takeApart(stream);
    const keys = sections.map(() => random());
    const order = [...sections.keys()].sort((a, b) => keys[a]! - keys[b]!);
    return join([header, ...order.map((index) => sections[index]!)]);
  },
  'sections dropped or doubled': (stream, random) => {
    const { header, sections } = takeApart(stream);
    return join([header, ...sections.flatMap((one) => [[], [one], [one], [one, one]][integer(random, 0, 3)]!)]);
  },
  "another stream's sections": (stream, random, other) => {
    const { header, sections } = takeApart(stream);
    const foreign = takeApart(other).sections;
    return join([header, ...sections.map((one) => (random() < 0.4 ? (pick(foreign, random) ?? one) : one))]);
  },
  "another stream's header": (stream, _random, other) => join([takeApart(other).header, ...takeApart(stream).sections]),
  'header changed': (stream, random) => {
    const { header, sections } = takeApart(stream);
    return join([withCrc(flipBits(header, integer(random, 1, 3), random, 11)), ...sections]);
  },
  'packet bits flipped, CRC right': (stream, random) =>
    rewriteSection(stream, random, (payload) => flipBits(payload, integer(random, 1, 6), random)),
  'packet head changed, CRC right': (stream, random) =>
    rewriteSection(stream, random, (payload) => {
      const result = payload.slice();
      result.set(noise(Math.min(result.length, integer(random, 1, 3)), random));
      return result;
    }),
  'tokens replaced by noise, CRC right': (stream, random) =>
    rewriteSection(stream, random, (payload) => {
      const from = integer(random, 4, 12);
      const tokens = noise(integer(random, 4, 3000), random);
      // A possible first state: then most noise is valid tokens for a while.
      if (tokens.length > 3) tokens[3] = tokens[3]! & 127;
      return join([payload.subarray(0, from), tokens]);
    }),
  'packet cut or prolonged, CRC right': (stream, random) =>
    rewriteSection(stream, random, (payload) =>
      random() < 0.5
        ? payload.subarray(0, integer(random, 0, payload.length))
        : join([payload, noise(integer(random, 1, 50), random)]),
    ),
  'unknown sections mixed in': (stream, random) => {
    const { header, sections } = takeApart(stream);
    const strange = (): Uint8Array => section(integer(random, 0, 255), noise(integer(random, 0, 60), random));
    return join([header, ...sections.flatMap((one) => (random() < 0.5 ? [strange(), one] : [one]))]);
  },
};

/** Between one and three mutations, one after the other. */
export function mutate(
  streams: readonly Uint8Array[],
  random: Random,
): { readonly bytes: Uint8Array; readonly kinds: readonly string[] } {
  let bytes = pick(streams, random)!;
  const kinds: string[] = [];
  const count = random() < 0.7 ? 1 : integer(random, 2, 3);
  for (let i = 0; i < count; i++) {
    const kind = pick(Object.keys(MUTATIONS), random)!;
    bytes = MUTATIONS[kind]!(bytes, random, pick(streams, random)!);
    kinds.push(kind);
  }
  return { bytes, kinds };
}
