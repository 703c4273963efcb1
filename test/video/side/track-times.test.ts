import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSideTracks, type SidePacket, type SideTrack } from '../../../src/video/side/side-tracks.js';
import { surveyTracks } from '../../../src/video/side/track-survey.js';
import { TrackTimes } from '../../../src/video/side/track-times.js';
import { recordSound, sidePacket, sideSection } from '../recordings.js';

const sound: SideTrack = { ...recordSound(0, 0).track, timeBase: [1, 1000] };
const pictures: SideTrack = { ...sound, kind: 'video', codec: 'h264' };

async function repair(track: SideTrack, packets: readonly SidePacket[]) {
  await using side = await openSideTracks(sideSection([track], packets));
  const [survey] = await surveyTracks(side);
  if (survey === undefined) throw new Error('expected a survey');
  const times = new TrackTimes(track, survey);
  const repaired = packets.map((packet) => times.repair(packet));
  return { survey, times: repaired.map(({ pts, dts }) => [Number(pts), Number(dts)]), notes: times.notes };
}

const packet = (pts: number | null, dts: number | null, duration = 40) =>
  sidePacket(0, pts === null ? null : BigInt(pts), {
    dts: dts === null ? null : BigInt(dts),
    duration: BigInt(duration),
  });

test('decoding times that Matroska does not tell follow from the order of display', async () => {
  const { survey, times, notes } = await repair(pictures, [
    packet(0, null),
    packet(120, null),
    packet(40, 0),
    packet(80, 40),
    packet(160, 80),
  ]);
  expect(survey).toMatchObject({ packets: 5, start: 0n, reorderDepth: 1, lacksDecodingTimes: true });
  expect(times).toEqual([
    [0, -40],
    [120, 0],
    [40, 40],
    [80, 80],
    [160, 120],
  ]);
  expect(notes).toEqual([]);
});

test('times that step back a little are moved one by one, the rest keeps its times', async () => {
  const { times, notes } = await repair(
    sound,
    [0, 40, 30, 35, 120].map((time) => packet(time, time)),
  );
  expect(times.map(([pts]) => pts)).toEqual([0, 40, 41, 42, 120]);
  expect(notes).toEqual(['times step back: moved them to follow each other']);
});

test('a part that begins anew follows the one before as a whole', async () => {
  const { times, notes } = await repair(
    sound,
    [5000, 5040, 0, 40, 80].map((time) => packet(time, time)),
  );
  expect(times.map(([pts]) => pts)).toEqual([5000, 5040, 5080, 5120, 5160]);
  expect(notes).toHaveLength(1);
});

test('subtitles are never moved as a whole', async () => {
  const subtitles: SideTrack = { ...sound, kind: 'subtitle', codec: 'subrip' };
  const { times } = await repair(
    subtitles,
    [5000, 1000, 6000].map((time) => packet(time, time)),
  );
  expect(times.map(([pts]) => pts)).toEqual([5000, 5001, 6000]);
});

test('missing times are made up, with a note', async () => {
  const { times, notes } = await repair(sound, [packet(100, 100), packet(null, null), packet(null, 180)]);
  expect(times.map(([pts]) => pts)).toEqual([100, 140, 180]);
  expect(notes).toEqual(['times are missing: made them up']);
});

test('whatever comes, decoding times do not step back and nothing is shown before it is decoded', async () => {
  const time = fc.option(fc.integer({ min: -3000, max: 3000 }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(sound, pictures),
      fc.array(fc.record({ pts: time, dts: time, duration: fc.nat(100) })),
      async (track, given) => {
        const { times } = await repair(
          track,
          given.map(({ pts, dts, duration }) => packet(pts, dts, duration)),
        );
        times.forEach(([pts = NaN, dts = NaN], index) => {
          expect(dts).toBeLessThanOrEqual(pts);
          expect(dts).toBeGreaterThanOrEqual(times[index - 1]?.[1] ?? -Infinity);
        });
      },
    ),
  );
});
