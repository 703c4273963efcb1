import { Dictionary } from 'node-av/lib';
import type { Tags } from './side-header.js';

// Tags that describe the file they came from, or that say nothing: muxers write their own.
const ownNames = /^(major_brand|minor_version|compatible_brands|encoder|duration|vendor_id|_statistics_.*)$/i;
const defaults = /^(language=und|handler_name=(Video|Sound|Subtitle|Data)Handler)$/i;

// iTunes-style tags that libavformat has boxes for; any other name needs its free-form ("mdta") way of writing.
const mp4Names = new Set(
  (
    'title artist album_artist composer album date comment genre copyright grouping lyrics description synopsis show ' +
    'episode_id network keywords track disc creation_time compilation hd_video media_type season_number episode_sort ' +
    'gapless_playback'
  ).split(' '),
);

/** Tags without those that only describe the file they stood in. */
export function tagsToKeep(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).filter(([name, value]) => !ownNames.test(name) && !defaults.test(`${name}=${value}`)),
  );
}

/** Tags as MP4 names them: Matroska has capital letters where MP4 knows the name in small ones. */
export function toMp4Tags(tags: Tags): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [mp4Names.has(name.toLowerCase()) ? name.toLowerCase() : name, value]),
  );
}

/** True if MP4 has boxes for all of these tags. */
export function fitMp4(tags: Tags): boolean {
  return Object.keys(tags).every((name) => mp4Names.has(name));
}

/** Sets a stream's or a file's tags. */
export function setTags(target: { metadata: Dictionary | null }, tags: Tags): void {
  const kept = tagsToKeep(tags);
  if (Object.keys(kept).length > 0) target.metadata = Dictionary.fromObject(kept);
}
