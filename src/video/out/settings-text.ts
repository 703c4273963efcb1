import { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC } from 'node-av/constants';

/** `user_data_unregistered`, ITU-T H.264 D.1.1 and H.265 D.2.1. */
const UNREGISTERED_USER_DATA = 5;
const H264_SEI = 6;
const HEVC_PREFIX_SEI = 39;

/**
 * Returns the number of bytes of a packet for the text in which x264 or x265 stores its settings (a SEI unit with
 * unregistered user data), with its length field.
 *
 * @param codecId libav's number of the codec; others than H.264 and HEVC have no such units.
 * @param extradata the codec's configuration. If it starts with a start code, packets have start codes.
 */
export function settingsTextLength(data: Buffer, codecId: number, extradata: Buffer | null): number {
  if (codecId !== AV_CODEC_ID_H264 && codecId !== AV_CODEC_ID_HEVC) return 0;
  const isHevc = codecId === AV_CODEC_ID_HEVC;
  // avcC and hvcC start with version 1. They store the size of the length fields at different positions.
  const units = extradata?.[0] === 1 ? lengthUnits(data, lengthSize(extradata, isHevc)) : startCodeUnits(data);
  let length = 0;
  for (const { begin, payload, end } of units) {
    const head = data[payload] ?? 0;
    const isText = isHevc
      ? ((head >> 1) & 63) === HEVC_PREFIX_SEI && data[payload + 2] === UNREGISTERED_USER_DATA
      : (head & 31) === H264_SEI && data[payload + 1] === UNREGISTERED_USER_DATA;
    if (isText) length += end - begin;
  }
  return length;
}

/** A NAL unit in a packet: with its prefix from `begin`, itself from `payload`, to `end`. */
interface Unit {
  readonly begin: number;
  readonly payload: number;
  readonly end: number;
}

function lengthSize(extradata: Buffer, isHevc: boolean): number {
  return ((extradata[isHevc ? 21 : 4] ?? 3) & 3) + 1;
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
