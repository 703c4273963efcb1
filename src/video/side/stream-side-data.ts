/** The container's own display data: rotation and cropping. */
import { AV_FRAME_DATA_DISPLAYMATRIX, AV_PKT_DATA_DISPLAYMATRIX, AV_PKT_DATA_FRAME_CROPPING } from 'node-av/constants';
import type { Frame as AvFrame, Stream } from 'node-av/lib';
import { readDisplayMatrix, type Rotation } from '../convert/display-matrix.js';
import type { Cropping } from '../planar-buffer.js';

/**
 * Returns the rotation of the track or of its first picture.
 *
 * @param onNote - called with one line if the display matrix has more than a rotation by quarter turns
 */
export function readRotation(track: Stream, picture: AvFrame, onNote: (note: string) => void): Rotation {
  const matrix =
    track.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX) ?? picture.getSideData(AV_FRAME_DATA_DISPLAYMATRIX);
  if (matrix === null) return 0;
  const { rotation, exact } = readDisplayMatrix(matrix);
  if (!exact)
    onNote('the display matrix mirrors or turns by other than quarters: only the nearest quarter turn is kept');
  return rotation;
}

/** Returns the crop in the container. libav applies the codec's own crop itself. */
export function readCropping(track: Stream, picture: AvFrame): Cropping {
  const bytes = track.codecpar.getCodedSideData(AV_PKT_DATA_FRAME_CROPPING);
  if (bytes === null || bytes.length < 16) return { top: 0, bottom: 0, left: 0, right: 0 };
  const [top, bottom, left, right] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const possible = left + right < picture.width && top + bottom < picture.height;
  return possible ? { top, bottom, left, right } : { top: 0, bottom: 0, left: 0, right: 0 };
}
