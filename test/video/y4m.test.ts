import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { isY4m, openY4m, writeY4m } from '../../src/video/y4m.js';
import { collect, failureOf, makeFrame, makeProperties, produce } from './helpers.js';

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
    ['W16 H8 F25:1 C422', /chroma 422.*convert/],
    ['W16 H8 F25:1 C420p10', /chroma 420p10/],
    ['W16 H8 F25:1 Cmono', /chroma mono/],
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

test('a cut frame and a frame without its marker are named', async () => {
  const bytes = Buffer.concat(
    await collect(writeY4m(produce([makeFrame(8, 8, 0), makeFrame(8, 8, 1)]), makeProperties(8, 8))),
  );
  const read = async (part: Uint8Array) => collect((await openY4m(produce([part]))).frames());
  expect((await failureOf(read(bytes.subarray(0, -1)))).message).toBe(
    'the y4m stream is cut in frame 1: 95 of 96 bytes',
  );
  const wrong = Buffer.from(bytes);
  wrong.write('FRUME', wrong.lastIndexOf('FRAME'), 'latin1');
  expect((await failureOf(read(wrong))).message).toMatch(/frame 1 does not begin with FRAME/);
});
