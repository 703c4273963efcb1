import { InputError } from '../errors.js';
import type { VideoSource } from '../video/in/media-reader.js';
import { codeSoundAsOpus } from '../video/side/opus-tracks.js';
import type { SideTracks } from '../video/side/side-tracks.js';
import type { CompressOptions } from './compress-options.js';
import type { NoteBook } from './compress-parts.js';
import { choosePart } from './source-part.js';
import type { TimeWindow } from './side-window.js';

/** Bits per second of a track that Opus can have. */
const OPUS_RANGE = [6000, 512_000] as const;

/**
 * Returns what the stream keeps beside the pictures; null if there is nothing. The caller disposes it.
 *
 * @param window the part of the video; null: all of it.
 * @throws InputError if the bit rate of sound is out of range.
 */
export async function chooseSide(
  source: VideoSource,
  window: TimeWindow | null,
  { audio = 'copy', signal }: Pick<CompressOptions, 'audio' | 'signal'>,
  notes: NoteBook,
): Promise<SideTracks | null> {
  const bitRate = typeof audio === 'object' ? audio.opus : null;
  const [least, most] = OPUS_RANGE;
  if (bitRate !== null && !(bitRate >= least && bitRate <= most)) {
    throw new InputError(`sound of ${bitRate} bits per second: Opus takes ${least} to ${most}`);
  }
  const whole = await source.side();
  if (whole === null) return null;
  const side = await choosePart(whole, window, audio !== 'none');
  if (audio === 'copy' || audio === 'none') return side;
  return await codeSoundAsOpus(side, { bitRate, signal, onNote: (note) => notes.add(note) });
}
