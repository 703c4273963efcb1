import { afterAll, afterEach, beforeAll, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type * as Player from '../../src/player/index.js';
import { findChromium, launchBrowser, mustHaveChromium } from '../bench/page/browser.js';

/** What tests use inside the page. */
export interface InPage {
  readonly player: typeof Player;
  /** SHA-256 of the planes of a frame. */
  readonly hash: (frame: Player.PlayerFrame) => Promise<string>;
  /** Resolves at the next event; rejects if none comes. */
  readonly event: (target: EventTarget, name: string) => Promise<Event>;
  /** Makes an element with attributes and waits until it can play, or has an error. */
  readonly open: (attributes: Record<string, string>, source?: Blob | ReadableStream<Uint8Array>) => Promise<Opened>;
}

/** An element and the events that it had. */
export interface Opened {
  readonly video: Player.TesseraVideoElement;
  readonly events: string[];
  readonly notices: Player.Notice[];
}

declare global {
  interface Window {
    inPage(): Promise<InPage>;
  }
}

const chromium = findChromium();
const skips = chromium === null && !mustHaveChromium();
if (skips) {
  process.stderr.write(
    'the player is not tested: there is no Chromium (apt-get install chromium, or set CHROMIUM_PATH)\n',
  );
}

/** `test` where there is a browser. */
export const testInBrowser = skips ? test.skip : test;

/** A browser for a file of tests. */
export function useBrowser(): { open(address: string): Promise<Page> } {
  let browser: Browser | null = null;
  let context: BrowserContext | null = null;
  beforeAll(async () => {
    if (!skips) browser = await launchBrowser(chromium!);
  });
  afterEach(async () => {
    await context?.close();
    context = null;
  });
  afterAll(async () => {
    await browser?.close();
  });
  return {
    open: async (address) => {
      context = await browser!.newContext();
      const page = await context.newPage();
      page.on('pageerror', (error) => process.stderr.write(`page: ${error.stack ?? error.message}\n`));
      await page.addInitScript(installHelpers);
      await page.goto(address);
      return page;
    },
  };
}

/** Runs in the page before its scripts. */
function installHelpers(): void {
  const PATIENCE_MS = 90_000;
  window.inPage = async () => {
    const address: string = '/player/tessera-player.js';
    const player = (await import(address)) as typeof Player;
    player.defineTesseraVideo();
    const event = (target: EventTarget, name: string): Promise<Event> =>
      new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`no event ${name}`)), PATIENCE_MS);
        target.addEventListener(name, resolve, { once: true });
      });
    return {
      player,
      event,
      hash: async ({ data: { y, u, v } }) => {
        const all = await new Blob([y, u, v] as Uint8Array<ArrayBuffer>[]).arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
        return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
      },
      open: async (attributes, source) => {
        document.body.replaceChildren();
        const video = document.createElement('tessera-video');
        const [events, notices]: [string[], Player.Notice[]] = [[], []];
        const names = ['loadstart', 'durationchange', 'loadedmetadata', 'loadeddata', 'canplay', 'play', 'playing'];
        names.push('pause', 'waiting', 'seeking', 'seeked', 'ended', 'error', 'postfilterchange', 'volumechange');
        for (const name of names) video.addEventListener(name, () => events.push(name));
        video.addEventListener('notice', (notice) => notices.push((notice as CustomEvent<Player.Notice>).detail));
        const all = { packs: '/packs/', 'post-filter': 'none', ...attributes };
        for (const [name, value] of Object.entries(all)) video.setAttribute(name, value);
        const done = Promise.race([event(video, 'canplay'), event(video, 'error')]);
        if (source !== undefined) video.srcObject = source;
        document.body.append(video);
        await done;
        return { video, events, notices };
      },
    };
  };
}
