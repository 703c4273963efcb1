/** The 3x3 display matrix of MP4 and FFmpeg: nine 32-bit integers; 16.16, except for the last column, which is 2.30. */

/** A rotation that a video stream can carry, degrees clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

/** The effect of a display matrix. */
export interface MatrixReading {
  readonly rotation: Rotation;
  /** False if the matrix also mirrors, or turns by an angle that is not a multiple of 90 degrees. That part is lost. */
  readonly exact: boolean;
}

/** Reads a display matrix (36 bytes, native little endian). */
export function readDisplayMatrix(bytes: Uint8Array): MatrixReading {
  if (bytes.byteLength < 36) return { rotation: 0, exact: false };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (index: number) => view.getInt32(index * 4, true);
  const [a, b, c, d] = [at(0), at(1), at(3), at(4)];
  const degrees = (Math.atan2(b, a) * 180) / Math.PI;
  const quarter = ((Math.round(degrees / 90) % 4) + 4) % 4;
  const mirrored = a * d - b * c < 0;
  return {
    rotation: (quarter * 90) as Rotation,
    exact: !mirrored && Math.abs(degrees / 90 - Math.round(degrees / 90)) < 1e-3,
  };
}

/** Writes the display matrix for a clockwise rotation. */
export function writeDisplayMatrix(rotation: Rotation): Buffer {
  const bytes = Buffer.alloc(36);
  const cosine = [1, 0, -1, 0][rotation / 90] ?? 1;
  const sine = [0, 1, 0, -1][rotation / 90] ?? 0;
  const one = 1 << 16;
  [cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 1 << 30].forEach((value, index) =>
    bytes.writeInt32LE(value, index * 4),
  );
  return bytes;
}
