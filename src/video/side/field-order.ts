/** The field order of interlaced pictures, from containers and decoders. */
import { AV_FRAME_FLAG_INTERLACED, AV_FRAME_FLAG_TOP_FIELD_FIRST } from 'node-av/constants';
import type { Frame as AvFrame, Stream } from 'node-av/lib';
import type { FieldOrder } from '../frame.js';

/** The field that AVFieldOrder 2..5 shows first, as FFmpeg writes these values for pictures that hold both fields. */
const codedOrders: Readonly<Record<number, FieldOrder>> = {
  2: 'topFirst',
  3: 'bottomFirst',
  4: 'topFirst',
  5: 'bottomFirst',
};

/** Returns the field order of a decoded picture; undefined if it is progressive. */
export function orderOfPicture(picture: AvFrame): FieldOrder | undefined {
  if ((picture.flags & AV_FRAME_FLAG_INTERLACED) === 0) return undefined;
  return (picture.flags & AV_FRAME_FLAG_TOP_FIELD_FIRST) === 0 ? 'bottomFirst' : 'topFirst';
}

/** Returns the field order in the container or the codec's headers; undefined if there is none. */
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
