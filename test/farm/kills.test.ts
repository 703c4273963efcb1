import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { PROGRAM } from '../cli/helpers.js';
import { writeScenes } from '../pipeline/chunks/video.js';
import { TINY_PACK } from '../support/packs.js';
import { failureOf, makeFolder } from '../video/helpers.js';
import { compressVideo, farm, readFarmStatus } from './built.js';
import { HAS_REDIS, RedisServer, until } from './redis.js';

const OPTIONS = { pack: TINY_PACK, device: 'cpu', keyint: 5, preset: 'realtime', quality: 20 } as const;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let redis: RedisServer;
let video: string;
let store: string;
let whole: Buffer;

interface Program {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown>;
  stderr: string;
}

/** Starts the program with options of Node; it must not outlive its test. */
function start(args: readonly string[], nodeArgs: readonly string[] = []): Program {
  const child = spawn(process.execPath, [...nodeArgs, PROGRAM, 'farm', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TESSERA_REDIS: redis.url },
  });
  const program: Program = { process: child, exit: once(child, 'exit'), stderr: '' };
  child.stderr.on('data', (text: Buffer) => (program.stderr += text.toString()));
  return program;
}

function startWorker(nodeArgs: readonly string[] = []): Program {
  const args = [
    ...['worker', '--store', store, '--root', folder.join('videos'), '--pack', TINY_PACK],
    ...['--lock-seconds', '1', '--search-threads', '1'],
  ];
  return start(args, nodeArgs);
}

(HAS_REDIS ? describe : describe.skip)('what dies', () => {
  beforeAll(async () => {
    folder = await makeFolder();
    await mkdir(folder.join('redis'));
    await mkdir(folder.join('videos'));
    redis = await RedisServer.start(folder.join('redis'));
    video = folder.join('videos/in.y4m');
    await writeScenes(video, [20]);
    await compressVideo(video, folder.join('whole.tsr'), OPTIONS);
    whole = await readFile(folder.join('whole.tsr'));
  });

  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test('workers and Redis: the same file', async () => {
    store = folder.join('store-1');
    const output = folder.join('killed.tsr');
    const done = compressVideo(video, output, { ...OPTIONS, chunks: farm({ redis: redis.url, store }) });
    const results = async (): Promise<number> =>
      (await readdir(store).catch(() => [])).filter((name) => name.endsWith('.tsr')).length;
    const first = startWorker();
    await until(async () => (await readFarmStatus(redis.url)).active === 1);
    first.process.kill('SIGKILL');
    await first.exit;
    const second = startWorker();
    await until(async () => (await results()) >= 1);
    await redis.restart();
    await until(async () => (await results()) >= 2);
    second.process.kill('SIGKILL');
    await second.exit;
    const third = startWorker();
    await done;
    expect((await readFile(output)).equals(whole)).toBe(true);
    third.process.kill('SIGTERM');
    expect(await third.exit).toEqual([0, null]);
    expect(third.stderr).not.toContain('internal error');
  });

  test('the client: started again, it goes on', async () => {
    store = folder.join('store-2');
    const output = folder.join('client.tsr');
    const args = ['compress', video, output, '--store', store, '--keyint', '5', '--preset', 'realtime'];
    const all = [...args, '-q', '20', '--pack', TINY_PACK, '--device', 'cpu'];
    const client = start(all);
    const worker = startWorker();
    await until(async () => (await readdir(store).catch(() => [])).some((name) => name.endsWith('.tsr')));
    client.process.kill('SIGKILL');
    await client.exit;
    const again = start([...all, '-y']);
    const exit = await again.exit;
    expect([exit, again.stderr]).toEqual([[0, null], expect.stringContaining('20 frames')]);
    expect((await readFile(output)).equals(whole)).toBe(true);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).toEqual([0, null]);
  });

  test('a worker that is told to end finishes its chunk', async () => {
    store = folder.join('store-3');
    const controller = new AbortController();
    const output = folder.join('drained.tsr');
    const options = { ...OPTIONS, chunks: farm({ redis: redis.url, store }), signal: controller.signal };
    const failure = failureOf(compressVideo(video, output, options));
    const worker = startWorker();
    await until(async () => (await readFarmStatus(redis.url)).active === 1);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).toEqual([0, null]);
    expect(worker.stderr).toMatch(/finishes 1 chunk before it ends/);
    expect(await readFarmStatus(redis.url)).toMatchObject({ active: 0, workers: 0 });
    expect((await readdir(store)).filter((name) => name.endsWith('.tsr')).length).toBe(1);
    controller.abort();
    expect(await failure).toMatchObject({ code: 'ERR_TESSERA_CANCELLED' });
  });

  test('a full disk fails the whole in one line; with another worker it goes on', async () => {
    store = folder.join('store-4');
    const output = folder.join('full.tsr');
    const chunks = farm({ redis: redis.url, store });
    const full = startWorker(['--import', new URL('full-disk.mjs', import.meta.url).href]);
    const error = await failureOf(compressVideo(video, output, { ...OPTIONS, chunks }));
    full.process.kill('SIGTERM');
    expect(await full.exit).toEqual([0, null]);
    expect(error.message).toMatch(/^chunk \d cannot be coded: .*: the disk is full; free some space/);
    // Descriptions of chunks, and nothing that is half written.
    expect((await readdir(store)).every((name) => /^\w{64}\.json$/.test(name))).toBe(true);
    const worker = startWorker();
    await compressVideo(video, output, { ...OPTIONS, chunks });
    expect((await readFile(output)).equals(whole)).toBe(true);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).toEqual([0, null]);
  });
});
