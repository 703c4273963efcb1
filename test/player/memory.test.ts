/// <reference lib="dom" />
import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import type { CDPSession, Page } from 'playwright-core';
import { testInBrowser, useBrowser } from './browser-page.js';
import { makeClip } from './clips.js';
import { servePlayer, type PlayerServer } from './serve.js';

// Enough for a machine that has other things to do.
jest.setTimeout(180_000);

const LAPS = 6;
/** Bytes of objects that a thread may make for each picture of the clip. A view for each row would be more. */
const MOST_GARBAGE = { 'token-worker': 16_000, 'decoder-worker': 8_000 };

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

/** The number of pictures that were decoded since the start. */
function decoded(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { framesShown, framesDropped } = (window as unknown as { looping: { stats: PlayerCounts } }).looping.stats;
    return framesShown + framesDropped;
  });
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

// Garbage makes the browser enlarge the heap of a thread step by step, for many minutes.
testInBrowser('the threads make little garbage for each picture', async () => {
  const page = await browser.open(isolated.origin);
  await loop(page);
  const profiler = await GarbageProfiler.attach(page);
  // Code that is not optimised yet makes more.
  await untilDecoded(page, 500);
  await profiler.start();
  const before = await decoded(page);
  await untilDecoded(page, before + 1000);
  const found = await profiler.stop();
  const count = (await decoded(page)) - before;
  const perPicture = Object.fromEntries([...found].map(([thread, bytes]) => [thread, Math.round(bytes / count)]));
  expect(Object.keys(perPicture)).toEqual(expect.arrayContaining(Object.keys(MOST_GARBAGE)));
  const tooMany = Object.entries(MOST_GARBAGE).filter(([thread, most]) => perPicture[thread]! > most);
  expect({ perPicture, tooMany }).toEqual({ perPicture, tooMany: [] });
});

interface ProfileNode {
  readonly selfSize: number;
  readonly children: readonly ProfileNode[];
}

/** Counts the bytes of objects that the threads of a page make, also those that are soon collected. */
class GarbageProfiler {
  readonly #session: CDPSession;
  /** Names of threads, by their sessions. */
  readonly #threads = new Map<string, string>();
  readonly #waiters = new Map<number, (result: unknown) => void>();
  #last = 0;

  private constructor(session: CDPSession) {
    this.#session = session;
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo: { url } }) => {
      this.#threads.set(sessionId, url.slice(url.lastIndexOf('/') + 1).replace('.js', ''));
    });
    session.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result } = JSON.parse(message) as { id: number; result: unknown };
      this.#waiters.get(id)?.(result);
    });
  }

  static async attach(page: Page): Promise<GarbageProfiler> {
    const session = await page.context().newCDPSession(page);
    const profiler = new GarbageProfiler(session);
    await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    return profiler;
  }

  async start(): Promise<void> {
    const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    for (const thread of this.#threads.keys()) {
      await this.#send(thread, 'HeapProfiler.startSampling', { samplingInterval: 1024, ...collected });
    }
  }

  /** Returns the bytes since {@link start}, by thread. */
  async stop(): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    const sizeOf = ({ selfSize, children }: ProfileNode): number =>
      children.reduce((sum, child) => sum + sizeOf(child), selfSize);
    for (const [thread, name] of this.#threads) {
      const { profile } = (await this.#send(thread, 'HeapProfiler.stopSampling')) as { profile: { head: ProfileNode } };
      found.set(name, sizeOf(profile.head));
    }
    return found;
  }

  async #send(sessionId: string, method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#last;
    const answer = new Promise((resolve) => this.#waiters.set(id, resolve));
    await this.#session.send('Target.sendMessageToTarget', {
      sessionId,
      message: JSON.stringify({ id, method, params }),
    });
    return await answer;
  }
}
