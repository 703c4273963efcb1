/* global document, window, crossOriginIsolated */
// Measures the player's bars in Chromium: node scripts/measure-player.mjs INPUT [--wide INPUT] [--seconds N] [--minutes N]
//
// INPUT is a .tsr file with sound or any video, which is compressed first with 10 s between key frames; --wide names a
// larger one for the row without filter. A stream that is shorter than N seconds loops. Build first, and let nothing else
// run. `--only first,seek` measures some of: first, seek, play, plain, wide, memory.
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { URLSearchParams } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { parseRange } from '../dist/src/cli/play/byte-range.js';
import { formatTable } from '../dist/src/cli/table.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { openFileSource, StreamReader } from '../dist/src/exports/stream.js';
import { compressVideo } from '../dist/src/index.js';

const STARTS = 5;
const SEEKS = 16;
const KEY_SECONDS = 10;
/** Memory is not looked at before this time: code is still being optimised, and pools fill. */
const WARM_MS = 30_000;
const SAMPLE_MS = 5000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    wide: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: 'first,seek,play,plain,wide,memory' },
  },
});
const [input] = positionals;
if (input === undefined || positionals.length > 1) {
  process.stderr.write('usage: node scripts/measure-player.mjs INPUT [--wide INPUT] [--seconds N] [--minutes N]\n');
  process.exit(2);
}
const seconds = Number(options.seconds);
const wanted = new Set(options.only.split(','));
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'tessera-player-'));
const rows = [];
let browser;

try {
  const streams = new Map([['clip.tsr', await streamOf(input)]]);
  if (options.wide !== undefined) streams.set('wide.tsr', await streamOf(options.wide));
  const isolated = await serve(streams, true);
  const plain = await serve(streams, false);
  if (wanted.has('first')) await measureFirst(isolated.origin);
  if (wanted.has('seek')) await measureSeeks(isolated.origin);
  if (wanted.has('play')) {
    await measurePlaying('play, default filter', isolated.origin, 'clip.tsr', {}, '2 %, 40 ms');
    await measurePlaying('play, no filter', isolated.origin, 'clip.tsr', { 'post-filter': 'none' }, '');
  }
  if (wanted.has('plain')) {
    await measurePlaying('play, not isolated, no filter', plain.origin, 'clip.tsr', { 'post-filter': 'none' }, '5 %');
  }
  if (wanted.has('wide') && options.wide !== undefined) {
    await measurePlaying('play, wide, no filter', isolated.origin, 'wide.tsr', { 'post-filter': 'none' }, '5 %');
    await measurePlaying('play, wide, default filter', isolated.origin, 'wide.tsr', {}, '');
  }
  if (wanted.has('play') || wanted.has('plain')) await measureNode(streams.get('clip.tsr'));
  if (wanted.has('memory')) await measureMemory(isolated.origin);
  isolated.server.close();
  plain.server.close();
  process.stdout.write(`${formatTable(['what', 'measured', 'bar'], rows)}\n`);
} finally {
  await browser?.close();
  rmSync(scratch, { recursive: true, force: true });
}

/** The .tsr file of an input. */
async function streamOf(path) {
  if (extname(path) === '.tsr') return path;
  const stream = join(scratch, `${rows.length}-${Date.now()}.tsr`);
  process.stderr.write(`compressing ${path}\n`);
  await compressVideo(path, stream, { keyint: KEY_SECONDS * 30 });
  return stream;
}

/** Serves player, packs and streams; `/?src=...&attribute=value` is a page with an element that has these attributes. */
async function serve(streams, isIsolated) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (isIsolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (pathname === '/') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(pageOf(searchParams));
      return;
    }
    const path = streams.get(pathname.slice(1)) ?? join(root, 'dist', pathname);
    if (!existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    const { size } = statSync(path);
    const range = parseRange(request.headers.range, size);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const types = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
    response.writeHead(range === null ? 200 : 206, {
      'Content-Type': types[extname(path)] ?? 'application/octet-stream',
      'Content-Length': end - start + 1,
      ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    });
    createReadStream(path, { start, end }).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

function pageOf(attributes) {
  const all = [...attributes].map(([name, value]) => ` ${name}="${value}"`).join('');
  return `<!doctype html><title>player</title>
<script>
  document.addEventListener('loadeddata', () => (window.first = performance.now()), { capture: true, once: true });
</script>
<script type="module" src="/player/tessera-video.js"></script>
<tessera-video${all}></tessera-video>`;
}

/** Opens a page in a new browser with empty caches; resolves when the first picture is drawn. */
async function open(origin, attributes) {
  await browser?.close();
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  browser = await chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  const page = await (await browser.newContext()).newPage();
  page.on('pageerror', (error) => process.stderr.write(`page: ${error.stack ?? error.message}\n`));
  await page.goto(`${origin}/?${new URLSearchParams(attributes)}`);
  await page.waitForFunction(
    () => window.first !== undefined || document.querySelector('tessera-video').error !== null,
  );
  const error = await page.evaluate(() => document.querySelector('tessera-video').error?.message ?? null);
  if (error !== null) throw new Error(error);
  return page;
}

/** Processor seconds and private memory (MB) of the renderer and of the GPU process. */
async function processes() {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const found = { renderer: { cpu: 0, memory: 0 }, GPU: { cpu: 0, memory: 0 } };
  for (const { type, id, cpuTime } of processInfo) {
    if (found[type] === undefined) continue;
    // The renderer with the page is the one that works.
    const memory = privateMegabytes(id);
    if (cpuTime > found[type].cpu) found[type] = { cpu: cpuTime, memory };
  }
  return found;
}

/** Memory that a process shares with no file, MB; NaN where the system does not tell. */
function privateMegabytes(id) {
  try {
    const status = readFileSync(`/proc/${id}/status`, 'utf8');
    const kilobytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return (kilobytes('RssAnon') + kilobytes('RssShmem') + kilobytes('VmSwap')) / 1024;
  } catch {
    return NaN;
  }
}

async function measureFirst(origin) {
  for (const [name, filter] of [
    ['no filter', { 'post-filter': 'none' }],
    ['default filter', {}],
  ]) {
    const [all, afterLoad] = [[], []];
    for (let start = 0; start < STARTS; start++) {
      const page = await open(origin, { src: 'clip.tsr', muted: '', ...filter });
      const [first, loaded] = await page.evaluate(() => [
        window.first,
        performance.getEntriesByType('navigation')[0].loadEventEnd,
      ]);
      all.push(first);
      afterLoad.push(first - loaded);
    }
    const text = `${median(afterLoad).toFixed(0)} ms after the page has loaded, ${median(all).toFixed(0)} ms in all`;
    rows.push([`first picture, ${name}`, text, '1000 ms (aim 400)']);
  }
}

async function measureSeeks(origin) {
  for (const [name, filter] of [
    ['no filter', { 'post-filter': 'none' }],
    ['default filter', {}],
  ]) {
    const page = await open(origin, { src: 'clip.tsr', muted: '', ...filter });
    const times = await page.evaluate(async (count) => {
      const video = document.querySelector('tessera-video');
      const found = [];
      // Places that look random, the same each time.
      for (let seek = 0, place = 0.5; seek < count; seek++) {
        place = (place + 0.618034) % 1;
        const start = performance.now();
        const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
        video.currentTime = place * video.duration;
        await seeked;
        found.push(performance.now() - start);
      }
      return found;
    }, SEEKS);
    const text = `${median(times).toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms`;
    rows.push([`seek, ${name}`, text, '1500 ms (aim 500)']);
  }
}

async function measurePlaying(name, origin, file, attributes, bar) {
  const page = await open(origin, { src: file, loop: '', ...attributes });
  const before = await processes();
  const { shown, stats, notices, waits, isIsolated } = await page.evaluate(async (length) => {
    const video = document.querySelector('tessera-video');
    const notices = [];
    let waits = 0;
    video.addEventListener('notice', ({ detail }) => notices.push(detail.message));
    video.addEventListener('waiting', () => waits++);
    const before = video.stats.framesShown;
    await video.play();
    await new Promise((resolve) => setTimeout(resolve, 1000 * length));
    const { frameBits: _, ...stats } = video.stats;
    return { shown: stats.framesShown - before, stats, notices, waits, isIsolated: crossOriginIsolated };
  }, seconds);
  const after = await processes();
  const dropped = (100 * stats.framesDropped) / (shown + stats.framesDropped);
  const cpu = (type) => ((1000 * (after[type].cpu - before[type].cpu)) / (shown + stats.framesDropped)).toFixed(1);
  const parts = [
    `${dropped.toFixed(1)} % of ${shown + stats.framesDropped} dropped`,
    `A/V at most ${stats.avDriftMaxMs.toFixed(0)} ms, mean ${stats.avDriftMs.toFixed(1)} ms`,
    `${waits} waits`,
    `${cpu('renderer')} + ${cpu('GPU')} ms of processor a frame (page + GPU process)`,
    ...(isIsolated ? [] : ['not isolated']),
    ...notices,
  ];
  rows.push([name, parts.join('; '), bar]);
}

/** The same work in Node, for comparison. */
async function measureNode(path) {
  for (const postFilter of ['none', 'lpips']) {
    const source = await openFileSource(path);
    const reader = await StreamReader.open(source);
    const decoder = await Decoder.create(reader.header, { postFilter, device: 'cpu' });
    const start = process.cpuUsage();
    let count = 0;
    const packets = (async function* () {
      for await (const section of reader.sections()) if (section.kind === 'packet') yield section.packet;
    })();
    for await (const _ of decoder.decode(packets)) count++;
    const { user, system } = process.cpuUsage(start);
    await decoder[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
    const cost = ((user + system) / 1000 / count).toFixed(1);
    rows.push([`Node's decoder, filter ${postFilter}`, `${cost} ms of processor a frame, with the start`, '']);
  }
}

async function measureMemory(origin) {
  const page = await open(origin, { src: 'clip.tsr', loop: '', muted: '', autoplay: '' });
  const samples = [];
  const end = performance.now() + 60_000 * Number(options.minutes);
  await page.waitForTimeout(Math.min(WARM_MS, 15_000 * Number(options.minutes)));
  while (performance.now() < end) {
    await page.waitForTimeout(SAMPLE_MS);
    const { renderer, GPU } = await processes();
    samples.push([renderer.memory, GPU.memory]);
    process.stderr.write(`${renderer.memory.toFixed(0)} + ${GPU.memory.toFixed(0)} MB\n`);
  }
  const [shown, isFilterOff] = await page.evaluate(() => {
    const { framesShown, postFilterDropped } = document.querySelector('tessera-video').stats;
    return [framesShown, postFilterDropped];
  });
  // Means of the first and of the last fifth: single samples move with the garbage collector.
  const part = Math.max(1, Math.floor(samples.length / 5));
  const mean = (list, at) => list.reduce((sum, sample) => sum + sample[at], 0) / list.length;
  for (const [at, name] of ['the page', "the GPU process (draws on this machine's processor)"].entries()) {
    const [first, last] = [mean(samples.slice(0, part), at), mean(samples.slice(-part), at)];
    const most = Math.max(...samples.map((sample) => sample[at]));
    const growth = (100 * (last - first)) / first;
    const text = `${first.toFixed(0)} MB, then ${last.toFixed(0)} MB (${growth.toFixed(1)} %), at most ${most.toFixed(0)} MB`;
    const load = `${shown} pictures${isFilterOff ? ', the filter went off' : ''}`;
    rows.push([`memory of ${name}, ${load}`, text, at === 0 ? 'flat within 5 %, 300 MB' : '']);
  }
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
