import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../../src/errors.js';
import { isY4m, openY4m } from '../../../src/video/in/y4m.js';
import { collect, failureOf, makeFrame, makeProperties, produce, writeY4m } from '../helpers.js';

/** The bytes in chunks of `size`. */
function chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const count = Math.ceil(bytes.length / size);
  return produce(Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)));
}

const header = (words: string) => Buffer.from(`YUV4MPEG2 ${words}\n`, 'latin1');

describe('round trips', () => {
  test.each([1, 7, 4096, 1 << 20])('chunks of %i bytes', async (size) => {
    const frames = [0, 1, 2].map((index) => makeFrame(13, 9, index));
    const properties = makeProperties(13, 9, {
      frameRate: { num: 30000, den: 1001 },
      timeBase: { num: 1001, den: 30000 },
      sampleAspect: { num: 8, den: 9 },
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: true, chromaLocation: 3 },
    });
    const bytes = Buffer.concat(await collect(writeY4m(produce(frames), properties)));
    await using video = await openY4m(chunked(bytes, size));
    expect(video.properties).toEqual(properties);
    expect(await collect(video.frames())).toEqual(frames);
  });

  test('the header is as other programs write it', async () => {
    const [line] = await collect(writeY4m(produce([]), makeProperties(16, 8)));
    expect(Buffer.from(line ?? []).toString('latin1')).toBe(
      'YUV4MPEG2 W16 H8 F25:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n',
    );
  });
});

describe('headers', () => {
  test.each([
    ['420jpeg', 2],
    ['420mpeg2', 1],
    ['420paldv', 3],
    ['420', 0],
  ])('chroma %s', async (chroma, location) => {
    await using video = await openY4m(produce([header(`W16 H8 F25:1 C${chroma}`)]));
    expect(video.properties.colour.chromaLocation).toBe(location);
  });

  test('interlaced pictures are noted, unknown words passed over', async () => {
    await using video = await openY4m(produce([header('W16 H8 F0:0 It A0:0 Xwhatever Q')]));
    expect(video.notes).toHaveLength(1);
    expect(video.properties).toMatchObject({ frameRate: { num: 25, den: 1 }, sampleAspect: { num: 1, den: 1 } });
  });

  test.each([
    ['W16 H8 F25:1 C440', /chroma 440.*convert/],
    ['W16 H8 F25:1 C420p8', /chroma 420p8/],
    ['W0 H8 F25:1', /width 0/],
    ['W16 F25:1', /height missing/],
    ['W16 H99999 F25:1', /height 99999/],
    ['W16 H8 F25', /frame rate 25/],
  ])('%s is refused', async (words, message) => {
    const error = await failureOf(openY4m(produce([header(words)])));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(message);
  });

  test('a header without end', async () => {
    expect((await failureOf(openY4m(produce([Buffer.alloc(9000, 'x')])))).message).toMatch(/no header line/);
  });

  test('the magic', () => {
    expect(isY4m(Buffer.from('YUV4MPEG2 W1'))).toBe(true);
    expect(isY4m(Buffer.from('YUV4MPEG3 W1'))).toBe(false);
    expect(isY4m(Buffer.from('YUV4'))).toBe(false);
  });
});

describe('other chroma is converted', () => {
  // Grey 128 whose chroma is 100 and 160; more bits in two bytes, low one first.
  test.each([
    ['422', 1, [13 * 9, 7 * 9, 7 * 9], '8-bit 4:2:2 (yuv422p)'],
    ['444', 1, [13 * 9, 13 * 9, 13 * 9], '8-bit 4:4:4 (yuv444p)'],
    ['411', 1, [13 * 9, 4 * 9, 4 * 9], '8-bit 4:1:1 (yuv411p)'],
    ['420p10', 4, [13 * 9, 7 * 5, 7 * 5], '10-bit 4:2:0 (yuv420p10le)'],
    ['444p12', 16, [13 * 9, 13 * 9, 13 * 9], '12-bit 4:4:4 (yuv444p12le)'],
    ['mono', 1, [13 * 9], 'gray'],
  ])('C%s', async (chroma, scale, planes, description) => {
    const values = planes.flatMap((length, plane) => Array<number>(length).fill([128, 100, 160][plane]! * scale));
    const bytes = scale === 1 ? Uint8Array.from(values) : new Uint8Array(Uint16Array.from(values).buffer);
    const marker = Buffer.from('FRAME\n');
    const stream = Buffer.concat([header(`W13 H9 F25:1 C${chroma}`), marker, bytes, marker, bytes]);
    await using video = await openY4m(produce([stream]));
    expect(video.notes).toEqual([`converted ${description} to 8-bit 4:2:0`]);
    const frames = await collect(video.frames());
    expect(frames).toHaveLength(2);
    for (const { y, u, v } of frames) {
      expect([new Set(y), new Set(u), new Set(v)]).toEqual([
        // FFmpeg takes grey for full range.
        new Set([chroma === 'mono' ? 126 : 128]),
        new Set([chroma === 'mono' ? 128 : 100]),
        new Set([chroma === 'mono' ? 128 : 160]),
      ]);
      expect([y.length, u.length, v.length]).toEqual([13 * 9, 7 * 5, 7 * 5]);
    }
  });
});

test('a cut frame and a frame without its marker are named', async () => {
  const bytes = Buffer.concat(
    await collect(writeY4m(produce([makeFrame(8, 8, 0), makeFrame(8, 8, 1)]), makeProperties(8, 8))),
  );
  const open = (part: Uint8Array, strict: boolean) => openY4m(produce([part]), { strict });
  const read = async (part: Uint8Array) => collect((await open(part, true)).frames());
  expect((await failureOf(read(bytes.subarray(0, -1)))).message).toBe(
    'the y4m stream is cut in frame 1: 1 of its 96 bytes are missing',
  );
  await using lenient = await open(bytes.subarray(0, -1), false);
  expect(await collect(lenient.frames())).toHaveLength(1);
  expect(lenient.notes).toEqual([
    'the y4m stream is cut in frame 1: 1 of its 96 bytes are missing; what is there is taken',
  ]);
  const wrong = Buffer.from(bytes);
  wrong.write('FRUME', wrong.lastIndexOf('FRAME'), 'latin1');
  expect((await failureOf(read(wrong))).message).toMatch(/frame 1 does not begin with FRAME/);
});
