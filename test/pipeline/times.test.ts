/** Times that are missing, late, below zero or start anew: every track comes back, in every container. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type * as compressModule from '../../src/pipeline/compress.js';
import type * as decompressModule from '../../src/pipeline/decompress.js';
import type * as verifyModule from '../../src/pipeline/verify.js';
import { openFileSource } from '../../src/io/file-source.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { StreamWriter } from '../../src/bitstream/stream-writer.js';
import { makeFolder, readAll } from '../video/helpers.js';
import {
  delay,
  mux,
  recordSound,
  recordVideo,
  type RecordedTrack,
  sidePacket,
  sideSection,
} from '../video/recordings.js';
import { load } from '../codec/built.js';
import { TINY_PACK } from '../support/packs.js';

type Folder = Awaited<ReturnType<typeof makeFolder>>;

const steady = (count: number, ticks = 40) => Array.from({ length: count + 1 }, (_, index) => index * ticks);

const { compressVideo } = await load<typeof compressModule>('pipeline/compress.js');
const { decompressVideo } = await load<typeof decompressModule>('pipeline/decompress.js');
const { verifyStream } = await load<typeof verifyModule>('pipeline/verify.js');
const options = { pack: TINY_PACK, overwrite: true, device: 'cpu' } as const;

/** What verify finds wrong with `a.tsr`. */
async function verify(folder: Folder): Promise<string[]> {
  return (await verifyStream(folder.join('a.tsr'), options)).problems.map(({ reason }) => reason);
}

/** Compresses `name`, holds the stream to verify, and gives the notes. */
async function compress(folder: Folder, name: string): Promise<string> {
  const { notes } = await compressVideo(folder.join(name), folder.join('a.tsr'), options);
  expect(await verify(folder)).toEqual([]);
  return notes.join('\n');
}

/** Decompresses to `name` and gives what is in it, times in seconds. */
async function decompress(folder: Folder, name: string) {
  const { notes } = await decompressVideo(folder.join('a.tsr'), folder.join(name), { ...options, postFilter: 'none' });
  const { properties, frames, header, packets } = await readAll(folder.join(name));
  const seconds = (ticks: bigint | null, num: number, den: number) => (Number(ticks) * num) / den;
  const tracks = (header?.tracks ?? []).map(({ timeBase: [num, den] }, index) => {
    const own = packets.filter(({ track }) => track === index);
    return {
      count: own.length,
      start: Math.min(...own.map(({ pts }) => seconds(pts, num, den))),
      end: Math.max(...own.map(({ pts, duration }) => seconds((pts ?? 0n) + duration, num, den))),
      pts: own.map(({ pts }) => seconds(pts, num, den)),
    };
  });
  const { num, den } = properties.timeBase;
  const times = frames.map(({ pts }) => seconds(pts, num, den));
  const last = frames.at(-1);
  const end = seconds((last?.pts ?? 0n) + (last?.duration ?? 0n), num, den);
  return { notes: notes.join('\n'), tracks, times, start: times[0] ?? NaN, end };
}

const containers = ['a.mp4', 'a.mov', 'a.mkv'];

describe('what compress keeps, decompress writes', () => {
  test('a second video track with B-frames from Matroska, which tells no decoding times', async () => {
    await using folder = await makeFolder();
    const video = await recordVideo(steady(7), 1000);
    await mux(folder.join('in.mkv'), 'matroska', [video, video]);
    await compress(folder, 'in.mkv');
    for (const name of containers) {
      const { tracks, notes } = await decompress(folder, name);
      expect(notes).not.toMatch(/left out/);
      expect(tracks).toMatchObject([{ count: 7, start: 0 }]);
      expect([...(tracks[0]?.pts ?? [])].sort((a, b) => a - b)).toEqual(
        steady(7)
          .slice(0, -1)
          .map((ms) => ms / 1000),
      );
    }
    expect((await decompress(folder, 'a.webm')).notes).toMatch(/video track 1 \(h264\) is left out/);
  });

  test.each([0, 500])(
    'joined recordings: all tracks of the second part follow the first; it begins at %i s',
    async (late) => {
      await using folder = await makeFolder();
      const tracks = [await recordVideo(steady(10, 3600), 90_000, true), recordSound(0, 16)];
      const part = async (name: string, seconds: number) => {
        await mux(
          folder.join(name),
          'mpegts',
          tracks.map((track) => delay(track, seconds)),
        );
        return readFile(folder.join(name));
      };
      await writeFile(folder.join('in.ts'), Buffer.concat([await part('one.ts', 100), await part('two.ts', late)]));
      expect(await compress(folder, 'in.ts')).toMatch(/the times of the file restart or jump once/);
      for (const name of containers) {
        const { times, end, tracks: written } = await decompress(folder, name);
        expect(times).toHaveLength(20);
        times.slice(1).forEach((time, index) => {
          expect(time - (times[index] ?? NaN)).toBeGreaterThan(0.02);
          expect(time - (times[index] ?? NaN)).toBeLessThan(0.1);
        });
        expect(written[0]?.count).toBe(32);
        expect(Math.abs((written[0]?.end ?? NaN) - end)).toBeLessThan(0.1);
      }
    },
  );

  test('sound whose own times step back', async () => {
    await using folder = await makeFolder();
    const video = await recordVideo(steady(10), 1000);
    await mux(folder.join('in.mkv'), 'matroska', [video, recordSound(0, 3)]);
    await compress(folder, 'in.mkv');
    const back = [0n, 1152n, 576n, 2304n].map((pts) =>
      sidePacket(0, pts, { data: recordSound(0, 1).packets[0]!.data }),
    );
    await replaceSide(folder, sideSection([recordSound(0, 0).track], back));
    for (const name of containers) {
      const { tracks, notes } = await decompress(folder, name);
      expect(notes).toMatch(/audio track 1 \(mp2\): times step back: moved them to follow each other/);
      expect(tracks).toMatchObject([{ count: 4 }]);
    }
  });

  test('packets that no container takes are left out, and verify finds them', async () => {
    await using folder = await makeFolder();
    await mux(folder.join('in.mkv'), 'matroska', [await recordVideo(steady(5), 1000)]);
    await compress(folder, 'in.mkv');
    const track = { ...recordSound(0, 0).track, timeBase: [1, 1] as const };
    const { data } = recordSound(0, 1).packets[0]!;
    await replaceSide(
      folder,
      sideSection(
        [track],
        [0n, 1n << 60n].map((pts) => sidePacket(0, pts, { data, duration: 0n })),
      ),
    );
    expect(await verify(folder)).toEqual([
      '1 packets of audio track 1 (mp2) can be written to no container: its time is out of range',
    ]);
    for (const name of containers) {
      const { tracks, notes } = await decompress(folder, name);
      expect(notes).toMatch(/1 packets of audio track 1 \(mp2\) are left out/);
      expect(tracks).toMatchObject([{ count: 1 }]);
    }
  });

  test('sound without a packet, and a codec that this FFmpeg does not know', async () => {
    await using folder = await makeFolder();
    await mux(folder.join('in.mkv'), 'matroska', [await recordVideo(steady(5), 1000)]);
    await compress(folder, 'in.mkv');
    const { track } = recordSound(0, 0);
    const unknown = { ...track, codec: 'unheard-of' };
    await replaceSide(folder, sideSection([{ ...track, codec: 'ac3' }, unknown], [sidePacket(1, 0n)]));
    expect(await verify(folder)).toEqual([]);
    for (const name of containers) {
      const { notes } = await decompress(folder, name);
      expect(notes).toMatch(/audio track 1 \(ac3\) is left out: it has no packets/);
      expect(notes).toMatch(/audio track 2 \(unheard-of\) is left out/);
    }
  });
});

describe('the time line begins at 0, the tracks keep their distances', () => {
  const begin = async (folder: Folder, muxer: string, seconds: number, options = {}): Promise<void> => {
    const isStream = muxer === 'mpegts';
    const video = await recordVideo(steady(10, 3600), 90_000, isStream);
    const tracks: RecordedTrack[] = [delay(video, 0.08), recordSound(0, 16)];
    await mux(
      folder.join('in'),
      muxer,
      tracks.map((track) => delay(track, seconds)),
      options,
    );
    await compress(folder, 'in');
  };

  test.each([
    ['a transport stream at 1.4 s', 'mpegts', 0, {}],
    ['a transport stream before the wrap of its clock', 'mpegts', 2 ** 33 / 90_000 - 1, { mpegts_copyts: '1' }],
    ['a transport stream across the wrap of its clock', 'mpegts', 2 ** 33 / 90_000 - 0.2, { mpegts_copyts: '1' }],
    ['Matroska that begins after one hour', 'matroska', 3600, {}],
    ['MP4 that begins late', 'mp4', 20, {}],
  ])('%s', async (_, muxer, seconds, options) => {
    await using folder = await makeFolder();
    await begin(folder, muxer, seconds, options);
    for (const name of containers) {
      const { times, start, end, tracks } = await decompress(folder, name);
      expect(times).toHaveLength(10);
      expect(start).toBeCloseTo(0.08, 2);
      expect(end).toBeCloseTo(0.48, 2);
      expect(tracks[0]?.start).toBeCloseTo(0, 3);
      expect(tracks[0]?.count).toBe(16);
      const file = await readFile(folder.join(name));
      if (name !== 'a.mkv') expect(movieSeconds(file)).toBeCloseTo(0.48, 2);
    }
  });

  test('pictures alone, in WebM too', async () => {
    await using folder = await makeFolder();
    const video = await recordVideo(steady(6), 1000);
    await mux(folder.join('in.mkv'), 'matroska', [delay(video, 100)]);
    await compress(folder, 'in.mkv');
    for (const name of [...containers, 'a.webm'])
      expect(await decompress(folder, name)).toMatchObject({ start: 0, end: 0.24 });
  });
});

test('what an edit list hides stays hidden in every container', async () => {
  await using folder = await makeFolder();
  const video = await recordVideo(steady(10), 1000);
  // Sound that began a second before the first picture: MP4 hides what lies below zero.
  await mux(folder.join('in.mp4'), 'mp4', [video, recordSound(-48_000, 60)]);
  await compress(folder, 'in.mp4');
  for (const name of containers) {
    const { start, end, tracks } = await decompress(folder, name);
    expect([start, end]).toEqual([0, 0.4]);
    expect(tracks[0]?.end).toBeCloseTo(0.44, 2);
    const { packets } = await readAll(folder.join(name));
    const [first] = packets.filter(({ track }) => track === 0);
    const skipped = Buffer.from(first?.sideData['skipSamples'] ?? Buffer.alloc(4)).readUInt32LE(0) / 48_000;
    expect((tracks[0]?.start ?? NaN) + skipped).toBeCloseTo(0, 2);
    // Matroska tells it as the codec's delay, which players expect to be short.
    if (name === 'a.mkv') expect(skipped).toBeLessThan(0.15);
  }
});

test.each([14, 15])('a movie of %i pictures with uneven distances lasts as long as its frames', async (count) => {
  await using folder = await makeFolder();
  const times = [0, 40, 120, 200, 320, 440, 600, 800, 1000, 1200, 1440, 1720, 2000, 2320, 2360].slice(0, count);
  await mux(folder.join('in.mp4'), 'mp4', [await recordVideo(times, 1000)]);
  const seconds = movieSeconds(await readFile(folder.join('in.mp4')));
  await compress(folder, 'in.mp4');
  for (const name of containers) {
    const { end } = await decompress(folder, name);
    expect(end).toBeCloseTo(seconds, 3);
    if (name !== 'a.mkv') expect(movieSeconds(await readFile(folder.join(name)))).toBeCloseTo(seconds, 3);
  }
});

/** Duration that the `mvhd` box of an MP4 file tells, seconds. */
function movieSeconds(file: Buffer): number {
  const at = file.indexOf('mvhd', 0, 'latin1') + 4;
  return file.readUInt8(at) === 0
    ? file.readUInt32BE(at + 16) / file.readUInt32BE(at + 12)
    : Number(file.readBigUInt64BE(at + 24)) / file.readUInt32BE(at + 20);
}

/** Writes `a.tsr` again with another side section. */
async function replaceSide(folder: Folder, side: Uint8Array): Promise<void> {
  const chunks: Uint8Array[] = [];
  const source = await openFileSource(folder.join('a.tsr'));
  const reader = await StreamReader.open(source, { strict: true });
  const writer = new StreamWriter({ write: (bytes) => Promise.resolve(void chunks.push(Uint8Array.from(bytes))) });
  await writer.writeHeader(reader.header);
  await writer.writeSide([side]);
  for await (const section of reader.sections())
    if (section.kind === 'packet') await writer.writePacket(section.packet);
  await writer.finish();
  await source.close();
  await writeFile(folder.join('a.tsr'), Buffer.concat(chunks));
}
