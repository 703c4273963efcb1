import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { CompressOptions } from '../../src/pipeline/compress.js';
import { writeScenes } from '../pipeline/chunks/video.js';
import { TINY_PACK } from '../support/packs.js';
import { until } from '../support/until.js';
import { failureOf, makeFolder } from '../video/helpers.js';
import {
  compressVideo,
  farm,
  FarmQueue,
  localChunks,
  parseRedisAddress,
  readFarmStatus,
  startWorker,
} from './built.js';
import { CAN_OPEN_REDIS, HAS_REDIS, openRedis, RedisServer } from './redis.js';

const OPTIONS: CompressOptions = { pack: TINY_PACK, device: 'cpu', keyint: 6, preset: 'realtime' };

/** With a key frame every 6 frames: at 0, 4, 10, 11. */
const SCENES = [4, 7, 3];
const CHUNKS = 4;
/** A question to Redis opens connections. */
const POLL_MS = 100;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let redis: Awaited<ReturnType<typeof openRedis>>;
let video: string;
let store: string;
let count = 0;

(CAN_OPEN_REDIS ? describe : describe.skip)('farm', () => {
  beforeAll(async () => {
    folder = await makeFolder();
    await mkdir(folder.join('redis'));
    await mkdir(folder.join('videos'));
    redis = await openRedis(folder.join('redis'));
    video = folder.join('videos/in.y4m');
    store = folder.join('store');
    await writeScenes(video, SCENES);
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  function worker() {
    return startWorker({ redis: redis.url, store, roots: [folder.join('videos')], pack: TINY_PACK });
  }

  async function compress(options: CompressOptions, input = video): Promise<Buffer> {
    const output = folder.join(`${count++}.tsr`);
    await compressVideo(input, output, { ...OPTIONS, ...options });
    return await readFile(output);
  }

  test('workers make the same file as one run, and what is done is not done again', async () => {
    const whole = await compress({ quality: 20 });
    await using first = await worker();
    await using second = await worker();
    const chunks = farm({ redis: redis.url, store });
    expect((await compress({ quality: 20, chunks })).equals(whole)).toBe(true);
    const coded = (): number => [...first.lines, ...second.lines].filter((line) => /frames in/.test(line)).length;
    expect(coded()).toBe(CHUNKS);
    expect((await compress({ quality: 20, chunks })).equals(whole)).toBe(true);
    expect(coded()).toBe(CHUNKS);
    expect(await readFarmStatus(redis.url)).toMatchObject({ workers: 2, waiting: 0, active: 0 });
  });

  test('a bit rate gives the same file as on one machine', async () => {
    const rate = { bitrate: 70_000 };
    const local = await compress({ rate, chunks: localChunks({ jobs: 1 }) });
    await using _ = await worker();
    expect((await compress({ rate, chunks: farm({ redis: redis.url, store }) })).equals(local)).toBe(true);
  });

  test('a source outside of the roots fails the whole, in one line, after three tries', async () => {
    await using running = await worker();
    const chunks = farm({ redis: redis.url, store });
    const elsewhere = folder.join('in.y4m');
    await copyFile(video, elsewhere);
    const error = await failureOf(compress({ quality: 11, chunks }, elsewhere));
    expect(error).toMatchObject({ code: 'ERR_TESSERA_INPUT' });
    expect(error.message).toMatch(
      /^chunk \d+ cannot be coded: .*in\.y4m lies outside of the folders that this worker may read/,
    );
    const tries = new Map<string, number>();
    for (const line of running.lines) {
      const name = /^chunk (\w+)/.exec(line)?.[1];
      if (name !== undefined) tries.set(name, 1 + (tries.get(name) ?? 0));
    }
    expect(Math.max(...tries.values())).toBe(3);
    await until(async () => (await readFarmStatus(redis.url)).waiting === 0, POLL_MS);
    // The same frames in another place.
    expect((await compress({ quality: 11, chunks })).length).toBeGreaterThan(0);
  });

  test('what is no chunk is refused before anything is touched', async () => {
    await using running = await worker();
    await using queue = await FarmQueue.connect(parseRedisAddress(redis.url));
    await queue.queue.add('chunk', { hash: '../../etc/passwd' });
    await until(() => running.lines.some((line) => /the queue holds a job that is not a chunk/.test(line)));
    const hash = 'ab'.repeat(32);
    await writeFile(`${store}/${hash}.json`, '{"source":{"path":"/etc/passwd"}}');
    await queue.queue.add('chunk', { hash });
    await until(() => running.lines.some((line) => /not described as it must be/.test(line)));
  });

  test('a damaged result is made again', async () => {
    const chunks = farm({ redis: redis.url, store });
    await using _ = await worker();
    const whole = await compress({ quality: 20, chunks });
    const names = (await readdir(store)).filter((name) => name.endsWith('.tsr'));
    for (const name of names) {
      const bytes = await readFile(`${store}/${name}`);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(`${store}/${name}`, bytes);
    }
    expect((await compress({ quality: 20, chunks })).equals(whole)).toBe(true);
  });

  test('a source that changes while it is coded is noticed', async () => {
    await rm(store, { recursive: true });
    const chunks = farm({ redis: redis.url, store });
    const running = compress({ quality: 12, chunks });
    const failure = failureOf(running);
    await until(async () => (await readFarmStatus(redis.url)).waiting === CHUNKS, POLL_MS);
    await writeScenes(video, [3, 8, 3]);
    await using _ = await worker();
    expect((await failure).message).toMatch(/has other frames than when its chunks were found/);
    await writeScenes(video, SCENES);
    await until(async () => (await readFarmStatus(redis.url)).waiting === 0, POLL_MS);
  });

  test('cancelling takes chunks back', async () => {
    const controller = new AbortController();
    const error = failureOf(
      compress({ quality: 13, chunks: farm({ redis: redis.url, store }), signal: controller.signal }),
    );
    await until(async () => (await readFarmStatus(redis.url)).waiting === CHUNKS, POLL_MS);
    controller.abort();
    expect(await error).toMatchObject({ code: 'ERR_TESSERA_CANCELLED' });
    expect(await readFarmStatus(redis.url)).toMatchObject({ waiting: 0, active: 0 });
  });
});

(HAS_REDIS ? test : test.skip)('a wrong password is refused without telling it', async () => {
  await using place = await makeFolder();
  await using server = await RedisServer.start(place.path, 'right-secret');
  for (const address of [`redis://:wrong-secret@127.0.0.1:${server.port}`, `redis://127.0.0.1:${server.port}`]) {
    const error = await failureOf(readFarmStatus(address));
    expect(error).toMatchObject({ code: 'ERR_TESSERA_ENVIRONMENT' });
    expect(error.message).toBe(`cannot use Redis at 127.0.0.1:${server.port}: it refuses the user or password`);
    expect(String(error.stack) + String(error.cause)).not.toMatch(/secret/);
  }
  expect(await readFarmStatus(server.url)).toMatchObject({ workers: 0 });
});

test('a server that is not there is named', async () => {
  const error = await failureOf(readFarmStatus('redis://:secret@127.0.0.1:1'));
  expect(error.message).toBe('cannot use Redis at 127.0.0.1:1: nothing listens there');
});
