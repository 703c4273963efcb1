/// <reference lib="dom" />
import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { testInBrowser, useBrowser } from './browser-page.js';
import { makeClip } from './clips.js';
import { servePlayer, type PlayerServer } from './serve.js';

// Enough for a machine that has other things to do.
jest.setTimeout(180_000);

const LAPS = 6;

const browser = useBrowser();
const files = new Map<string, Uint8Array>();
let isolated: PlayerServer;
let plain: PlayerServer;

beforeAll(async () => {
  files.set('clip.tsr', await makeClip({ golden: 'inter', laps: LAPS }));
  isolated = await servePlayer(files);
  plain = await servePlayer(files, { isIsolated: false });
});
afterAll(async () => {
  await isolated[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

/** Begins to decode the clip again and again, as fast as it can be decoded; pictures stay as long as they are shown. */
async function loop(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { player, event } = await window.inPage();
    const looping = new player.TesseraPlayer(document.createElement('canvas'), 'clip.tsr', {
      ...{ packs: '/packs/', postFilter: 'none', loop: true, muted: true },
    });
    await event(looping, 'canplay');
    looping.playbackRate = 8;
    await looping.play();
    Object.assign(window, { looping });
  });
}

/** Waits until a number of pictures was decoded since the start. */
async function untilDecoded(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const { framesShown, framesDropped } = (window as unknown as { looping: { stats: PlayerCounts } }).looping.stats;
      return framesShown + framesDropped >= wanted;
    },
    count,
    { timeout: 120_000, polling: 50 },
  );
}

interface PlayerCounts {
  readonly framesShown: number;
  readonly framesDropped: number;
}

testInBrowser('live memory does not grow from loop to loop', async () => {
  const page = await browser.open(isolated.origin);
  await loop(page);
  // The browser collects garbage before it measures.
  const bytes = (): Promise<number> =>
    page.evaluate(async () => {
      const measuring = performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> };
      return (await measuring.measureUserAgentSpecificMemory()).bytes;
    });
  await untilDecoded(page, 250);
  const before = await bytes();
  await untilDecoded(page, 1250);
  // 1000 pictures have 11 MB, their tokens 30 MB.
  expect((await bytes()) - before).toBeLessThan(2 * 2 ** 20);
});

// Objects that are referred to weakly are there until a thread has collected the garbage of its whole heap.
testInBrowser.each([
  ['isolated', () => isolated],
  ['not isolated', () => plain],
])('the threads of a page that is %s collect their garbage', async (_name, server) => {
  const page = await browser.open(server().origin);
  await loop(page);
  const threads = page.workers();
  expect(threads.length).toBeGreaterThanOrEqual(2);
  await untilDecoded(page, 50);
  for (const thread of threads) {
    await thread.evaluate(() => {
      Object.assign(globalThis, { weak: new WeakRef({}) });
    });
  }
  await untilDecoded(page, 1000);
  for (const thread of threads) {
    const isThere = await thread.evaluate(
      () => (globalThis as unknown as { weak: WeakRef<object> }).weak.deref() !== undefined,
    );
    expect({ thread: thread.url(), isThere }).toEqual({ thread: thread.url(), isThere: false });
  }
});
