/** The packets of the side section: how each is written, and read back with every length checked. */
import { BitstreamError } from '../../errors.js';
import type { ByteReader } from '../../io/pipe.js';

/** A packet of a track beside the video. Time stamps are ticks of its track's time base. */
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
  /** Side data by name (see `side-data.ts`). */
  readonly sideData: Readonly<Record<string, Uint8Array>>;
}

const flags = {
  key: 1,
  corrupt: 2,
  discard: 4,
  disposable: 8,
  noPts: 16,
  noDts: 32,
  ownDts: 64,
  sideData: 128,
} as const;
const maximumPacket = 1 << 28;
const maximumSideData = 64;

/** Time stamps that the next packet of a track probably has: most packets follow the one before without a gap. */
interface Expectation {
  pts: bigint;
  duration: bigint;
}

class Expectations {
  readonly #tracks = new Map<number, Expectation>();

  of(track: number): Expectation {
    let expectation = this.#tracks.get(track);
    if (expectation === undefined) this.#tracks.set(track, (expectation = { pts: 0n, duration: 0n }));
    return expectation;
  }
}

/** Writes packets as bytes; one object per section, because each packet is told by its difference to the one before. */
export class SidePacketWriter {
  readonly #expectations = new Expectations();

  /** The bytes of one packet. */
  format(packet: SidePacket): Uint8Array {
    const { pts, dts, data } = packet;
    const expected = this.#expectations.of(packet.track);
    const sideData = Object.entries(packet.sideData);
    const base = pts ?? expected.pts;
    const ownDts = dts !== null && (pts === null || dts !== pts);
    const bits =
      (packet.key ? flags.key : 0) |
      (packet.corrupt ? flags.corrupt : 0) |
      (packet.discard ? flags.discard : 0) |
      (packet.disposable ? flags.disposable : 0) |
      (pts === null ? flags.noPts : 0) |
      (dts === null ? flags.noDts : 0) |
      (ownDts ? flags.ownDts : 0) |
      (sideData.length > 0 ? flags.sideData : 0);
    const head: number[] = [];
    pushUnsigned(head, BigInt(packet.track));
    pushUnsigned(head, BigInt(bits));
    if (pts !== null) pushSigned(head, pts - expected.pts);
    if (ownDts) pushSigned(head, dts - base);
    pushSigned(head, packet.duration - expected.duration);
    pushUnsigned(head, BigInt(data.length));
    const parts: Uint8Array[] = [];
    if (sideData.length > 0) {
      pushUnsigned(head, BigInt(sideData.length));
      for (const [name, bytes] of sideData) {
        const text = Buffer.from(name, 'latin1');
        const lengths: number[] = [];
        pushUnsigned(lengths, BigInt(text.length));
        pushUnsigned(lengths, BigInt(bytes.length));
        parts.push(Uint8Array.from(lengths), text, bytes);
      }
    }
    expected.pts = base + packet.duration;
    expected.duration = packet.duration;
    return Buffer.concat([Uint8Array.from(head), ...parts, data]);
  }
}

/**
 * Reads the packets that {@link SidePacketWriter} wrote, to the end of `reader`.
 *
 * @param trackCount - number of tracks in the header
 * @throws BitstreamError if a packet is cut or names what is not there
 */
export async function* readSidePackets(
  reader: ByteReader,
  trackCount: number,
): AsyncGenerator<SidePacket, void, undefined> {
  const expectations = new Expectations();
  while (!(await reader.atEnd())) {
    const track = Number(await readUnsigned(reader));
    if (track >= trackCount)
      throw new BitstreamError(`the side tracks have a packet of track ${track}, which is not there`);
    const bits = Number(await readUnsigned(reader));
    const has = (flag: number) => (bits & flag) !== 0;
    const expected = expectations.of(track);
    const pts = has(flags.noPts) ? null : expected.pts + (await readSigned(reader));
    const base = pts ?? expected.pts;
    const ownDts = has(flags.ownDts) ? base + (await readSigned(reader)) : pts;
    const duration = expected.duration + (await readSigned(reader));
    for (const ticks of [base, ownDts ?? 0n, duration]) {
      if (BigInt.asIntN(62, ticks) !== ticks)
        throw new BitstreamError('the side tracks have a time stamp out of range');
    }
    const size = await readLength(reader);
    const sideData: Record<string, Uint8Array> = {};
    const count = has(flags.sideData) ? Number(await readUnsigned(reader)) : 0;
    if (count > maximumSideData)
      throw new BitstreamError(`a packet of the side tracks has ${count} pieces of side data`);
    for (let index = 0; index < count; index++) {
      const nameLength = await readLength(reader);
      const length = await readLength(reader);
      const name = Buffer.from(await readExactly(reader, nameLength)).toString('latin1');
      sideData[name] = await readExactly(reader, length);
    }
    expected.pts = base + duration;
    expected.duration = duration;
    yield {
      track,
      pts,
      dts: has(flags.noDts) ? null : ownDts,
      duration,
      key: has(flags.key),
      corrupt: has(flags.corrupt),
      discard: has(flags.discard),
      disposable: has(flags.disposable),
      data: await readExactly(reader, size),
      sideData,
    };
  }
}

/** Little endian base 128: seven bits per byte, the top bit says that more follow. */
function pushUnsigned(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}

/** 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
function pushSigned(bytes: number[], value: bigint): void {
  pushUnsigned(bytes, value >= 0n ? value << 1n : (-value << 1n) - 1n);
}

async function readUnsigned(reader: ByteReader): Promise<bigint> {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = (await readExactly(reader, 1))[0] ?? 0;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
  throw new BitstreamError('the side tracks have a number of more than 70 bits');
}

async function readSigned(reader: ByteReader): Promise<bigint> {
  const value = await readUnsigned(reader);
  return (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
}

async function readLength(reader: ByteReader): Promise<number> {
  const length = await readUnsigned(reader);
  if (length > maximumPacket) throw new BitstreamError(`the side tracks have a packet of ${length} bytes`);
  return Number(length);
}

async function readExactly(reader: ByteReader, length: number): Promise<Uint8Array> {
  const bytes = await reader.read(length);
  if (bytes.length < length) throw new BitstreamError('the side tracks are cut within a packet');
  return bytes;
}
