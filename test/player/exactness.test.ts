/// <reference lib="dom" />
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type * as Player from '../../src/player/index.js';
import { goldenStreams } from '../codec/golden.js';
import { findChromium, launchBrowser, mustHaveChromium } from '../bench/page/browser.js';
import { referenceFrames } from './reference-frames.js';
import { servePlayer, type PlayerServer } from './serve.js';

const chromium = findChromium();
const skips = chromium === null && !mustHaveChromium();
if (skips) process.stderr.write('the player is not tested: there is no Chromium\n');
const testPlayer = skips ? test.skip : test;

const goldens = goldenStreams();
let browser: Browser;
let server: PlayerServer;
let page: Page;

beforeAll(async () => {
  if (skips) return;
  browser = await launchBrowser(chromium!);
  server = await servePlayer(new Map(goldens.map(({ name, bytes }) => [`${name}.tsr`, bytes])));
  page = await browser.newPage();
  page.on('console', (message) => process.stderr.write(`${message.text()}\n`));
  page.on('pageerror', (error) => process.stderr.write(`${error.message}\n`));
  await page.goto(server.origin);
});

afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

testPlayer('every golden stream gives the frames of decompress', async () => {
  for (const { name, bytes } of goldens) {
    const frames = await referenceFrames(bytes, 'fixtures/tiny-pack');
    const started = performance.now();
    const found = await page.evaluate(async (file) => {
      const { decodeFrames } = (await import('/player/tessera-player.js' as string)) as typeof Player;
      const hashes: string[] = [];
      for await (const { data } of decodeFrames(file, { packs: '/packs/' })) {
        const all = await new Blob([data.y, data.u, data.v] as BlobPart[]).arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
        hashes.push(Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''));
      }
      return hashes;
    }, `${name}.tsr`);
    process.stderr.write(`${name} ${frames.length} ${performance.now() - started}\n`);
    expect({ name, frames: found }).toEqual({ name, frames });
  }
});
