import { expect, test } from '@jest/globals';
import { openVideo } from '../../../src/video/in/media-reader.js';
import { codeSoundAsOpus } from '../../../src/video/side/opus-tracks.js';
import { makeSideTracks } from '../../../src/video/side/side-tracks.js';
import { surveyTracks } from '../../../src/video/side/track-survey.js';
import { clip, collect, produce } from '../helpers.js';

test.each(['everything.mkv', 'everything.mp4'])(
  'sound of %s is coded as Opus and keeps its place in time',
  async (name) => {
    await using video = await openVideo(clip(name));
    const original = (await video.side())!;
    const before = await surveyTracks(original);
    const kinds = original.header.tracks.map(({ kind }) => kind);
    const length = original.byteLength;
    const seconds = (track: number, ticks: bigint): number => {
      const [num, den] = original.header.tracks[track]!.timeBase;
      return (Number(ticks) * num) / den;
    };
    const ends = await Promise.all(kinds.map(async (_, track) => lastTime(await collect(original.packets()), track)));
    const notes: string[] = [];
    await using coded = await codeSoundAsOpus(original, {
      bitRate: 32_000,
      signal: undefined,
      onNote: (note) => notes.push(note),
    });
    expect(notes).toEqual([]);
    expect(coded.header.tracks.map(({ kind }) => kind)).toEqual(kinds);
    expect(coded.byteLength).toBeLessThan(length);
    const after = await surveyTracks(coded);
    const packets = await collect(coded.packets());
    coded.header.tracks.forEach((track, index) => {
      if (track.kind !== 'audio') return;
      expect([track.codec, track.timeBase, track.bitRate]).toEqual(['opus', [1, 48_000], 32_000]);
      expect(track.tags).toEqual(original.header.tracks[index]!.tags);
      expect(Buffer.from(track.extradata!, 'base64').toString('latin1', 0, 8)).toBe('OpusHead');
      expect(Number(after[index]!.start) / 48_000).toBeCloseTo(seconds(index, before[index]!.start!), 2);
      expect(Number(lastTime(packets, index)) / 48_000).toBeCloseTo(seconds(index, ends[index]!), 1);
    });
  },
);

test('a track that cannot be decoded is kept, with a note', async () => {
  await using video = await openVideo(clip('everything.mkv'));
  await using original = (await video.side())!;
  const tracks = original.header.tracks.map((track) => (track.kind === 'audio' ? { ...track, codec: 'none' } : track));
  const packets = await collect(original.packets());
  const strange = await makeSideTracks({ ...original.header, tracks }, produce(packets));
  const notes: string[] = [];
  await using coded = await codeSoundAsOpus(strange, {
    bitRate: null,
    signal: undefined,
    onNote: (note) => notes.push(note),
  });
  expect(coded.header.tracks).toEqual(tracks);
  expect(notes).toEqual([
    'audio track 1 (none) is kept: FFmpeg cannot decode it',
    'audio track 2 (none) is kept: FFmpeg cannot decode it',
  ]);
});

function lastTime(packets: readonly { track: number; pts: bigint | null; duration: bigint }[], track: number): bigint {
  return packets
    .filter((packet) => packet.track === track)
    .reduce((end, { pts, duration }) => (pts !== null && pts + duration > end ? pts + duration : end), 0n);
}
