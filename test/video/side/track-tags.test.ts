import { describe, expect, test } from '@jest/globals';
import { tagsToKeep } from '../../../src/video/side/tags.js';
import { fitTrackTags, pictureTags, trackTags } from '../../../src/video/side/track-tags.js';
import { makeFolder, readAll } from '../helpers.js';
import { makePacket, makeSide, makeTrack, writeWith } from '../side-section.js';

const date = '2023-05-06T07:08:09.000000Z';

describe('tags of the file', () => {
  test.each(['a.mp4', 'a.mov', 'a.mkv'])('%s has one date, with and without tags of other names', async (name) => {
    for (const more of [{}, { mood: 'calm' }]) {
      await using folder = await makeFolder();
      await writeWith(folder.join(name), await makeSide({ tags: { creation_time: date, ...more } }));
      const { header } = await readAll(folder.join(name));
      const tags = Object.fromEntries(
        Object.entries(header?.tags ?? {}).map(([key, value]) => [key.toLowerCase(), value]),
      );
      expect(tags).toEqual({ creation_time: date, ...more });
    }
  });

  test('a date that a file tells twice is read as one', () => {
    expect(tagsToKeep({ creation_time: `${date};2023-05-06T07:08:09Z` })).toEqual({ creation_time: date });
    expect(tagsToKeep({ creation_time: 'long ago' })).toEqual({ creation_time: 'long ago' });
  });

  test('QuickTime keeps the tags that only MP4 has boxes for', async () => {
    await using folder = await makeFolder();
    const tags = { album_artist: 'a', composer: 'b', title: 'c' };
    await writeWith(folder.join('a.mov'), await makeSide({ tags }));
    expect((await readAll(folder.join('a.mov'))).header?.tags).toEqual(tags);
  });
});

describe('tags of tracks', () => {
  const subtitle = (tags: Record<string, string>) => makeTrack({ kind: 'subtitle', codec: 'subrip', tags });

  test.each(['a.mp4', 'a.mov', 'a.mkv'])('titles and languages come back from %s', async (name) => {
    await using folder = await makeFolder();
    const tags = { language: 'ger', title: 'Für alle' };
    const side = await makeSide(
      { video: { tags: { language: 'fra', title: 'Bild' }, disposition: 1 }, tracks: [subtitle(tags)] },
      [makePacket(0, Buffer.from('Hello'))],
    );
    const notes = await writeWith(folder.join(name), side);
    expect(notes.filter((note) => !note.includes('rewritten'))).toEqual([]);
    const { header } = await readAll(folder.join(name));
    expect(header?.video.tags).toEqual({ language: 'fra', title: 'Bild' });
    expect(header?.tracks[0]?.tags).toEqual(tags);
  });

  test('what MP4 has no place for is told', async () => {
    await using folder = await makeFolder();
    const side = await makeSide({ tracks: [subtitle({ title: 'x', mood: 'calm' })] }, [
      makePacket(0, Buffer.from('Hi')),
    ]);
    expect(await writeWith(folder.join('a.mp4'), side)).toContain(
      'subtitle track 1 (subrip) loses tags that mp4 files cannot hold: mood',
    );
  });

  test('QuickTime has numbers for some languages, under one of their two codes', () => {
    const fit = (language: string) =>
      fitTrackTags({ language }, 'track', { muxer: 'mov', family: 'mp4', videoCodecs: [] });
    expect(fit('fre')).toEqual({ tags: { language: 'fra' }, notes: [] });
    expect(fit('enm')).toEqual({ tags: {}, notes: ['track loses tags that mov files cannot hold: language enm'] });
  });

  test('the name of an MP4 track is its title, and a handler of that name goes', () => {
    expect(trackTags({ name: 'N', handler_name: 'N' })).toEqual({ title: 'N' });
    expect(trackTags({ name: 'N', handler_name: 'H' })).toEqual({ title: 'N', handler_name: 'H' });
    expect(trackTags({ title: 'T', name: 'N' })).toEqual({ title: 'T', name: 'N' });
  });

  test('coded pictures have no transparency, and no tag says that they have', () => {
    expect(pictureTags({ ALPHA_MODE: '1', title: 'T' })).toEqual({ title: 'T' });
    expect(trackTags({ alpha_mode: '1' })).toEqual({ alpha_mode: '1' });
  });
});

describe('timecodes', () => {
  const timecode = makeTrack({ kind: 'data', codec: 'none', codecTag: 0x64636d74, timeBase: [1, 25] });
  const value = '10:11:12:13';
  const make = (tags: Record<string, string>) =>
    makeSide({ video: { tags, disposition: 1 }, tracks: [timecode] }, [makePacket(0, Uint8Array.of(0, 14, 0, 0))]);

  test.each(['a.mp4', 'a.mov'])('%s has a timecode track again, and no note', async (name) => {
    await using folder = await makeFolder();
    expect(await writeWith(folder.join(name), await make({ timecode: value }))).toEqual([]);
    const { header } = await readAll(folder.join(name));
    expect(header?.video.tags['timecode']).toBe(value);
    expect(header?.tracks.map(({ kind, tags }) => [kind, tags['timecode']])).toEqual([['data', value]]);
  });

  test('Matroska keeps it as a tag, and the note says so', async () => {
    await using folder = await makeFolder();
    expect(await writeWith(folder.join('a.mkv'), await make({ timecode: value }))).toEqual([
      'data track 1 (timecode) is kept as the tag "timecode"',
    ]);
    expect((await readAll(folder.join('a.mkv'))).header?.video.tags['TIMECODE']).toBe(value);
  });

  test('one of another track is left out, and the note says why', async () => {
    await using folder = await makeFolder();
    expect(await writeWith(folder.join('a.mov'), await make({}))).toEqual([
      'data track 1 (timecode) is left out: it does not belong to the video track',
    ]);
  });
});
