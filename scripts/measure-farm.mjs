// Measures chunks and the farm: node scripts/measure-farm.mjs [--input FILE] [--seconds 120] [--size 640x360]
// [--preset medium] [--keyint 10s] [--only times,bitrate,kills,many] [--quality 28] [--kills 20]
// Build first; needs redis-server on the PATH, and taskset for times with one thread. Prints rows for docs/FARM.md.
import { Buffer } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createServer, connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compressVideo, farm, openVideo, readFarmStatus } from '../dist/src/index.js';
import { FarmQueue } from '../dist/src/farm/queue.js';
import { FolderStore } from '../dist/src/farm/chunk-store.js';
import { parseRedisAddress } from '../dist/src/farm/redis-address.js';
import { parseSpecText } from '../dist/src/pipeline/chunks/chunk-spec.js';
import { packetsOf, streamOf } from '../dist/src/pipeline/chunks/chunk-result.js';
import { KeptCodecs } from '../dist/src/pipeline/chunks/kept-codecs.js';
import { codeSpec } from '../dist/src/pipeline/chunks/code-spec.js';
import { StreamReader } from '../dist/src/bitstream/stream-reader.js';
import { memorySource } from '../dist/src/bitstream/byte-source.js';
import { FrameScaler } from '../dist/src/video/convert/frame-scaler.js';
import { backAndForth, writeY4m } from './in-memory.mjs';

const { values: options } = parseArgs({
  options: {
    input: { type: 'string', default: 'fixtures/clips/big-buck-bunny-3s.mp4' },
    seconds: { type: 'string', default: '120' },
    size: { type: 'string', default: '640x360' },
    preset: { type: 'string', default: 'medium' },
    quality: { type: 'string', default: '28' },
    only: { type: 'string', default: 'times,bitrate,kills,many' },
    keyint: { type: 'string', default: '10s' },
    kills: { type: 'string', default: '20' },
    chunks: { type: 'string', default: '10000' },
  },
});
const only = new Set(options.only.split(','));
const program = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'measure-farm-'));
const children = new Set();

/** A process; `core` pins it. Its peak memory is read from /proc while it runs. */
function start(args, { core = null, env = {} } = {}) {
  const command = [process.execPath, program, ...args];
  const pinned = core !== null && hasTaskset ? ['taskset', '-c', String(core), ...command] : command;
  const child = spawn(pinned[0], pinned.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const state = { child, stderr: '', peak: 0, exit: once(child, 'exit') };
  children.add(child);
  child.stderr.on('data', (text) => (state.stderr += text));
  const timer = setInterval(() => {
    try {
      const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0);
      state.peak = Math.max(state.peak, kilobytes / 1024);
    } catch {
      // Ended.
    }
  }, 200);
  state.exit.then(() => {
    clearInterval(timer);
    children.delete(child);
  });
  return state;
}

async function run(args, more) {
  const from = performance.now();
  const state = start(args, more);
  const [code] = await state.exit;
  if (code !== 0) throw new Error(`${args.join(' ')}: ${state.stderr}`);
  return { seconds: (performance.now() - from) / 1000, peak: state.peak };
}

const hashOfFile = (path) => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);

function row(...cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

async function startRedis(name) {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const place = mkdtempSync(join(folder, `redis-${name}-`));
  const spawnIt = () => {
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--dir', place, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
      { stdio: 'ignore' },
    );
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const server = { url: `redis://127.0.0.1:${port}`, child: spawnIt() };
  server.ask = async (command, isWhole) => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    let text = '';
    for await (const piece of socket) {
      text += piece;
      if (isWhole(text)) break;
    }
    socket.destroy();
    return text;
  };
  server.bytes = async () => {
    const text = await server.ask('INFO stats', (answer) => /total_net_output_bytes:\d+\r/.test(answer));
    const value = (key) => Number(new RegExp(`${key}:(\\d+)`).exec(text)[1]);
    return value('total_net_input_bytes') + value('total_net_output_bytes');
  };
  server.ready = async () => {
    for (;;) {
      try {
        if ((await server.ask('PING', (answer) => answer.includes('\n'))).includes('PONG')) return;
      } catch {
        // Not yet.
      }
      await sleep(50);
    }
  };
  server.restart = async () => {
    const ended = once(server.child, 'exit');
    server.child.kill('SIGKILL');
    await ended;
    server.child = spawnIt();
    await server.ready();
  };
  server.end = async () => {
    const ended = once(server.child, 'exit');
    server.child.kill('SIGKILL');
    await ended;
  };
  await server.ready();
  return server;
}

/** Writes the input back and forth, as y4m, at the size and length wanted. */
async function writeVideo(path) {
  const [width, height] = options.size.split('x').map(Number);
  const source = await openVideo(options.input);
  const { properties } = source;
  const scaler = new FrameScaler(width, height, properties.colour.fullRange);
  const frames = [];
  for await (const frame of source.frames()) frames.push(await scaler.scale(frame));
  const count = Math.round((Number(options.seconds) * properties.frameRate.num) / properties.frameRate.den);
  const shape = { ...properties, width, height };
  await writeY4m(path, shape, backAndForth(frames, count));
  scaler[Symbol.dispose]();
  await source[Symbol.asyncDispose]();
}

const settings = ['--preset', options.preset, '--keyint', options.keyint, '-y'];

function startWorkers(count, redis, store, { isPinned = true, lock = 60 } = {}) {
  return Array.from({ length: count }, (_, at) =>
    start(
      ['farm', 'worker', '--store', store, '--root', folder, '--search-threads', '1', '--lock-seconds', String(lock)],
      { core: isPinned ? at % availableParallelism() : null, env: { TESSERA_REDIS: redis.url } },
    ),
  );
}

async function endWorkers(workers) {
  for (const { child } of workers) child.kill('SIGTERM');
  await Promise.all(workers.map(({ exit }) => exit));
}

/** One way to compress, with its time, its bytes and the traffic of Redis. */
async function throughFarm(count, aim, video) {
  const redis = await startRedis(`farm-${count}`);
  const store = mkdtempSync(join(folder, 'store-'));
  const workers = startWorkers(count, redis, store);
  while ((await readFarmStatus(redis.url)).workers < count) await sleep(100);
  const before = await redis.bytes();
  const output = join(folder, `farm-${count}.tsr`);
  const { seconds, peak } = await run(['farm', 'compress', video, output, '--store', store, ...aim, ...settings], {
    env: { TESSERA_REDIS: redis.url },
  });
  const chunks = readdirSync(store).filter((name) => name.endsWith('.tsr')).length;
  const traffic = ((await redis.bytes()) - before) / 1000 / chunks;
  await endWorkers(workers);
  await redis.end();
  rmSync(store, { recursive: true });
  const workerPeak = Math.max(...workers.map((worker) => worker.peak));
  return { hash: hashOfFile(output), seconds, peak, workerPeak, chunks, traffic };
}

async function compareTimes(title, aim, video) {
  console.log(`\n${title}, ${options.seconds} s of ${options.size}, preset ${options.preset}\n`);
  row(
    'way',
    'bytes (SHA-256)',
    'seconds',
    'times as fast as one thread',
    'peak MB of client, worker',
    'chunks',
    'kB through Redis per chunk',
  );
  row('---', '---', '---', '---', '---', '---', '---');
  const output = join(folder, 'out.tsr');
  let base = null;
  const show = (name, hash, seconds, memory, chunks = '', traffic = '') =>
    row(name, hash, seconds.toFixed(1), (base / seconds).toFixed(2), memory, chunks, traffic);
  const one = await run(['compress', video, output, ...aim, ...settings], { core: 0 });
  base = one.seconds;
  show(
    `one run, one core${hasTaskset ? '' : ' (no taskset: all cores)'}`,
    hashOfFile(output),
    one.seconds,
    one.peak.toFixed(0),
  );
  const all = await run(['compress', video, output, ...aim, ...settings]);
  show(`one run, ${availableParallelism()} cores`, hashOfFile(output), all.seconds, all.peak.toFixed(0));
  const jobs = await run(['compress', video, output, '--jobs', '2', ...aim, ...settings]);
  show('--jobs 2', hashOfFile(output), jobs.seconds, jobs.peak.toFixed(0));
  for (const count of [1, 2, 4]) {
    const { hash, seconds, peak, workerPeak, chunks, traffic } = await throughFarm(count, aim, video);
    const memory = `${peak.toFixed(0)}, ${workerPeak.toFixed(0)}`;
    show(`farm, ${count} workers of one core`, hash, seconds, memory, chunks, traffic.toFixed(1));
  }
}

/** Kills workers at random, restarts Redis twice, kills the client once. */
async function killThings(video) {
  const wanted = Number(options.kills);
  const redis = await startRedis('kills');
  const store = mkdtempSync(join(folder, 'store-'));
  const output = join(folder, 'killed.tsr');
  const args = ['farm', 'compress', video, output, '--store', store, '-q', options.quality, ...settings];
  await run(['compress', video, join(folder, 'whole.tsr'), '-q', options.quality, ...settings]);
  let workers = startWorkers(2, redis, store, { isPinned: false, lock: 2 });
  let client = start(args, { env: { TESSERA_REDIS: redis.url } });
  let kills = 0;
  let isOver = false;
  const finished = async () => {
    const [code] = await client.exit;
    if (code === null) return;
    isOver = true;
    if (code !== 0) throw new Error(client.stderr);
  };
  let end = finished();
  while (!isOver && kills < wanted) {
    await sleep(1000 + 3000 * Math.random());
    if (isOver) break;
    const at = Math.floor(Math.random() * workers.length);
    workers[at].child.kill('SIGKILL');
    kills++;
    [workers[at]] = startWorkers(1, redis, store, { isPinned: false, lock: 2 });
    if (kills === 5 || kills === 12) await redis.restart();
    if (kills === 8) {
      client.child.kill('SIGKILL');
      await client.exit;
      client = start(args, { env: { TESSERA_REDIS: redis.url } });
      end = finished();
    }
  }
  await end;
  await endWorkers(workers);
  await redis.end();
  const isSame = hashOfFile(output) === hashOfFile(join(folder, 'whole.tsr'));
  console.log(
    `\n${kills} workers killed, Redis restarted, client killed: ${isSame ? 'the same bytes' : 'OTHER BYTES'}\n`,
  );
}

/** Many chunks, coded by a worker that copies one: what client, queue and join take. */
async function makeUp() {
  const count = Number(options.chunks);
  const redis = await startRedis('many');
  const path = join(folder, 'many.y4m');
  const store = mkdtempSync(join(folder, 'store-'));
  const properties = {
    width: 16,
    height: 16,
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 },
  };
  const [y, u, v] = [256, 64, 64].map((length) => new Uint8Array(length).fill(100));
  const frame = { width: 16, height: 16, y, u, v, pts: 0n, duration: 1n };
  await writeY4m(path, properties, backAndForth([frame], count));
  const queue = await FarmQueue.connect(parseRedisAddress(redis.url));
  const files = new FolderStore(store);
  let template = null;
  const worker = await queue.work(
    async ({ data: { hash } }) => {
      const spec = parseSpecText(Buffer.from(await files.read(hash, 'json')).toString());
      template ??= codeSpec(spec, { device: 'cpu', codecs: new KeptCodecs(0) }).then(async ({ stream }) => {
        const { header } = await StreamReader.open(memorySource(stream));
        return { header, packet: (await packetsOf(stream, spec))[0] };
      });
      const { header, packet } = await template;
      const [[pts, duration]] = spec.frames;
      await files.write(
        hash,
        'tsr',
        await streamOf(header, [{ ...packet, pts: BigInt(pts), duration: BigInt(duration) }]),
      );
    },
    { concurrency: 16, lockSeconds: 60 },
  );
  const delay = monitorEventLoopDelay();
  delay.enable();
  const memory = [];
  let slowest = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const from = performance.now();
      await readFarmStatus(redis.url);
      slowest = Math.max(slowest, performance.now() - from);
      memory.push(process.memoryUsage().rss / 2 ** 20);
      await sleep(500);
    }
  })();
  const compress = () =>
    compressVideo(path, join(folder, 'many.tsr'), {
      ...{ keyint: 1, quality: 10, device: 'cpu', overwrite: true },
      chunks: farm({ redis: redis.url, store }),
    });
  const before = await redis.bytes();
  const from = performance.now();
  await compress();
  const seconds = (performance.now() - from) / 1000;
  const traffic = ((await redis.bytes()) - before) / 1000 / count;
  isOver = true;
  await watch;
  const results = readdirSync(store).filter((name) => name.endsWith('.tsr')).length;
  const again = performance.now();
  await compress();
  const joined = (performance.now() - again) / 1000;
  await worker.close();
  await queue[Symbol.asyncDispose]();
  await redis.end();
  const half = memory.slice(memory.length >> 1);
  console.log(`\n${count} chunks of made-up work (${results} results)\n`);
  row('what', 'measured');
  row('---', '---');
  row('all, s', seconds.toFixed(1));
  row('survey and join alone, all results there, s', joined.toFixed(1));
  row('slowest status, s', (slowest / 1000).toFixed(2));
  row('longest pause of the event loop, s', (delay.max / 1e9).toFixed(2));
  row(
    'memory of client and worker: after a tenth, half, at most in the second half, MB',
    [memory[Math.floor(memory.length / 10)], half[0], Math.max(...half)].map((value) => value.toFixed(0)).join(', '),
  );
  row('kB through Redis per chunk, without waiting', traffic.toFixed(1));
}

function cleanUp() {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    cleanUp();
    process.exit(1);
  });
}

try {
  const video = join(folder, 'in.y4m');
  if (['times', 'bitrate', 'kills'].some((name) => only.has(name))) await writeVideo(video);
  if (only.has('times')) await compareTimes('Constant quality', ['-q', options.quality], video);
  if (only.has('bitrate')) await compareTimes('Bit rate', ['--bitrate', '600k'], video);
  if (only.has('kills')) await killThings(video);
  if (only.has('many')) await makeUp();
} finally {
  cleanUp();
}
