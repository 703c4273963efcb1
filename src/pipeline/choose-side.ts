import type { VideoSource } from '../video/in/media-reader.js';
import type { SideTracks } from '../video/side/side-tracks.js';
import type { CompressOptions } from './compress-options.js';
import type { NoteBook } from './compress-parts.js';
import { choosePart } from './source-part.js';
import type { TimeWindow } from './side-window.js';

/**
 * Returns what the stream keeps beside the pictures; null if there is nothing. The caller disposes it.
 *
 * @param window the part of the video; null: all of it.
 */
export async function chooseSide(
  source: VideoSource,
  window: TimeWindow | null,
  { audio = 'copy' }: Pick<CompressOptions, 'audio' | 'signal'>,
  _notes: NoteBook,
): Promise<SideTracks | null> {
  const whole = await source.side();
  return whole === null ? null : await choosePart(whole, window, audio !== 'none');
}
