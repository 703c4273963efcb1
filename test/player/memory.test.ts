/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, jest } from '@jest/globals';
import { testInBrowser, useBrowser } from './browser-page.js';
import { makeClip } from './clips.js';
import { servePlayer, type PlayerServer } from './serve.js';

// Enough for a machine that has other things to do.
jest.setTimeout(120_000);

/** More buffers than all queues hold at a time, and far fewer than the test moves. */
const MOST_BUFFERS = 250;
const LAPS = 30;
/** Parsing and pictures; there is no filter. */
const THREADS = 2;
const FRAMES = 14;

const browser = useBrowser();
let server: PlayerServer;

beforeAll(async () => {
  server = await servePlayer(new Map([['clip.tsr', await makeClip({ golden: 'inter', laps: 2 })]]));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

declare global {
  /** Buffers that came in messages and were not sent away since: nothing else frees their memory at once. */
  var keptBuffers: Set<ArrayBuffer>;
  var startedThreads: number;
}

/** Runs in the page and in its threads: notes buffers that come and go. */
function watchBuffers(): void {
  globalThis.keptBuffers = new Set();
  globalThis.startedThreads = 0;
  const note = (value: unknown): void => {
    if (value instanceof ArrayBuffer) globalThis.keptBuffers.add(value);
    else if (ArrayBuffer.isView(value)) note(value.buffer);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(note);
  };
  const watchSending = (target: { postMessage: (...all: never[]) => void }): void => {
    const send = target.postMessage as (...all: unknown[]) => void;
    target.postMessage = function (this: unknown, ...all: unknown[]) {
      send.apply(this, all);
      for (const buffer of (all[1] ?? []) as ArrayBuffer[]) globalThis.keptBuffers.delete(buffer);
    };
  };
  watchSending(MessagePort.prototype);
  if (typeof document === 'undefined') {
    watchSending(globalThis as never);
    globalThis.addEventListener('message', ({ data }) => note(data));
    return;
  }
  watchSending(Worker.prototype);
  globalThis.Worker = class extends Worker {
    constructor(script: string | URL, options?: WorkerOptions) {
      super(script, options);
      globalThis.startedThreads++;
      this.addEventListener('message', ({ data }) => note(data));
    }
  };
}

describe('memory', () => {
  testInBrowser('does not grow while it loops and seeks', async () => {
    const page = await browser.open(server.origin);
    await page.evaluate(watchBuffers);
    const watched: Promise<void>[] = [];
    page.on('worker', (worker) => watched.push(worker.evaluate(watchBuffers)));
    const threads = await page.evaluate(async (frames) => {
      const { open, event } = await window.inPage();
      const { video } = await open({ src: 'clip.tsr', loop: '', muted: '' });
      const started = globalThis.startedThreads;
      for (const place of [0.4, 0.1, 0.3, 0.5, 0]) {
        const seeked = event(video, 'seeked');
        video.currentTime = place;
        await seeked;
      }
      video.playbackRate = 8;
      await video.play();
      await new Promise<void>((resolve) => {
        video.addEventListener('frame', () => {
          const { framesShown, framesDropped } = video.stats;
          if (framesShown + framesDropped >= frames) resolve();
        });
      });
      return [started, globalThis.startedThreads];
    }, LAPS * FRAMES);
    await Promise.all(watched);
    expect(threads).toEqual([THREADS, THREADS]);
    const kept = [page, ...page.workers()].map((where) => where.evaluate(() => globalThis.keptBuffers.size));
    for (const count of await Promise.all(kept)) expect(count).toBeLessThan(MOST_BUFFERS);
  });
});
