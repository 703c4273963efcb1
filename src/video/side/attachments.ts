/**
 * Attached files: fonts and similar files, which only Matroska can hold, and cover pictures, which each container
 * stores in its own way.
 */
import { AV_DISPOSITION_ATTACHED_PIC } from 'node-av/constants';
import type { OutputContainer } from '../output-container.js';
import type { SideTrack } from '../../bitstream/side-header.js';
import type { SideTracks } from './side-tracks.js';

/** MIME types of the pictures that Matroska readers take for covers. */
const coverTypes: Readonly<Record<string, { readonly mimetype: string; readonly extension: string }>> = {
  mjpeg: { mimetype: 'image/jpeg', extension: 'jpg' },
  png: { mimetype: 'image/png', extension: 'png' },
  bmp: { mimetype: 'image/bmp', extension: 'bmp' },
  gif: { mimetype: 'image/gif', extension: 'gif' },
  tiff: { mimetype: 'image/tiff', extension: 'tiff' },
  webp: { mimetype: 'image/webp', extension: 'webp' },
};

// The types of MP4's `covr` box; libavformat leaves out others without an error.
const mp4Covers: ReadonlySet<string> = new Set(['mjpeg', 'png', 'bmp']);

/** Returns true if the track is a cover picture: one packet without a time. */
export function isCover(track: SideTrack): boolean {
  return track.kind === 'video' && (track.disposition & AV_DISPOSITION_ATTACHED_PIC) !== 0;
}

/** True if the container has a place for a track that {@link isCover} or is an attachment. */
export function holdsAttached(container: OutputContainer, track: SideTrack): boolean {
  switch (container.muxer) {
    case 'matroska':
      return track.kind === 'attachment' || coverTypes[track.codec] !== undefined;
    case 'mp4':
      return track.kind === 'video' && mp4Covers.has(track.codec);
    default:
      return false;
  }
}

/** Returns an attachment with the file name and the MIME type that Matroska needs. */
export function completeAttachment(track: SideTrack): SideTrack {
  const tags = { filename: 'attachment', mimetype: 'application/octet-stream', ...lowerNames(track.tags) };
  return { ...track, tags };
}

/**
 * Returns a cover in Matroska's form: an attachment whose content is the picture.
 *
 * @param picture - the file's bytes
 */
export function coverAsAttachment(track: SideTrack, picture: Uint8Array): SideTrack {
  const { mimetype, extension } = coverTypes[track.codec] ?? { mimetype: 'image/jpeg', extension: 'jpg' };
  return {
    kind: 'attachment',
    codec: track.codec,
    codecTag: 0,
    timeBase: track.timeBase,
    disposition: 0,
    tags: { filename: `cover.${extension}`, mimetype, ...lowerNames(track.tags) },
    extradata: Buffer.from(picture).toString('base64'),
    ...{ bitRate: 0, bitsPerCodedSample: 0, bitsPerRawSample: 0, profile: track.profile, level: track.level },
    sideData: {},
  };
}

/** The pictures of all covers by the number of their track. Covers usually come before all other packets. */
export async function readCovers(side: SideTracks): Promise<Map<number, Uint8Array>> {
  const { tracks } = side.header;
  const wanted = new Set([...tracks.keys()].filter((index) => tracks[index] !== undefined && isCover(tracks[index])));
  const found = new Map<number, Uint8Array>();
  if (wanted.size === 0) return found;
  for await (const { track, data } of side.packets()) {
    if (wanted.delete(track)) found.set(track, data);
    if (wanted.size === 0) break;
  }
  return found;
}

/** Files that other programs wrote name these tags in capital letters. */
function lowerNames(tags: SideTrack['tags']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [
      /^(filename|mimetype)$/i.test(name) ? name.toLowerCase() : name,
      value,
    ]),
  );
}
