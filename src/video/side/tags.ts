import { Dictionary } from 'node-av/lib';
import type { Tags } from '../../bitstream/side-header.js';

// Tags that describe their source file, or that have no information: muxers write their own.
const ownNames =
  /^(major_brand|minor_version|compatible_brands|encoder|duration|vendor_id|_statistics_.*|(bps|number_of_frames|number_of_bytes)(-.*)?)$/i;
const defaults = /^(language=und|handler_name=(Video|Sound|Subtitle|Data)Handler)$/i;

// iTunes-style tags that libavformat has boxes for; any other name needs its free-form ("mdta") way of writing.
const mp4Names = new Set(
  (
    'title artist album_artist composer album date comment genre copyright grouping lyrics description synopsis show ' +
    'episode_id network keywords track disc creation_time compilation hd_video media_type season_number episode_sort ' +
    'gapless_playback'
  ).split(' '),
);

// The tags that QuickTime files can hold without the free form.
const movNames = new Set('title artist album date comment genre copyright creation_time'.split(' '));

/** Returns the tags without those that only describe their source file, and with one date. */
export function tagsToKeep(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags)
      .filter(([name, value]) => !ownNames.test(name) && !defaults.test(`${name}=${value}`))
      .map(([name, value]) => [name, name.toLowerCase() === 'creation_time' ? readDate(value) : value]),
  );
}

/** A file with two dates gives both, joined by a semicolon. Returns the first valid date. */
function readDate(value: string): string {
  return value.split(';').find((part) => !Number.isNaN(Date.parse(part))) ?? value;
}

/** Returns the tags with MP4's names: Matroska uses upper case for names that MP4 has in lower case. */
export function toMp4Tags(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [mp4Names.has(name.toLowerCase()) ? name.toLowerCase() : name, value]),
  );
}

/** Names of those tags that the MP4 or QuickTime muxer has no boxes for. */
export function namesWithoutBox(tags: Tags, muxer: string): string[] {
  const known = muxer === 'mov' ? movNames : mp4Names;
  return Object.keys(tags).filter((name) => !known.has(name));
}

/** Sets a stream's or a file's tags. */
export function setTags(target: { metadata: Dictionary | null }, tags: Tags): void {
  const kept = tagsToKeep(tags);
  if (Object.keys(kept).length > 0) target.metadata = Dictionary.fromObject(kept);
}
