/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { goldenStreams } from '../codec/golden.js';
import { testInBrowser, useBrowser } from './browser-page.js';
import { makeClip, PACK } from './clips.js';
import { referenceFrames } from './reference-frames.js';
import { servePlayer, type PlayerServer } from './serve.js';

// Enough for a machine that has other things to do.
jest.setTimeout(120_000);

const browser = useBrowser();
const streams = new Map(goldenStreams().map(({ name, bytes }) => [`${name}.tsr`, bytes]));

beforeAll(async () => {
  streams.set('clip.tsr', await makeClip({ golden: 'inter', laps: 3 }));
});

/** The frames that the player gives for a stream, in the page or in a worker of it. */
function framesOf(page: Page, file: string): Promise<string[]> {
  return page.evaluate(async (address) => {
    const { player, hash } = await window.inPage();
    const hashes: string[] = [];
    for await (const frame of player.decodeFrames(address, { packs: '/packs/' })) hashes.push(await hash(frame));
    return hashes;
  }, file);
}

describe('frames are those of decompress without post-filter', () => {
  let server: PlayerServer;
  beforeAll(async () => {
    server = await servePlayer(streams);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  testInBrowser('of every golden stream', async () => {
    const page = await browser.open(server.origin);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    for (const [file, bytes] of streams) {
      const expected = await referenceFrames(bytes, PACK);
      expect({ file, frames: await framesOf(page, file) }).toEqual({ file, frames: expected });
    }
  });

  testInBrowser('on a page that is not isolated, from a server without ranges', async () => {
    await using plain = await servePlayer(streams, { isIsolated: false, hasRanges: false });
    const page = await browser.open(plain.origin);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    expect(await framesOf(page, 'clip.tsr')).toEqual(await referenceFrames(streams.get('clip.tsr')!, PACK));
  });

  testInBrowser('in a worker, which also plays on its canvas', async () => {
    const page = await browser.open(server.origin);
    const found = await page.evaluate(async () => {
      const script = `
        const { decodeFrames, TesseraPlayer } = await import(new URL('/player/tessera-player.js', location.origin));
        const times = [];
        const options = { packs: new URL('/packs/', location.origin), postFilter: 'none' };
        const address = new URL('/clip.tsr', location.origin);
        for await (const { timestamp } of decodeFrames(address, options)) times.push(timestamp);
        const canvas = new OffscreenCanvas(1, 1);
        const player = new TesseraPlayer(canvas, address, options);
        player.addEventListener('error', () => postMessage(player.error));
        player.addEventListener('ended', () => postMessage({ times, shown: player.stats.framesShown, width: canvas.width }));
        player.play();
      `;
      const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
      const worker = new Worker(address, { type: 'module' });
      return await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data as object);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
    });
    const times = Array.from({ length: 21 }, (_, frame) => 40_000 * frame);
    expect(found).toEqual({ times, shown: expect.any(Number), width: 96 });
  });
});
