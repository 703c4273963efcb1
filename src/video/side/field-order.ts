/** Which field of interlaced pictures comes first, as containers and decoders tell it. */
import { AV_FRAME_FLAG_INTERLACED, AV_FRAME_FLAG_TOP_FIELD_FIRST } from 'node-av/constants';
import type { Frame as AvFrame, Stream } from 'node-av/lib';
import type { FieldOrder } from '../frame.js';

/** What AVFieldOrder 2..5 say of what is shown first, as FFmpeg writes them for pictures that hold both fields. */
const codedOrders: Readonly<Record<number, FieldOrder>> = {
  2: 'topFirst',
  3: 'bottomFirst',
  4: 'topFirst',
  5: 'bottomFirst',
};

/** The order that a decoded picture is marked with; undefined if it is progressive. */
export function orderOfPicture(picture: AvFrame): FieldOrder | undefined {
  if ((picture.flags & AV_FRAME_FLAG_INTERLACED) === 0) return undefined;
  return (picture.flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) === 0 ? 'bottomFirst' : 'topFirst';
}

/** The order that the container or the codec's headers tell; undefined if they tell none. */
export function orderOfTrack(track: Stream): FieldOrder | undefined {
  // node-av has no property for it.
  const order: unknown = track.codecpar.toJSON()['fieldOrder'];
  return typeof order === 'number' ? codedOrders[order] : undefined;
}

/** Marks a picture as interlaced. */
export function markInterlaced(picture: AvFrame, order: FieldOrder): void {
  picture.setFlags(AV_FRAME_FLAG_INTERLACED);
  if (order === 'topFirst') picture.setFlags(AV_FRAME_FLAG_TOP_FIELD_FIRST);
}
