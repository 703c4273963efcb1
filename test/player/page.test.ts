/// <reference lib="dom" />
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { serveFiles, type FileServer } from '../../src/cli/play/file-server.js';
import { addressOf, findPlayerFiles } from '../../src/cli/play/player-files.js';
import type { TesseraVideo } from '../../src/player/page/dom.js';
import { findChromium, launchBrowser, mustHaveChromium } from '../bench/page/browser.js';
import { clip, Folder, tessera, TINY_PACK } from '../cli/helpers.js';
import { makeClip } from './clips.js';

const chromium = findChromium();
const skips = chromium === null && !mustHaveChromium();
if (skips) process.stderr.write('the page of the player is not tested: there is no Chromium\n');

const WAIT_MS = 60_000;

let browser: Browser;
let folder: Folder;
let server: FileServer;
let stream: string;
let context: BrowserContext;
let page: Page;
/** What the page complained of. */
let complaints: string[];

interface OpenOptions {
  readonly width?: number;
  readonly query?: string;
  /** Instead of the page of the server. */
  readonly address?: string;
  readonly scheme?: 'light' | 'dark';
}

async function open({ width = 1280, query, address, scheme = 'light' }: OpenOptions = {}): Promise<void> {
  context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  complaints = [];
  page.on('console', (message) => {
    // Software rendering is slow to read pixels back, and says so.
    if (!message.text().includes('GL Driver Message')) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.url) && url !== address && !/^(?:blob|data):/.test(url)) complaints.push(url);
  });
  await page.goto(address ?? `${server.url}${query ?? `?src=${addressOf(stream)}`}`);
  await page.waitForFunction(() => document.documentElement.dataset['ready'] === 'true');
  if (query === undefined && address === undefined) await untilVideo(({ readyState }) => readyState >= 2);
}

/** Waits until the element is as `test` wants it. The page's policy forbids to send `test` as a text. */
async function untilVideo(test: (video: TesseraVideo) => boolean): Promise<void> {
  while (!(await ask(test))) await page.waitForTimeout(50);
}

function ask<T>(get: (video: TesseraVideo) => T): Promise<T> {
  return page.locator('#video').evaluate(get as unknown as (element: HTMLElement) => T);
}

/** The tiny pack with a post-filter that runs in browsers. Post-filters do not belong to what streams name. */
async function packWithFilter(): Promise<string> {
  const made = folder.join('pack');
  await cp(TINY_PACK, made, { recursive: true });
  const filter = await readFile('codecs/tessera-nano/post-filter-lpips.onnx');
  await writeFile(`${made}/post-filter-lpips.onnx`, filter);
  const manifest = JSON.parse(await readFile(`${made}/manifest.json`, 'utf8')) as { files: Record<string, object> };
  manifest.files['post-filter-lpips'] = {
    ...{ path: 'post-filter-lpips.onnx', bytes: filter.length },
    sha256: createHash('sha256').update(filter).digest('hex'),
  };
  await writeFile(`${made}/manifest.json`, JSON.stringify(manifest));
  return made;
}

/** The smallest contrast between a text and what is behind it, and that text. */
function worstContrast(): Promise<{ contrast: number; text: string }> {
  return page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    /** Paints colours on each other and returns the luminance of the result. */
    const luminance = (colours: string[]): number => {
      for (const colour of colours) {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
      }
      const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    let worst = { contrast: 21, text: '' };
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const text = [...element.childNodes]
        .map((node) => (node.nodeType === Node.TEXT_NODE ? node.nodeValue! : ''))
        .join('')
        .trim();
      // What lies on the picture has a dark ground of its own.
      if (
        text === '' ||
        !element.checkVisibility() ||
        element.closest('.stage') !== null ||
        element.matches('option, option *')
      )
        continue;
      const grounds: string[] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement)
        grounds.unshift(getComputedStyle(at).backgroundColor);
      const ground = luminance(grounds);
      const ink = luminance([...grounds, getComputedStyle(element).color]);
      const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
      if (contrast < worst.contrast) worst = { contrast, text };
    }
    return worst;
  });
}

(skips ? describe.skip : describe)('the page of the player, in Chromium', () => {
  beforeAll(async () => {
    if (chromium === null) throw new Error('there is no Chromium: apt-get install chromium, or set CHROMIUM_PATH');
    folder = await Folder.create();
    stream = folder.join('every thing.tsr');
    await writeFile(stream, await makeClip({ golden: 'inter', laps: 3, hasSide: true }));
    server = await serveFiles(await findPlayerFiles(stream, { name: 'tiny', folder: await packWithFilter() }), 0);
    browser = await launchBrowser(chromium);
  }, 240_000);

  afterAll(async () => {
    if (chromium === null) return;
    await browser.close();
    await server.close();
    await folder[Symbol.asyncDispose]();
  });

  afterEach(() => context.close());

  test('a stream is loaded, played and paused by the keyboard', async () => {
    await open();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await page.title()).toBe('every thing.tsr – tessera player');
    expect(await page.locator('#facts').textContent()).toMatch(
      /^\d+×\d+ · \d+ fps · 0:0\d\.\d · [\d.]+ kB · \d+ kbit\/s · tiny $/,
    );
    await page.keyboard.press('Space');
    await untilVideo(({ currentTime }) => currentTime > 0.2);
    await page.keyboard.press('k');
    await untilVideo(({ paused }) => paused);
    expect(await page.locator('#play').getAttribute('aria-label')).toMatch(/^Play/);
    await page.waitForFunction(() => Number(document.getElementById('shown')!.textContent) > 1);
    await page.waitForFunction(() =>
      /\d+ frames? decoded, of them \d+ key frame/.test(document.getElementById('bits-text')!.textContent),
    );
    expect(complaints).toEqual([]);
  }, 120_000);

  test('keys: frame by frame, to the start, sound, loop, the list of keys', async () => {
    await open();
    await page.keyboard.press('.');
    await untilVideo((video) => video.readFrame()!.timestamp > 0);
    const told = page.getByText(/^Frame at 0\.0[1-9]\d s$/);
    await told.waitFor({ state: 'attached' });
    await page.keyboard.press(',');
    await untilVideo((video) => video.readFrame()!.timestamp === 0);
    await page.keyboard.press('5');
    await untilVideo(({ currentTime, duration, seeking }) => !seeking && Math.abs(currentTime - duration / 2) < 0.1);
    await page.keyboard.press('Home');
    await untilVideo(({ currentTime, seeking }) => !seeking && currentTime === 0);
    await page.keyboard.press('m');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('r');
    expect(await ask(({ muted, volume, loop }) => [muted, volume, loop])).toEqual([false, 0.95, true]);
    await page.keyboard.press('?');
    const list = page.getByRole('dialog', { name: 'Keys' });
    expect(await list.textContent()).toContain('One frame back, on');
    await page.keyboard.press('Escape');
    expect(await list.isVisible()).toBe(false);
  }, 120_000);

  test('the filter: none, lpips, side by side with a border that keys move', async () => {
    await open();
    await page.getByRole('radio', { name: 'None' }).check();
    expect(await ask(({ postFilter, split }) => [postFilter, split])).toEqual(['none', null]);
    await page.getByRole('radio', { name: 'Side by side' }).check();
    expect(await ask(({ postFilter, split }) => [postFilter, split])).toEqual(['lpips', 0.5]);
    const border = page.getByRole('slider', { name: /^Border/ });
    await border.press('Shift+ArrowLeft');
    await border.press('ArrowLeft');
    expect(await ask(({ split }) => split)).toBe(0.39);
    await page.keyboard.press('p');
    expect(await page.getByRole('radio', { name: 'None' }).isChecked()).toBe(true);
    expect(await border.isVisible()).toBe(false);
  }, 120_000);

  test('subtitles of the stream can be chosen', async () => {
    await open();
    const list = page.getByRole('combobox', { name: 'Subtitles' });
    expect(await list.locator('option').count()).toBeGreaterThan(1);
    await list.selectOption({ index: 1 });
    expect(await ask(({ textTracks }) => textTracks[0]!.mode)).toBe('showing');
  }, 120_000);

  test('another file is dropped and plays', async () => {
    await open({ query: '' });
    expect(await page.getByText('Drop a .tsr file here').isVisible()).toBe(true);
    const bytes = [...(await readFile('fixtures/streams/inter.tsr'))];
    await page.evaluate((numbers) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(numbers)], 'dropped.tsr'));
      for (const name of ['dragenter', 'drop']) {
        document.body.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
      }
    }, bytes);
    await untilVideo(({ ended, stats }) => ended && stats.framesShown > 1);
    expect(await page.locator('h1').textContent()).toBe('dropped.tsr');
    expect(complaints).toEqual([]);
  }, 120_000);

  test.each([
    ['what is not there', '?src=video/none.tsr', /404|none\.tsr/],
    ['what is no stream', '?src=page.js', /stream/],
  ])(
    '%s is a sentence on the picture',
    async (_name, query, sentence) => {
      await open({ query });
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent()).toMatch(sentence);
      expect(await page.locator('#spinner').isVisible()).toBe(false);
    },
    120_000,
  );

  test.each(['light', 'dark'] as const)(
    '%s, on a phone: no sideways scrolling, texts can be read',
    async (scheme) => {
      await open({ width: 360, scheme });
      await page.keyboard.press('p');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      const { contrast, text } = await worstContrast();
      expect({ contrast, text, isEnough: contrast >= 4.5 }).toMatchObject({ isEnough: true });
    },
    120_000,
  );

  test('every control has a name', async () => {
    await open();
    await page.keyboard.press('p');
    await page.keyboard.press('p');
    const lines = (await page.locator('body').ariaSnapshot()).split('\n');
    const controls = lines.filter((line) => /- (?:button|slider|combobox|radio|img)\b/.test(line));
    expect(controls.length).toBeGreaterThan(14);
    expect(controls.filter((line) => !/- \w+ "\S/.test(line))).toEqual([]);
  }, 120_000);

  test('the page in one file plays from a disk, with the pack that it carries', async () => {
    const still = folder.join('still.tsr');
    expect(await tessera(['compress', clip('one-frame.mp4'), still])).toMatchObject({ exitCode: 0 });
    await open({ address: pathToFileURL('dist/player/standalone.html').href });
    await page.setInputFiles('#file', still);
    await untilVideo(({ error, stats }) => error !== null || stats.framesShown > 0);
    expect(await ask(({ error, info }) => [error, info?.packName])).toEqual([null, 'tessera-nano']);
    await page.setInputFiles('#file', 'fixtures/streams/inter.tsr');
    await page.getByText("this page has no model pack 'tiny': play the stream with tessera play").waitFor();
    expect(complaints).toEqual([]);
  }, 240_000);
});
