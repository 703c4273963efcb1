/** Timecode tracks of QuickTime and MP4: one number, from which players count the frames. */
import type { OutputContainer } from '../output-container.js';
import type { SideHeader, SideTrack } from '../../bitstream/side-header.js';

/** `tmcd`, little endian. */
const timecodeTag = 0x64636d74;

/** True for a timecode track. libavformat's muxers make it anew from the tag `timecode`. */
export function isTimecode(track: SideTrack): boolean {
  return track.kind === 'data' && track.codecTag === timecodeTag;
}

/** Returns the losses of the timecode track with that index: at most one line. */
export function timecodeNote(header: SideHeader, index: number, container: OutputContainer): string[] {
  const hasTag = [header.tags, header.video.tags].some((tags) =>
    Object.keys(tags).some((name) => name.toLowerCase() === 'timecode'),
  );
  const what = `data track ${index + 1} (timecode)`;
  if (!hasTag) return [`${what} is left out: it does not belong to the video track`];
  return container.family === 'mp4' ? [] : [`${what} is kept as the tag "timecode"`];
}
