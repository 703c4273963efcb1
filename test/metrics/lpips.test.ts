import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EnvironmentError, InputError, ModelError } from '../../src/errors.js';
import { Lpips } from '../../src/metrics/lpips.js';
import { rgbToTensor } from '../../src/model/rgb-tensor.js';
import type { ColourDescription } from '../../src/video/frame.js';
import { writeOnnx } from '../support/onnx.js';
import { makeFrame, noise } from './frames.js';
import { drawPair } from './pictures.js';

const CPU = { device: 'cpu', threads: 1 } as const;
const FULL_RANGE: ColourDescription = { primaries: 1, transfer: 1, matrix: 1, fullRange: true, chromaLocation: 1 };

// The mean absolute difference stands in for the network: what is tested is how frames reach it.
const image = ['N', 3, 'H', 'W'];
const distanceGraph = writeOnnx(
  [
    { type: 'Sub', inputs: ['a', 'b'], outputs: ['difference'] },
    { type: 'Abs', inputs: ['difference'], outputs: ['magnitude'] },
    { type: 'ReduceMean', inputs: ['magnitude'], outputs: ['d'], attributes: { axes: [1, 2, 3], keepdims: 0 } },
  ],
  [
    { name: 'a', shape: image },
    { name: 'b', shape: image },
  ],
  [{ name: 'd', shape: ['N'] }],
);

describe('Lpips', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-lpips-'));
    path = join(folder, 'distance.onnx');
    await writeFile(path, distanceGraph);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('hands both frames over as RGB in -1..1', async () => {
    await using lpips = await Lpips.create(path, CPU);
    const [black, white] = [makeFrame(18, 10, () => 0), makeFrame(18, 10, () => 255)];
    expect(await lpips.compare(black, white, FULL_RANGE)).toBeCloseTo(2, 5);
    expect(await lpips.compare(white, white, FULL_RANGE)).toBe(0);
  });

  test('follows the range of the colour description', async () => {
    await using lpips = await Lpips.create(path, CPU);
    const [black, white] = [makeFrame(16, 16, () => 16), makeFrame(16, 16, () => 235)];
    expect(await lpips.compare(black, white, { ...FULL_RANGE, fullRange: false })).toBeCloseTo(2, 5);
    expect(await lpips.compare(black, white, FULL_RANGE)).toBeCloseTo((2 * 219) / 255, 5);
  });

  test('refuses two sizes, a missing file and graphs of another kind', async () => {
    await using lpips = await Lpips.create(path, CPU);
    await expect(
      lpips.compare(
        makeFrame(16, 16, () => 0),
        makeFrame(16, 18, () => 0),
        FULL_RANGE,
      ),
    ).rejects.toThrow(InputError);
    await expect(Lpips.create(join(folder, 'none.onnx'), CPU)).rejects.toThrow(EnvironmentError);
    const other = join(folder, 'other.onnx');
    await writeFile(
      other,
      writeOnnx(
        [{ type: 'Abs', inputs: ['x'], outputs: ['d'] }],
        [{ name: 'x', shape: [1] }],
        [{ name: 'd', shape: [1] }],
      ),
    );
    await expect(Lpips.create(other, CPU)).rejects.toThrow(ModelError);
    await expect(Lpips.create(other, CPU)).rejects.toThrow(/inputs a and b/);
  });

  test('has its own graph, which gives the distance of LPIPS 0.1 for two pictures of noise', async () => {
    await using lpips = await Lpips.create();
    const picture = (seed: number) => rgbToTensor([Uint8Array.from({ length: 64 * 64 * 3 }, noise(seed))], 64, 64);
    // Measured with the original weights in float32.
    expect(Math.abs((await lpips.compareRgb(picture(1), picture(2))) - 0.1096186515)).toBeLessThan(1e-4);
    expect(await lpips.compareRgb(picture(1), picture(1))).toBe(0);
  });

  test('the own graph measures frames from 31x31', async () => {
    await using lpips = await Lpips.create();
    const { original, decoded } = drawPair(31, 47, 5, 90);
    const distance = await lpips.compare(original, decoded, FULL_RANGE);
    expect(distance).toBeGreaterThan(0.01);
    expect(await lpips.compare(decoded, original, FULL_RANGE)).toBeCloseTo(distance, 6);
    const small = makeFrame(64, 30, () => 0);
    await expect(lpips.compare(small, small, FULL_RANGE)).rejects.toThrow(/31x31, these are 64x30/);
  });

  test('planes follow each other: all red, all green, all blue', () => {
    const { data, dims } = rgbToTensor([Uint8Array.of(0, 51, 255, 102, 204, 127)], 2, 1);
    expect(dims).toEqual([1, 3, 1, 2]);
    [-1, -0.2, -0.6, 0.6, 1, 127 / 127.5 - 1].forEach((value, at) => expect(data[at]).toBeCloseTo(value, 6));
  });
});
