/** Syntax of the side data (docs/FORMAT.md section 3): a deflated header, then packets to the end. */
import { BitstreamError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import type { ByteWindow } from './byte-window.js';
import { ByteWriter } from './byte-writer.js';
import { uint, varint, when, zigzag } from './field-types.js';
import { structure, type Structure } from './structure.js';

/** A packet of a track other than the video. Time stamps are in ticks of its track's time base. */
export interface SidePacket {
  /** Index into the header's tracks. */
  readonly track: number;
  readonly pts: bigint | null;
  readonly dts: bigint | null;
  readonly duration: bigint;
  readonly key: boolean;
  readonly corrupt: boolean;
  readonly discard: boolean;
  readonly disposable: boolean;
  readonly data: Uint8Array;
  /** Side data of the packet by name. */
  readonly sideData: Readonly<Record<string, Uint8Array>>;
}

/** The largest size of a header in bytes, compressed or not. Fonts and cover pictures are part of the header. */
export const SIDE_HEADER_LIMIT = 64 << 20;
const PACKET_LIMIT = 1n << 28n;
const SIDE_DATA_LIMIT = 64n;
/** A number of 64 bits in groups of 7. */
const VARINT_BYTES = 10;

const KEY = 1n;
const CORRUPT = 2n;
const DISCARD = 4n;
const DISPOSABLE = 8n;
const NO_PTS = 16n;
const NO_DTS = 32n;
const OWN_DTS = 64n;
const SIDE_DATA = 128n;

type Before = Readonly<Record<string, unknown>>;
const has = (flag: bigint, { flags }: Before): boolean => ((flags as bigint) & flag) !== 0n;

const prefixFields = structure({ headerLength: uint(4, 2, SIDE_HEADER_LIMIT) });

const packetFields = structure({
  track: varint(0xffffffffn),
  flags: varint(255n),
  /** The difference to the end of the track's previous packet. */
  pts: when((before) => !has(NO_PTS, before), zigzag()),
  /** The difference to `pts`. */
  dts: when((before) => has(OWN_DTS, before), zigzag()),
  /** The difference to the duration of the track's previous packet. */
  duration: zigzag(),
  size: varint(PACKET_LIMIT),
  count: when((before) => has(SIDE_DATA, before), varint(SIDE_DATA_LIMIT)),
});

const sideDataFields = structure({ nameLength: varint(PACKET_LIMIT), length: varint(PACKET_LIMIT) });

/** Most packets follow the previous packet of their track without a gap, so they are written as differences to it. */
interface Expected {
  pts: bigint;
  duration: bigint;
}

class Expectations {
  readonly #tracks = new Map<number, Expected>();

  of(track: number): Expected {
    let expected = this.#tracks.get(track);
    if (expected === undefined) this.#tracks.set(track, (expected = { pts: 0n, duration: 0n }));
    return expected;
  }
}

/** Returns the start of the side data: the header with its length. Throws InputError if it is too long. */
export function formatSideHeader(deflated: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  prefixFields.write(writer, { headerLength: deflated.length }, 'side data');
  writer.bytes(deflated);
  return writer.finish();
}

/**
 * Reads the deflated header, which packets follow.
 *
 * @throws BitstreamError if it is cut or too long.
 */
export async function readSideHeader(window: ByteWindow): Promise<Uint8Array> {
  const { headerLength } = await readFields(window, prefixFields, 4);
  return await readBytes(window, headerLength);
}

/** Writes packets as bytes. Use one object for one stream, because packets refer to earlier packets. */
export class SidePacketWriter {
  readonly #expectations = new Expectations();

  /** Returns the bytes of one packet. Throws InputError if the packet does not fit into the format. */
  format(packet: SidePacket): Uint8Array {
    const { track, pts, dts, duration, data } = packet;
    const expected = this.#expectations.of(track);
    const sideData = Object.entries(packet.sideData);
    const base = pts ?? expected.pts;
    const ownDts = dts !== null && dts !== pts ? dts - base : null;
    const flags: readonly (readonly [bigint, boolean])[] = [
      [KEY, packet.key],
      [CORRUPT, packet.corrupt],
      [DISCARD, packet.discard],
      [DISPOSABLE, packet.disposable],
      [NO_PTS, pts === null],
      [NO_DTS, dts === null],
      [OWN_DTS, ownDts !== null],
      [SIDE_DATA, sideData.length > 0],
    ];
    const writer = new ByteWriter();
    packetFields.write(
      writer,
      {
        track: BigInt(track),
        flags: flags.reduce((sum, [flag, isSet]) => (isSet ? sum | flag : sum), 0n),
        pts: pts === null ? null : pts - expected.pts,
        dts: ownDts,
        duration: duration - expected.duration,
        size: BigInt(data.length),
        count: sideData.length > 0 ? BigInt(sideData.length) : null,
      },
      'packet',
    );
    for (const [name, bytes] of sideData) {
      const text = new TextEncoder().encode(name);
      const lengths = { nameLength: BigInt(text.length), length: BigInt(bytes.length) };
      sideDataFields.write(writer, lengths, 'side data');
      writer.bytes(text);
      writer.bytes(bytes);
    }
    writer.bytes(data);
    expected.pts = base + duration;
    expected.duration = duration;
    return writer.finish();
  }
}

/**
 * Reads the packets that {@link SidePacketWriter} wrote, to the end.
 *
 * @param window at the first byte after the header.
 * @param trackCount number of tracks in the header.
 * @throws BitstreamError if a packet is cut, or names a track that does not exist.
 */
export async function* readSidePackets(
  window: ByteWindow,
  trackCount: number,
): AsyncGenerator<SidePacket, void, undefined> {
  const expectations = new Expectations();
  while (await window.fill(1)) {
    const head = await readFields(window, packetFields, 7 * VARINT_BYTES);
    const track = Number(head.track);
    if (track >= trackCount) {
      throw new BitstreamError(`the side data has a packet of track ${track}, which is not there`);
    }
    const expected = expectations.of(track);
    const pts = head.pts === null ? null : expected.pts + head.pts;
    const base = pts ?? expected.pts;
    const dts = head.dts === null ? pts : base + head.dts;
    const duration = expected.duration + head.duration;
    for (const ticks of [base, dts ?? 0n, duration]) {
      if (BigInt.asIntN(62, ticks) !== ticks) throw new BitstreamError('the side data has a time stamp out of range');
    }
    expected.pts = base + duration;
    expected.duration = duration;
    const sideData: Record<string, Uint8Array> = {};
    for (let index = 0n; index < (head.count ?? 0n); index++) {
      const { nameLength, length } = await readFields(window, sideDataFields, 2 * VARINT_BYTES);
      const name = new TextDecoder().decode(await readBytes(window, Number(nameLength)));
      sideData[name] = await readBytes(window, Number(length));
    }
    yield {
      track,
      pts,
      dts: has(NO_DTS, head) ? null : dts,
      duration,
      key: has(KEY, head),
      corrupt: has(CORRUPT, head),
      discard: has(DISCARD, head),
      disposable: has(DISPOSABLE, head),
      data: await readBytes(window, Number(head.size)),
      sideData,
    };
  }
}

/** Reads a record of at most `limit` bytes. */
async function readFields<R>(window: ByteWindow, fields: Structure<R>, limit: number): Promise<R> {
  await window.fill(limit);
  const begin = window.position;
  const reader = new ByteReader(window.peek(0, limit), begin);
  try {
    const record = fields.read(reader, 'side data');
    window.skip(reader.offset - begin);
    return record;
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    throw new BitstreamError(`the side data is cut or damaged: ${error.message}`, { cause: error });
  }
}

async function readBytes(window: ByteWindow, length: number): Promise<Uint8Array> {
  if (!(await window.fill(length))) throw new BitstreamError('the side data is cut');
  const bytes = window.peek(0, length).slice();
  window.skip(length);
  return bytes;
}
