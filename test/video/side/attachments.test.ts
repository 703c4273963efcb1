import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { makeFolder, readAll } from '../helpers.js';
import { makePacket, makeSide, makeTrack, writeWith } from '../side-section.js';

const attachedPicture = 0x400;

function makePicture(format: 'jpeg' | 'png' | 'gif'): Promise<Buffer> {
  return sharp({ create: { width: 32, height: 24, channels: 3, background: '#3060c0' } })
    .toFormat(format)
    .toBuffer();
}

async function makeCover(codec: 'mjpeg' | 'png' | 'gif') {
  const picture = await makePicture(codec === 'mjpeg' ? 'jpeg' : codec);
  const track = makeTrack({
    ...{ kind: 'video', codec, disposition: attachedPicture, format: codec === 'mjpeg' ? 'yuvj420p' : 'rgb24' },
    picture: { width: 32, height: 24, sampleAspect: [1, 1] },
  });
  return { track, picture, side: await makeSide({ tracks: [track] }, [makePacket(0, picture, { duration: 0n })]) };
}

describe('covers', () => {
  test.each([
    ['a.mkv', 'mjpeg'],
    ['a.mkv', 'png'],
    ['a.mp4', 'mjpeg'],
    ['a.mp4', 'png'],
  ] as const)('a cover in %s (%s) comes back as a cover', async (name, codec) => {
    await using folder = await makeFolder();
    const { picture, side } = await makeCover(codec);
    expect(await writeWith(folder.join(name), side)).toEqual([]);
    const { header, packets, frames } = await readAll(folder.join(name));
    expect(frames).toHaveLength(5);
    expect(header?.tracks.map(({ kind, disposition }) => [kind, disposition])).toEqual([['video', attachedPicture]]);
    expect(header?.tracks[0]?.codec).toBe(codec);
    expect(packets.map(({ data }) => Buffer.from(data).equals(picture))).toEqual([true]);
  });

  test('a cover beside tags that MP4 has no boxes for: the cover stays, the tags are told of', async () => {
    await using folder = await makeFolder();
    const { track, picture } = await makeCover('mjpeg');
    const side = await makeSide({ tags: { artist: 'a', mood: 'calm' }, tracks: [track] }, [makePacket(0, picture)]);
    expect(await writeWith(folder.join('a.mp4'), side)).toEqual([
      'tags that mp4 files cannot hold together with a cover are left out: mood',
    ]);
    const { header } = await readAll(folder.join('a.mp4'));
    expect([header?.tracks.length, header?.tags]).toEqual([1, { artist: 'a' }]);
  });

  test.each([
    ['a.mov', 'mjpeg', 'video track 1 (mjpeg) is left out: mov files cannot hold it'],
    ['a.mp4', 'gif', 'video track 1 (gif) is left out: mp4 files cannot hold it'],
    ['a.webm', 'png', 'video track 1 (png) is left out: webm files cannot hold it'],
  ] as const)('%s has no place for one (%s), and a note says so', async (name, codec, note) => {
    await using folder = await makeFolder();
    const { side } = await makeCover(codec);
    expect(await writeWith(folder.join(name), side)).toEqual([note]);
    expect((await readAll(folder.join(name))).header?.tracks ?? []).toEqual([]);
  });
});

describe('attachments', () => {
  const extradata = Buffer.from('not really a font').toString('base64');

  test.each([
    ['ttf', { filename: 'Font.ttf', mimetype: 'application/x-truetype-font' }],
    ['otf', { filename: 'Font.otf', mimetype: 'font/otf' }],
    ['none', { filename: 'notes.xyz', mimetype: 'application/octet-stream' }],
  ])('an attached file (%s) comes back in Matroska', async (codec, tags) => {
    await using folder = await makeFolder();
    const track = makeTrack({ kind: 'attachment', codec, tags, extradata });
    expect(await writeWith(folder.join('a.mkv'), await makeSide({ tracks: [track] }))).toEqual([]);
    const { header } = await readAll(folder.join('a.mkv'));
    expect(header?.tracks).toEqual([expect.objectContaining({ kind: 'attachment', tags, extradata })]);
  });

  test('one without a name gets one', async () => {
    await using folder = await makeFolder();
    const track = makeTrack({ kind: 'attachment', codec: 'ttf', extradata });
    expect(await writeWith(folder.join('a.mkv'), await makeSide({ tracks: [track] }))).toEqual([]);
    expect((await readAll(folder.join('a.mkv'))).header?.tracks[0]?.tags['filename']).toBe('attachment');
  });

  test('other containers cannot hold them', async () => {
    await using folder = await makeFolder();
    const track = makeTrack({ kind: 'attachment', codec: 'ttf', extradata });
    const notes = await writeWith(folder.join('a.mp4'), await makeSide({ tracks: [track] }));
    expect(notes).toEqual(['attachment track 1 (ttf) is left out: mp4 files cannot hold it']);
  });
});
