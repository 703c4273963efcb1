/// <reference lib="dom" />
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { makePage } from '../../../bench/report/write-report.js';
import { findChromium, launchBrowser, mustHaveChromium } from './browser.js';
import { drawPictures } from '../support/draw-pictures.js';
import { syntheticResults, type SyntheticOptions } from '../support/synthetic.js';

const chromium = findChromium();
const skips = chromium === null && !mustHaveChromium();
if (skips) {
  process.stderr.write(
    'the page is not tested: there is no Chromium (apt-get install chromium, or set CHROMIUM_PATH)\n',
  );
}

let browser: Browser;
let folder: string;
let context: BrowserContext;
let page: Page;
/** What the page complained of, and what it asked the network for. */
let complaints: string[];

/** Writes the page of made-up results; returns its address. */
async function makeReport(name: string, options: SyntheticOptions): Promise<string> {
  const results = syntheticResults(options);
  const out = join(folder, name);
  await mkdir(out);
  await drawPictures(results, out);
  await writeFile(join(out, 'report.html'), await makePage(results, { resultsFolder: out }));
  return pathToFileURL(join(out, 'report.html')).href;
}

async function open(address: string, size = { width: 1280, height: 900 }): Promise<void> {
  context = await browser.newContext({ viewport: size, offline: true });
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!/^(?:file|data|blob):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset['ready'] === 'true');
}

/** Whether a chart has colours of its own beside its grey axes. */
function isDrawn(chart: Locator): Promise<boolean> {
  return chart.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!];
      if (alpha > 128 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured++;
    }
    return coloured > 100;
  });
}

/** A number that changes with what a chart shows. */
function pictureOf(chart: Locator): Promise<number> {
  return chart.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    let sum = 0;
    for (const letter of canvas.toDataURL()) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0;
    return sum;
  });
}

async function backgroundsOf(crops: Locator): Promise<string[]> {
  return await crops.locator('.crop-view').evaluateAll((views) => views.map((view) => view.getAttribute('style')!));
}

(skips ? describe.skip : describe)('the page in a browser, from a file, without a network', () => {
  let full: string;

  beforeAll(async () => {
    if (chromium === null) throw new Error('there is no Chromium: apt-get install chromium, or set CHROMIUM_PATH');
    folder = await mkdtemp(join(tmpdir(), 'tessera-page-'));
    browser = await launchBrowser(chromium);
    full = await makeReport('full', {
      ...{ clips: 2, codecs: 3, frames: 12, pictures: 2, failures: 1, targetBitsPerPixel: 0.0384 },
      metrics: ['psnr-y', 'lpips', 'steady-psnr'],
    });
  }, 240_000);

  afterAll(async () => {
    if (chromium === null) return;
    await browser.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(() => open(full), 120_000);

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  test('every chart is drawn, every part is there', async () => {
    const charts = page.locator('.chart');
    // The mean, two clips, encoding, decoding, frames.
    expect(await charts.count()).toBe(6);
    for (const chart of await charts.all()) expect(await isDrawn(chart)).toBe(true);
    const headings = await page.locator('h2').allTextContents();
    expect(headings).toEqual([
      ...['Rate at equal quality', 'Quality by rate', 'Clip by clip', 'Speed and memory', 'Pictures'],
      ...['From frame to frame', 'At 0.0384 bits per pixel', 'Failed jobs', 'To repeat this run'],
    ]);
    expect(await page.locator('#target').textContent()).toContain('published on other clips');
    expect(await page.locator('#repeat').textContent()).toContain('tessera bench clips/*.mkv --preset standard');
    expect(await page.locator('main').textContent()).not.toMatch(/NaN|Infinity|undefined/);
  }, 120_000);

  test('a codec is switched off everywhere, by the keyboard too', async () => {
    const chart = page.locator('#curve-chart');
    const before = await pictureOf(chart);
    const chip = page.locator('.chip', { hasText: 'x264 veryslow' });
    await chip.focus();
    await page.keyboard.press('Space');
    expect(await chip.getAttribute('aria-pressed')).toBe('false');
    expect(await pictureOf(chart)).not.toBe(before);
    expect(await page.locator('.forest').textContent()).not.toContain('x264 veryslow');
    expect(await page.locator('#bd-table').textContent()).not.toContain('x264 veryslow');
    await chip.click();
    expect(await page.locator('.forest').textContent()).toContain('x264 veryslow');
  }, 120_000);

  test('the anchor and the metric are chosen for all tables', async () => {
    const means = page.locator('#bd-table tbody tr').first();
    const before = await means.textContent();
    await page.getByLabel('Anchor').selectOption('x265 medium');
    expect(await page.locator('#bd-table thead').textContent()).toBe('Clipx264 mediumx264 veryslow');
    expect(await means.textContent()).not.toBe(before);
    expect(await page.locator('.forest-row', { hasText: 'x265 medium' }).textContent()).toContain('anchor');
    await page.getByLabel('Measure').selectOption('LPIPS');
    expect(await page.locator('#curves h3').first().textContent()).toBe('LPIPS, mean of 2 clips');
    const akima = await means.textContent();
    await page.getByRole('button', { name: 'BD-LPIPS' }).click();
    expect(await means.textContent()).not.toBe(akima);
  }, 120_000);

  test('a point tells its values, and the rate axis can be linear', async () => {
    const chart = page.locator('#curve-chart');
    const clip = page.locator('#curves').getByLabel('Clip', { exact: true });
    await clip.focus();
    await clip.selectOption('foreman');
    // Who came with the keyboard is still there.
    expect(await clip.evaluate((list) => list === document.activeElement)).toBe(true);
    await chart.scrollIntoViewIfNeeded();
    const box = (await chart.locator('.u-over').boundingBox())!;
    const tip = chart.locator('.tip');
    for (let share = 0.05; share < 1 && !(await tip.isVisible()); share += 0.05) {
      await page.mouse.move(box.x + share * box.width, box.y + (1 - share) * box.height);
    }
    expect(await tip.textContent()).toMatch(/(?:x264|x265).*CRF \d+.*bits per pixel.*kbit\/s.*PSNR Y \d+\.\d\d dB/);
    const before = await pictureOf(chart);
    await page.getByRole('button', { name: 'Linear' }).click();
    expect(await pictureOf(chart)).not.toBe(before);
  }, 120_000);

  test('the divider is dragged, and moved by keys', async () => {
    const divider = page.getByRole('slider');
    await divider.scrollIntoViewIfNeeded();
    expect(await divider.getAttribute('aria-valuenow')).toBe('50');
    const stage = (await page.locator('.stage').boundingBox())!;
    const grip = (await divider.boundingBox())!;
    await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
    await page.mouse.down();
    await page.mouse.move(stage.x + stage.width * 0.25, grip.y + 20, { steps: 4 });
    await page.mouse.up();
    expect(Number(await divider.getAttribute('aria-valuenow'))).toBeCloseTo(25, -0.5);
    await divider.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await divider.getAttribute('aria-valuenow')).toBe('11');
    const clip = await page.locator('.stage img.right').evaluate((image) => getComputedStyle(image).clipPath);
    expect(clip).toBe('inset(0px 0px 0px 11%)');
  }, 120_000);

  test('pictures of codecs, rates and frames are chosen, and really shown', async () => {
    const part = page.locator('#pictures');
    const images = part.locator('.stage img');
    const sizes = (): Promise<number[]> =>
      images.evaluateAll((all) =>
        Promise.all(
          all.map(async (image) => {
            await (image as HTMLImageElement).decode();
            return (image as HTMLImageElement).naturalWidth;
          }),
        ),
      );
    expect(await sizes()).toEqual([352, 352]);
    const addresses = (): Promise<string[]> =>
      images.evaluateAll((all) => all.map((image) => image.getAttribute('src')!));
    const before = await addresses();
    await part.getByLabel('Left').selectOption('x264 medium');
    expect(await part.locator('.left-tag').textContent()).toMatch(/^x264 medium, CRF \d+, 0\.\d+ bpp$/);
    await part.getByRole('button', { name: 'Next frame' }).click();
    expect(await part.locator('.frame-number').textContent()).toBe('Frame 11 (2 of 2 kept)');
    const after = await addresses();
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    await part.getByLabel('Clip', { exact: true }).selectOption('old_town_cross');
    expect(await sizes()).toEqual([640, 640]);
    const rates = await part.getByLabel('Rate near').locator('option').count();
    expect(rates).toBeGreaterThanOrEqual(3);
    await part.getByLabel('Rate near').selectOption({ index: rates - 1 });
    expect(await part.locator('.left-tag').textContent()).toContain('CRF 22');
  }, 120_000);

  test('crops follow the press, the keys and the zoom', async () => {
    const crops = page.locator('.crops');
    expect(await crops.locator('.crop').count()).toBe(4);
    const first = await backgroundsOf(crops);
    const stage = (await page.locator('.stage').boundingBox())!;
    await page.locator('.stage').scrollIntoViewIfNeeded();
    await page.locator('.stage').click({ position: { x: stage.width * 0.2, y: stage.height * 0.2 } });
    const second = await backgroundsOf(crops);
    expect(second).not.toEqual(first);
    await page.locator('.lens').focus();
    await page.keyboard.press('ArrowRight');
    const third = await backgroundsOf(crops);
    expect(third).not.toEqual(second);
    await page.getByRole('button', { name: '8×' }).click();
    expect(await backgroundsOf(crops)).not.toEqual(third);
    await page.locator('.chip', { hasText: 'x265 medium' }).click();
    expect(await crops.locator('.crop').count()).toBe(3);
  }, 120_000);

  test('nothing is wider than a phone', async () => {
    await context.close();
    await open(full, { width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    for (const chart of await page.locator('.chart').all()) expect(await isDrawn(chart)).toBe(true);
  }, 120_000);

  test('colours of another scheme are drawn at once', async () => {
    const chart = page.locator('#curve-chart');
    const before = await pictureOf(chart);
    await page.emulateMedia({ colorScheme: 'dark' });
    for (let tries = 0; tries < 50 && (await pictureOf(chart)) === before; tries++) await page.waitForTimeout(100);
    expect(await pictureOf(chart)).not.toBe(before);
    expect(await isDrawn(chart)).toBe(true);
  }, 120_000);

  test.each([
    ['steady-psnr', 'Frame'],
    ['flicker', 'Value'],
  ] as const)(
    '%s: points of the frame chart are numbered as frames only if all but the first are there',
    async (metric, word) => {
      await context.close();
      await open(await makeReport(metric, { clips: 1, codecs: 2, frames: 12, metrics: [metric] }));
      const chart = page.locator('#frame-chart');
      await chart.scrollIntoViewIfNeeded();
      const box = (await chart.locator('.u-over').boundingBox())!;
      const tip = chart.locator('.tip');
      for (let share = 0.05; share < 1 && !(await tip.isVisible()); share += 0.05) {
        await page.mouse.move(box.x + 0.5 * box.width, box.y + share * box.height);
      }
      expect(await tip.textContent()).toMatch(new RegExp(`${word} \\d+`));
    },
    240_000,
  );

  test('a run without times, pictures, target or second clip says so', async () => {
    await context.close();
    await open(await makeReport('bare', { clips: 1, codecs: 1, frames: 1, jobs: 2, metrics: ['psnr-y'] }));
    const text = (await page.locator('main').textContent())!;
    expect(text).toContain('This run has no times: 2 jobs ran at once: no times were taken.');
    expect(text).toContain('This run kept no pictures.');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  }, 240_000);
});
