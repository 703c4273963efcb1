import { BitstreamError } from '../../errors.js';
import { Nowhere } from './nowhere.js';
import type { SideTrack } from '../../bitstream/side-header.js';
import { setTags } from './tags.js';
import { applyTrack } from './track-parameters.js';

/** Checks whether a muxer accepts a track, by writing a header with it to nowhere. */
export async function muxerHolds(muxer: string, track: SideTrack): Promise<boolean> {
  using nowhere = new Nowhere(muxer);
  const stream = nowhere.format.newStream();
  try {
    applyTrack(track, stream.codecpar);
  } catch (error) {
    // A codec that this FFmpeg does not know.
    if (error instanceof BitstreamError) return false;
    throw error;
  }
  stream.disposition = track.disposition as typeof stream.disposition;
  // Matroska refuses an attachment without a file name.
  setTags(stream, track.tags);
  return (await nowhere.format.writeHeader()) >= 0;
}
