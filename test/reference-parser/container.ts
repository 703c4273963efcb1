// A second reader of whole streams, written from docs/FORMAT.md alone and for clearness alone: it holds the stream in
// memory, takes no shortcuts, and throws at the first violation.

/** CRC-32C, bit by bit (section 1). */
export function crc32cOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    // 0x82f63b78 is the polynomial 0x1edc6f41 reflected.
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`stream breaks FORMAT.md: ${what}`);
}

/** Reads the types of section 1. */
export class Cursor {
  position = 0;

  constructor(readonly bytes: Uint8Array) {}

  take(count: number): Uint8Array {
    must(this.position + count <= this.bytes.length, 'bytes end');
    this.position += count;
    return this.bytes.subarray(this.position - count, this.position);
  }

  unsigned(count: number): bigint {
    return this.take(count).reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  }

  number(count: number): number {
    return Number(this.unsigned(count));
  }

  varint(): bigint {
    const groups: number[] = [];
    do groups.push(this.number(1));
    while ((groups.at(-1) ?? 0) >= 128);
    must(groups.length === 1 || groups.at(-1) !== 0, 'a number has one form');
    const value = groups.reduceRight((sum, group) => sum * 128n + BigInt(group % 128), 0n);
    must(value < 2n ** 64n, 'a number is below 2^64');
    return value;
  }

  zigzag(): bigint {
    const number = this.varint();
    return number % 2n === 0n ? number / 2n : -(number + 1n) / 2n;
  }
}

export interface ReferenceHeader {
  width: number;
  height: number;
  slotCount: number;
  packName: string;
  packId: string;
  isResilient: boolean;
}

export interface ReferencePacket {
  offset: number;
  isKey: boolean;
  q: number;
  references: number[];
  refreshSlot: number | null;
  variant: number;
  hasQOffsets: boolean;
  hasLoopFilter: boolean;
  pts: bigint;
  duration: bigint;
  loopChecksum: number | null;
  tokens: Uint8Array;
}

export interface ReferenceWords {
  vocabularyEdition: number;
  vocabularyId: string;
  source: number;
  scenes: { duration: bigint; words: { node: number; confidence: number }[] }[];
}

export interface ReferenceStream {
  header: ReferenceHeader;
  packets: ReferencePacket[];
  side: Uint8Array;
  words: ReferenceWords | null;
}

/** Sections 1 to 4: a whole, undamaged stream. */
export function readContainer(bytes: Uint8Array): ReferenceStream {
  const cursor = new Cursor(bytes);
  const header = readHeader(cursor);
  const packets: ReferencePacket[] = [];
  const side: Uint8Array[] = [];
  let index: { offset: number; keys: { offset: number; pts: bigint; packetNumber: number }[] } | null = null;
  let words: ReferenceWords | null = null;
  for (;;) {
    const offset = cursor.position;
    const type = cursor.number(1);
    const length = Number(cursor.varint());
    const payload = new Cursor(cursor.take(length));
    const crc = crc32cOf(bytes.subarray(offset, cursor.position));
    must(cursor.number(4) === crc, 'crc of a section');
    must(words === null || type === 0x45 || ![0x50, 0x53, 0x49].includes(type), 'words stand before the end');
    if (type === 0x50) packets.push(readPacket(payload, offset, header, packets));
    else if (type === 0x53) side.push(payload.bytes);
    else if (type === 0x49) index = { offset, keys: readIndex(payload) };
    else if (type === 0x57) {
      must(words === null, 'there is one words section at most');
      words = readWords(payload);
    } else if (type === 0x45) {
      readEnd(payload, packets, index?.offset ?? 0);
      break;
    }
  }
  must(cursor.position === bytes.length, 'nothing stands behind the end');
  if (index !== null) {
    const keys = packets.flatMap(({ isKey, offset, pts }, packetNumber) =>
      isKey ? [{ offset, pts, packetNumber }] : [],
    );
    must(keys.length === index.keys.length, 'the index has every key packet');
    for (const [number, key] of keys.entries()) {
      const entry = index.keys[number];
      must(
        entry?.offset === key.offset && entry.pts === key.pts && entry.packetNumber === key.packetNumber,
        'index entries name key packets',
      );
    }
  }
  return { header, packets, side: Buffer.concat(side), words };
}

function readHeader(cursor: Cursor): ReferenceHeader {
  must(Buffer.from(cursor.take(8)).toString('hex') === '8b5453520d0a1a0a', 'magic');
  must(cursor.number(1) === 1, 'version');
  const headerLength = cursor.number(2);
  must(headerLength <= 1024, 'headerLength');
  const width = cursor.number(2);
  const height = cursor.number(2);
  must(width >= 1 && width <= 16384 && height >= 1 && height <= 16384 && width * height <= 2 ** 26, 'size');
  for (let fraction = 0; fraction < 6; fraction++) {
    const part = cursor.number(4);
    must(part >= 1 && part < 2 ** 31, 'fraction');
  }
  must(cursor.number(1) <= 3, 'rotation');
  cursor.take(3);
  must(cursor.number(1) <= 1, 'colour.fullRange');
  must(cursor.number(1) <= 6, 'colour.chromaLocation');
  const slotCount = cursor.number(1);
  must(slotCount >= 1 && slotCount <= 8, 'slotCount');
  must(cursor.number(1) <= 16, 'reorderDepth');
  const packName = Buffer.from(cursor.take(cursor.number(1))).toString('latin1');
  must(/^[\x21-\x7e]{1,64}$/.test(packName), 'packName');
  const packId = Buffer.from(cursor.take(16)).toString('hex');
  const behind = headerLength - 4;
  must(cursor.position <= behind, 'headerLength holds the fields');
  if (cursor.position < behind) must(cursor.number(1) <= 2, 'fieldOrder');
  for (const [bytes, field] of [
    [24, 'masteringDisplay'],
    [4, 'contentLight'],
  ] as const) {
    if (cursor.position < behind) must(cursor.take(bytes).length === bytes && cursor.position <= behind, field);
  }
  if (cursor.position < behind) {
    const aim = Buffer.from(cursor.take(cursor.number(1))).toString('latin1');
    must(/^[\x21-\x7e]{0,64}$/.test(aim) && cursor.position <= behind, 'aim');
  }
  let resilience = 0;
  if (cursor.position < behind) {
    resilience = cursor.number(1);
    must(resilience <= 1, 'resilience');
  }
  cursor.position = headerLength - 4;
  const crc = crc32cOf(cursor.bytes.subarray(0, cursor.position));
  must(cursor.number(4) === crc, 'headerCrc');
  return { width, height, slotCount, packName, packId, isResilient: resilience === 1 };
}

const keyParities = new WeakMap<ReferencePacket, number>();

function readPacket(
  cursor: Cursor,
  offset: number,
  { slotCount }: ReferenceHeader,
  before: readonly ReferencePacket[],
): ReferencePacket {
  const flags = cursor.number(2);
  const bits = (from: number, count: number): number => (flags >> from) % 2 ** count;
  const references = bits(0, 2);
  const isKey = references === 0;
  const lastKey = before.findLast((packet) => packet.isKey);
  const lastParity = lastKey === undefined ? 1 : keyParities.get(lastKey);
  must(references < 3, 'references');
  must(isKey ? bits(2, 1) !== lastParity : lastKey !== undefined && bits(2, 1) === lastParity, 'keyParity');
  must(!isKey || bits(8, 1) === 1, 'a key packet has a duration');
  const slot = (): number => {
    const value = cursor.number(1);
    must(value < slotCount, 'slots are below slotCount');
    return value;
  };
  const packet: ReferencePacket = {
    offset,
    isKey,
    q: bits(10, 6),
    references: Array.from({ length: references }, slot),
    refreshSlot: bits(3, 1) === 1 ? slot() : null,
    variant: bits(4, 2),
    hasQOffsets: bits(6, 1) === 1,
    hasLoopFilter: bits(7, 1) === 1,
    pts: cursor.zigzag() + (isKey ? 0n : (lastKey?.pts ?? 0n)),
    duration: bits(8, 1) === 1 ? cursor.varint() : (lastKey?.duration ?? 0n),
    loopChecksum: bits(9, 1) === 1 ? cursor.number(4) : null,
    tokens: cursor.bytes.subarray(cursor.position),
  };
  if (isKey) keyParities.set(packet, bits(2, 1));
  return packet;
}

/**
 * Section 7, "Resilient streams": follows what the slots hold and takes the marks off the tokens of packets.
 *
 * @returns takes the next packet; gives its tokens without marks.
 */
export function marksOf({ isResilient }: ReferenceHeader): (packet: ReferencePacket) => Uint8Array {
  const times = new Map<number, bigint>();
  let keyTime = 0n;
  return ({ isKey, references, refreshSlot, pts, tokens }) => {
    if (!isResilient) return tokens;
    if (isKey) {
      keyTime = pts;
      times.clear();
    }
    for (const [at, slot] of references.entries()) {
      const time = times.get(slot);
      must(time !== undefined, 'a reference names a slot that holds a frame');
      const mark = Number((((time - keyTime) % 251n) + 251n) % 251n);
      must(tokens[at] === mark, 'a mark is that of the frame in the slot');
    }
    if (refreshSlot !== null) times.set(refreshSlot, pts);
    return tokens.subarray(references.length);
  };
}

function readIndex(cursor: Cursor): { offset: number; pts: bigint; packetNumber: number }[] {
  const sums = { offset: 0n, pts: 0n, packetNumber: 0n };
  const keys = Array.from({ length: Number(cursor.varint()) }, () => {
    sums.offset += cursor.varint();
    sums.pts += cursor.zigzag();
    sums.packetNumber += cursor.varint();
    return { offset: Number(sums.offset), pts: sums.pts, packetNumber: Number(sums.packetNumber) };
  });
  must(cursor.position === cursor.bytes.length, 'the index ends with its entries');
  return keys;
}

/** Section 3, "Words". */
function readWords(cursor: Cursor): ReferenceWords {
  const vocabularyEdition = cursor.number(2);
  must(vocabularyEdition >= 1, 'vocabularyEdition');
  const vocabularyId = Buffer.from(cursor.take(8)).toString('hex');
  const source = cursor.number(1);
  must(source <= 1, 'source');
  const sceneCount = Number(cursor.varint());
  const scenes: ReferenceWords['scenes'] = [];
  for (let scene = 0; scene < sceneCount; scene++) {
    const duration = cursor.varint();
    must(duration < 2n ** 53n, 'duration of a scene');
    let node = -1;
    const words = Array.from({ length: cursor.number(1) }, () => {
      const step = Number(cursor.varint());
      node += step;
      must(step >= 1 && node <= 65535, 'node');
      const confidence = cursor.number(1);
      must(confidence >= 1, 'confidence');
      return { node, confidence };
    });
    scenes.push({ duration, words });
  }
  must(cursor.position === cursor.bytes.length, 'the words end with their scenes');
  return { vocabularyEdition, vocabularyId, source, scenes };
}

function readEnd(cursor: Cursor, packets: readonly ReferencePacket[], indexOffset: number): void {
  must(cursor.bytes.length === 20, 'the end section has 20 bytes');
  must(cursor.number(4) === packets.length, 'packetCount');
  const starts = packets.map(({ pts }) => pts).sort((a, b) => (a < b ? -1 : 1));
  const ends = packets.map(({ pts, duration }) => pts + duration).sort((a, b) => (a < b ? -1 : 1));
  must(cursor.unsigned(8) === (ends.at(-1) ?? 0n) - (starts[0] ?? 0n), 'duration');
  must(cursor.number(8) === indexOffset, 'indexOffset');
}
