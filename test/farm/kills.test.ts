import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { PROGRAM } from '../cli/helpers.js';
import { writeScenes } from '../pipeline/chunks/video.js';
import { TINY_PACK } from '../support/packs.js';
import { until } from '../support/until.js';
import { failureOf, makeFolder } from '../video/helpers.js';
import { compressVideo, farm, readFarmStatus } from './built.js';
import { HAS_REDIS, RedisServer } from './redis.js';

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

/** What a test has started, and what it compresses in this process: both end with the test, whatever happens. */
const programs: Program[] = [];
const compressions: Promise<unknown>[] = [];
let cancelling: AbortController;

/** Starts the program with options of Node. */
function start(args: readonly string[], nodeArgs: readonly string[] = []): Program {
  const child = spawn(process.execPath, [...nodeArgs, PROGRAM, 'farm', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TESSERA_REDIS: redis.url },
  });
  const program: Program = { process: child, exit: once(child, 'exit'), stderr: '' };
  child.stderr.on('data', (text: Buffer) => (program.stderr += text.toString()));
  programs.push(program);
  return program;
}

function startWorker(nodeArgs: readonly string[] = []): Program {
  const args = [
    ...['worker', '--store', store, '--root', folder.join('videos'), '--pack', TINY_PACK],
    ...['--lock-seconds', '1', '--search-threads', '1'],
  ];
  return start(args, nodeArgs);
}

/** Starts a worker that has its chunk until a file is there, however fast it codes. */
function startHeldWorker(released: string): Program {
  const hold = new URL('hold.mjs', import.meta.url);
  hold.searchParams.set('until', released);
  return startWorker(['--import', hold.href]);
}

/** Compresses the video on the farm. */
function compress(output: string): Promise<unknown> {
  const chunks = farm({ redis: redis.url, store });
  const done = compressVideo(video, output, { ...OPTIONS, chunks, signal: cancelling.signal });
  compressions.push(done);
  return done;
}

async function results(): Promise<number> {
  return (await readdir(store).catch(() => [])).filter((name) => name.endsWith('.tsr')).length;
}

/** Waits until a worker has a chunk. */
async function untilActive(): Promise<void> {
  await until(async () => (await readFarmStatus(redis.url)).active === 1, 100);
}

(HAS_REDIS ? describe : describe.skip)('what dies', () => {
  beforeAll(async () => {
    folder = await makeFolder();
    await mkdir(folder.join('videos'));
    video = folder.join('videos/in.y4m');
    await writeScenes(video, [20]);
    await compressVideo(video, folder.join('whole.tsr'), OPTIONS);
    whole = await readFile(folder.join('whole.tsr'));
  });

  beforeEach(async () => {
    redis = await RedisServer.start(await mkdtemp(folder.join('redis-')));
    cancelling = new AbortController();
  });

  afterEach(async () => {
    cancelling.abort();
    await Promise.allSettled(compressions.splice(0));
    for (const { process: child, exit } of programs.splice(0)) {
      child.kill('SIGKILL');
      await exit;
    }
    await redis[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  test('workers and Redis: the same file', async () => {
    store = folder.join('store-1');
    const output = folder.join('killed.tsr');
    const done = compress(output);
    const first = startHeldWorker(folder.join('never'));
    await untilActive();
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
    await until(async () => (await results()) >= 1);
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
    const failure = failureOf(compress(folder.join('drained.tsr')));
    const released = folder.join('released');
    const worker = startHeldWorker(released);
    await untilActive();
    worker.process.kill('SIGTERM');
    await until(() => worker.stderr.includes('finishes 1 chunk before it ends'));
    await writeFile(released, '');
    expect(await worker.exit).toEqual([0, null]);
    expect(await readFarmStatus(redis.url)).toMatchObject({ active: 0, workers: 0 });
    expect(await results()).toBe(1);
    cancelling.abort();
    expect(await failure).toMatchObject({ code: 'ERR_TESSERA_CANCELLED' });
  });

  test('a full disk fails the whole in one line; with another worker it goes on', async () => {
    store = folder.join('store-4');
    const output = folder.join('full.tsr');
    const full = startWorker(['--import', new URL('full-disk.mjs', import.meta.url).href]);
    const error = await failureOf(compress(output));
    full.process.kill('SIGTERM');
    expect(await full.exit).toEqual([0, null]);
    expect(error.message).toMatch(/^chunk \d cannot be coded: .*: the disk is full; free some space/);
    // Descriptions of chunks, and nothing that is half written.
    expect((await readdir(store)).every((name) => /^\w{64}\.json$/.test(name))).toBe(true);
    const worker = startWorker();
    await compress(output);
    expect((await readFile(output)).equals(whole)).toBe(true);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).toEqual([0, null]);
  });
});
