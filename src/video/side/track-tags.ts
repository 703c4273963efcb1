/** Tags of single tracks: what demuxers call them, and what each container has a place for. */
import type { OutputContainer } from '../output-container.js';
import type { Tags } from '../../bitstream/side-header.js';
import { tagsToKeep } from './tags.js';

/** Tags of a track that MP4 and QuickTime hold. The date of a track is that of the file. */
const mp4TrackNames = /^(title|language|handler_name|creation_time|timecode|filename|mimetype)$/i;

/** The languages that QuickTime has numbers for, as libavformat's QuickTime muxer knows them. */
const movLanguages = new Set(
  (
    'eng fra ger ita dut sve spa dan por nor heb jpn ara fin gre ice mlt chi urd hin tha kor lit pol hun est lav rus ' +
    'iri alb ron ces slk slv yid mac bul ukr bel uzb kaz aze arm geo mol kir tgk tuk mon pus kur kas snd tib nep ' +
    'san mar ben asm guj ori mal kan tam tel bur khm lao vie ind tgl may amh tir som swa nya mlg epo wel baq cat ' +
    'lat que grn aym tat uig dzo jav'
  ).split(' '),
);

/** Languages with two codes in ISO 639-2. */
const twins: readonly (readonly [string, string])[] = (
  'alb sqi,arm hye,baq eus,bur mya,chi zho,cze ces,dut nld,fre fra,geo kat,ger deu,gre ell,ice isl,mac mkd,may msa,' +
  'per fas,rum ron,slo slk,tib bod,wel cym'
)
  .split(',')
  .map((pair) => pair.split(' ') as [string, string]);

/** The tags of a track that are worth keeping. MP4's `name` box is what other containers call the title. */
export function trackTags(tags: Tags): Record<string, string> {
  const { name, ...kept } = tagsToKeep(tags);
  if (name === undefined) return kept;
  if (kept['title'] !== undefined) return { ...kept, name };
  const { handler_name: handler, ...others } = kept;
  return { ...others, title: name, ...(handler === undefined || handler === name ? {} : { handler_name: handler }) };
}

/** The same for the first video track, whose pictures are made anew: they have no transparency then. */
export function pictureTags(tags: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(trackTags(tags)).filter(([name]) => name.toLowerCase() !== 'alpha_mode'));
}

/**
 * The tags of a track as a container takes them.
 *
 * @param what - the track in words, as the beginning of a sentence
 * @returns the tags, and one line if some are lost
 */
export function fitTrackTags(
  tags: Tags,
  what: string,
  { family, muxer }: OutputContainer,
): { readonly tags: Record<string, string>; readonly notes: readonly string[] } {
  if (family === 'matroska') return { tags: { ...tags }, notes: [] };
  const lost: string[] = [];
  const held: Record<string, string> = {};
  for (const [name, value] of Object.entries(tags)) {
    const fitting = muxer === 'mov' && name === 'language' ? toMovLanguage(value) : value;
    if (mp4TrackNames.test(name) && fitting !== null) held[name.toLowerCase()] = fitting;
    else lost.push(name === 'language' ? `language ${value}` : name);
  }
  // Most programs show the handler's name as the title of a track.
  const title = held['title'];
  if (title !== undefined) held['handler_name'] ??= title;
  const notes = lost.length === 0 ? [] : [`${what} loses tags that ${muxer} files cannot hold: ${lost.join(', ')}`];
  return { tags: held, notes };
}

/** A language code that QuickTime has a number for; null if there is none. */
function toMovLanguage(code: string): string | null {
  if (movLanguages.has(code)) return code;
  const pair = twins.find((codes) => codes.includes(code));
  return pair?.find((other) => movLanguages.has(other)) ?? null;
}
