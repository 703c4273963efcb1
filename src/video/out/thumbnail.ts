import { EnvironmentError, firstLine } from '../../errors.js';
import { frameToRgb } from '../convert/colour.js';
import type { ColourDescription, Frame } from '../frame.js';
import { loadSharp } from '../sharp.js';

/** The largest width and height of a thumbnail. */
const THUMBNAIL_SIDE = 320;

/**
 * Writes a small JPEG picture of a frame, turned as it is shown.
 *
 * @throws EnvironmentError if the file cannot be written.
 */
export async function writeThumbnail(
  path: string,
  frame: Frame,
  colour: ColourDescription,
  rotation: 0 | 90 | 180 | 270,
): Promise<void> {
  const { width, height } = frame;
  const sharp = await loadSharp();
  try {
    await sharp(frameToRgb(frame, colour), { raw: { width, height, channels: 3 } })
      .rotate(rotation)
      .resize(THUMBNAIL_SIDE, THUMBNAIL_SIDE, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 85 })
      .toFile(path);
  } catch (error) {
    throw new EnvironmentError(`cannot write ${path}: ${firstLine(error)}`, { cause: error });
  }
}
