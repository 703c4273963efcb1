import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Downloads } from '../../src/farm/downloads.js';
import { HttpStore } from '../../src/farm/chunk-store.js';
import type { CompressOptions } from '../../src/pipeline/compress.js';
import { writeScenes } from '../pipeline/chunks/video.js';
import { TINY_PACK } from '../support/packs.js';
import { failureOf, makeFolder } from '../video/helpers.js';
import { compressVideo, farm, startWorker } from './built.js';
import { HAS_REDIS, RedisServer } from './redis.js';

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: Server;
let base: string;
const files = new Map<string, Buffer>();
const requests: string[] = [];
/** Bytes after which the next answer breaks. */
let breakAfter = Infinity;

beforeAll(async () => {
  folder = await makeFolder();
  server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, 'http://host');
    requests.push(`${request.method} ${pathname} ${request.headers.range ?? ''}`.trim());
    if (pathname.startsWith('/away')) {
      response.writeHead(302, { location: '/videos/in.y4m' }).end();
      return;
    }
    if (pathname.startsWith('/private') && search !== '?sig=secret') {
      response.writeHead(403).end();
      return;
    }
    if (request.method === 'PUT') {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        files.set(pathname, Buffer.concat(pieces));
        response.writeHead(201).end();
      });
      return;
    }
    const all = files.get(pathname);
    if (all === undefined) {
      response.writeHead(404).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const bytes = all.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length });
    if (bytes.length <= breakAfter) {
      response.end(bytes);
      return;
    }
    response.write(bytes.subarray(0, breakAfter), () => response.destroy());
    breakAfter = Infinity;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await folder[Symbol.asyncDispose]();
});

test('a store keeps its query and hides it', async () => {
  const hash = 'cd'.repeat(32);
  const store = new HttpStore(`${base}/private/results/?sig=secret`);
  expect(await store.read(hash, 'tsr')).toBeNull();
  await store.write(hash, 'tsr', Uint8Array.of(1, 2, 3));
  expect([...(await store.read(hash, 'tsr'))!]).toEqual([1, 2, 3]);
  expect([...files.keys()]).toContain(`/private/results/${hash}.tsr`);
  const error = await failureOf(new HttpStore(`${base}/private/results?sig=other-secret`).read(hash, 'tsr'));
  expect(error).toMatchObject({ code: 'ERR_TESSERA_ENVIRONMENT' });
  expect(error.message).toBe(`cannot GET ${base}/private/results/${hash}.tsr: the server answers 403`);
});

test('a download that breaks goes on where it broke', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => at % 251));
  files.set('/videos/long.bin', bytes);
  requests.length = 0;
  breakAfter = 100_000;
  await using downloads = new Downloads([`${base}/videos`]);
  const { signal } = new AbortController();
  const path = await downloads.fetch(`${base}/videos/long.bin?sig=1`, signal);
  expect((await readFile(path)).equals(bytes)).toBe(true);
  expect(await downloads.fetch(`${base}/videos/long.bin?sig=2`, signal)).toBe(path);
  expect(requests.length).toBe(2);
  expect(requests[1]).toMatch(/^GET \/videos\/long\.bin bytes=\d+-$/);
});

test.each([
  ['/videos-2/a.mp4', /lies outside of the addresses/],
  ['/videos/../private/a.mp4', /lies outside of the addresses/],
  ['/videos/none.mp4', /is not there/],
])('%s is refused', async (path, message) => {
  await using downloads = new Downloads([`${base}/videos/`]);
  const error = await failureOf(downloads.fetch(base + path, new AbortController().signal));
  expect(error.message).toMatch(message);
});

test('no redirection is followed', async () => {
  await using downloads = new Downloads([`${base}/away`]);
  const error = await failureOf(downloads.fetch(`${base}/away/in.y4m`, new AbortController().signal));
  expect(error.message).toMatch(/the server answers 302/);
});

(HAS_REDIS ? describe : describe.skip)('farm', () => {
  test('without shared folders, the file is the same', async () => {
    await mkdir(folder.join('redis'));
    await using redis = await RedisServer.start(folder.join('redis'));
    const video = folder.join('in.y4m');
    await writeScenes(video, [4, 3]);
    files.set('/videos/in.y4m', await readFile(video));
    const options: CompressOptions = { pack: TINY_PACK, device: 'cpu', quality: 20, preset: 'realtime' };
    await compressVideo(video, folder.join('whole.tsr'), options);
    const store = `${base}/private/results?sig=secret`;
    await using worker = await startWorker({
      ...{ redis: redis.url, store, roots: [], urls: [`${base}/videos/`], pack: TINY_PACK },
    });
    const chunks = farm({ redis: redis.url, store, sourceUrl: `${base}/videos/in.y4m?token=hidden` });
    await compressVideo(video, folder.join('farm.tsr'), { ...options, chunks });
    expect((await readFile(folder.join('farm.tsr'))).equals(await readFile(folder.join('whole.tsr')))).toBe(true);
    expect(requests.filter((line) => line.startsWith('GET /videos/in.y4m')).length).toBe(1);
    expect(worker.lines.join()).not.toMatch(/secret|hidden/);
  });
});
