/// <reference lib="dom" />
import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { testInBrowser, useBrowser } from './browser-page.js';
import { makeClip } from './clips.js';
import { servePlayer, type PlayerServer } from './serve.js';

// Enough for a machine that has other things to do.
jest.setTimeout(120_000);

const browser = useBrowser();
const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 };
let server: PlayerServer;

beforeAll(async () => {
  const make = (header: object): Promise<Uint8Array> => makeClip({ golden: 'inter', laps: 1, header });
  server = await servePlayer(
    new Map([
      ['limited.tsr', await make({ colour })],
      ['full.tsr', await make({ colour: { ...colour, matrix: 9, fullRange: true } })],
      ['turned.tsr', await make({ colour, rotation: 90, sampleAspect: { num: 2, den: 1 } })],
      ['over.tsr', await make({ colour: { ...colour, matrix: 6 }, rotation: 270 })],
    ]),
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Weights of red and blue, factor of luma and chroma, black. */
const CASES = [
  ['limited.tsr', [0.2126, 0.0722], false, 0, 1],
  ['full.tsr', [0.2627, 0.0593], true, 0, 1],
  ['turned.tsr', [0.2126, 0.0722], false, 90, 2],
  ['over.tsr', [0.299, 0.114], false, 270, 1],
] as const;

testInBrowser.each(CASES.flatMap((one) => [[...one, 'webgl2'] as const, [...one, '2d'] as const]))(
  '%s is drawn with the weights %j, full range %j, turned by %d, samples %d wide, by %s',
  async (file, weights, isFull, rotation, aspect, kind) => {
    const page = await browser.open(server.origin);
    const found = await page.evaluate(
      async ({ file, weights: [red, blue], isFull, rotation, aspect, kind }) => {
        const { player: module, event } = await window.inPage();
        const canvas = document.createElement('canvas');
        if (kind === '2d') canvas.getContext('2d');
        const player = new module.TesseraPlayer(canvas, file, { packs: '/packs/', postFilter: 'none' });
        await event(player, 'loadeddata');
        const { data, width, height } = player.readFrame()!;
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
        copy.drawImage(canvas, 0, 0);
        const shown = copy.getImageData(0, 0, canvas.width, canvas.height).data;
        let error = 0;
        let count = 0;
        for (let row = 0; row < height; row++) {
          for (let column = 0; column < width; column++) {
            const at = (row >> 1) * ((width + 1) >> 1) + (column >> 1);
            const luma = isFull ? data.y[row * width + column]! : ((data.y[row * width + column]! - 16) * 255) / 219;
            const chroma = isFull ? 1 : 255 / 224;
            const [u, v] = [(data.u[at]! - 128) * chroma, (data.v[at]! - 128) * chroma];
            const r = luma + 2 * (1 - red) * v;
            const b = luma + 2 * (1 - blue) * u;
            const rgb = [r, (luma - red * r - blue * b) / (1 - red - blue), b];
            // The middle of the sample on the screen.
            const [x, y] = [aspect * (column + 0.5), row + 0.5];
            const place = rotation === 0 ? [x, y] : rotation === 90 ? [height - y, x] : [y, aspect * width - x];
            const pixel = 4 * (Math.floor(place[1]!) * canvas.width + Math.floor(place[0]!));
            for (let part = 0; part < 3; part++) {
              error += Math.abs(Math.min(255, Math.max(0, rgb[part]!)) - shown[pixel + part]!);
              count++;
            }
          }
        }
        const kinds = canvas.getContext('webgl2') === null ? '2d' : 'webgl2';
        player.close();
        return { size: [canvas.width, canvas.height], error: error / count, kind: kinds };
      },
      { file, weights, isFull, rotation, aspect, kind },
    );
    expect(found.size).toEqual(rotation === 0 ? [96, 80] : [80, 96 * aspect]);
    // Chroma between its samples, and wide samples, are interpolated.
    expect(found.error).toBeLessThan(4);
    if (found.kind !== kind) process.stderr.write('this browser has no WebGL2: only the other way is tested\n');
  },
);
