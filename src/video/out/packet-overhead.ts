import { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VVC } from 'node-av/constants';

/** `user_data_unregistered`, ITU-T H.264 D.1.1 and H.265 D.2.1. */
const UNREGISTERED_USER_DATA = 5;
const H264_SEI = 6;
const HEVC_PREFIX_SEI = 39;
/** Operating points, decoder and parameter sets, delimiters: H.266, table 5. */
const VVC_WITHOUT_PICTURE: readonly number[] = [12, 13, 14, 15, 16, 20];

/**
 * Returns the number of bytes of a packet that are not coded pictures, with their length fields: the text in which x264 or
 * x265 stores its settings (a SEI unit with unregistered user data); in VVC parameter sets, which the container holds
 * already, and delimiters.
 *
 * @param codecId libav's number of the codec; others than H.264, HEVC and VVC have no such units.
 * @param extradata the codec's configuration. If it starts with a start code, packets have start codes.
 */
export function overheadLength(data: Buffer, codecId: number, extradata: Buffer | null): number {
  const isOverhead = overheadTests.get(codecId);
  if (isOverhead === undefined) return 0;
  const size = lengthSize(codecId, extradata);
  const units = size === null ? startCodeUnits(data) : lengthUnits(data, size);
  let length = 0;
  for (const { begin, payload, end } of units) if (isOverhead(data, payload)) length += end - begin;
  return length;
}

/** By codec: returns whether the unit with its header at `at` is not a coded picture. */
const overheadTests = new Map<number, (data: Buffer, at: number) => boolean>([
  [AV_CODEC_ID_H264, (data, at) => ((data[at] ?? 0) & 31) === H264_SEI && data[at + 1] === UNREGISTERED_USER_DATA],
  [
    AV_CODEC_ID_HEVC,
    (data, at) => (((data[at] ?? 0) >> 1) & 63) === HEVC_PREFIX_SEI && data[at + 2] === UNREGISTERED_USER_DATA,
  ],
  [AV_CODEC_ID_VVC, (data, at) => VVC_WITHOUT_PICTURE.includes((data[at + 1] ?? 0) >> 3)],
]);

/** A NAL unit in a packet: with its prefix from `begin`, itself from `payload`, to `end`. */
interface Unit {
  readonly begin: number;
  readonly payload: number;
  readonly end: number;
}

/** Bytes of the length fields; null if packets have start codes. */
function lengthSize(codecId: number, extradata: Buffer | null): number | null {
  const first = extradata?.[0] ?? 0;
  // vvcC starts with five ones, then the size. avcC and hvcC start with version 1 and store the size further behind.
  if (codecId === AV_CODEC_ID_VVC) return first >> 3 === 31 ? ((first >> 1) & 3) + 1 : null;
  return first === 1 ? ((extradata?.[codecId === AV_CODEC_ID_HEVC ? 21 : 4] ?? 3) & 3) + 1 : null;
}

function* lengthUnits(data: Buffer, prefix: number): Generator<Unit, void, void> {
  for (let begin = 0; begin + prefix < data.length;) {
    const payload = begin + prefix;
    const end = Math.min(payload + data.readUIntBE(begin, prefix), data.length);
    yield { begin, payload, end };
    begin = end;
  }
}

function* startCodeUnits(data: Buffer): Generator<Unit, void, void> {
  const startCode = Buffer.from([0, 0, 1]);
  for (let at = data.indexOf(startCode); at >= 0;) {
    const next = data.indexOf(startCode, at + 3);
    // A start code may have a zero byte before it.
    const begin = data[at - 1] === 0 ? at - 1 : at;
    yield { begin, payload: at + 3, end: next < 0 ? data.length : data[next - 1] === 0 ? next - 1 : next };
    at = next;
  }
}
