import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { delimiter } from 'node:path';
import { until } from '../support/until.js';
import { parseRange } from '../../src/cli/play/byte-range.js';
import { Folder, jsonLines, start, tessera, textOf, TINY_PACK } from './helpers.js';

const STREAM = 'fixtures/streams/inter.tsr';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});

afterAll(() => folder[Symbol.asyncDispose]());

/** `tessera play` while it runs. */
interface Playing {
  /** Address of the page. */
  readonly url: string;
  /** What it has written so far. */
  stderr(): string;
  /** Sends a signal and waits for the end. */
  end(signal: 'SIGINT' | 'SIGTERM'): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>;
}

async function play(args: readonly string[], env: Record<string, string> = {}): Promise<Playing> {
  const program = start(['play', ...args, '--pack', TINY_PACK], { env });
  let told = '';
  program.stderr.on('data', (data) => (told += String(data)));
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    program.stdout.on('data', (data) => {
      text += String(data);
      const found = /http:[^"\n]+(?=["\n])/.exec(text);
      if (found !== null) resolve(found[0]);
    });
    program.once('exit', () => reject(new Error('the program ended')));
  });
  return {
    url,
    stderr: () => told,
    end: async (signal) => {
      program.kill(signal);
      const { exitCode, stdout, stderr } = await program;
      return { exitCode, stdout: textOf(stdout), stderr: textOf(stderr) };
    },
  };
}

describe('parseRange', () => {
  test.each([
    [undefined, null],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=10-', { start: 10, end: 99 }],
    ['bytes=90-500', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-500', { start: 0, end: 99 }],
    ['bytes=100-', 'outside'],
    ['bytes=-0', 'outside'],
    // What need not be understood is the whole file.
    ['bytes=5-2', null],
    ['bytes=0-1,5-6', null],
    ['lines=0-1', null],
    ['bytes=-', null],
  ])('%s', (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });
});

describe('the server', () => {
  let playing: Playing;
  let origin: string;
  let video: string;
  let bytes: Buffer;

  beforeAll(async () => {
    playing = await play([STREAM, '--no-open', '--post-filter', 'none']);
    origin = new URL(playing.url).origin;
    video = `${origin}/${new URL(playing.url).searchParams.get('src')!}`;
    bytes = await readFile(STREAM);
  });

  afterAll(async () => {
    expect(await playing.end('SIGINT')).toEqual({
      exitCode: 130,
      stdout: playing.url,
      stderr: `tessera: ${STREAM} plays in the browser until Ctrl-C\ntessera: stopped`,
    });
  });

  /** The status of a request with headers that fetch does not send. */
  function statusOf(path: string, options: { method?: string; host?: string }): Promise<number | undefined> {
    const { method = 'GET', host } = options;
    return new Promise((resolve, reject) => {
      const headers = host === undefined ? {} : { host };
      const sent = request(origin, { path, method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once('error', reject);
      sent.end();
    });
  }

  test('the page isolates itself, and is told what to play', async () => {
    expect(playing.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?src=video%2Finter\.tsr&post-filter=none&autoplay$/);
    const response = await fetch(playing.url);
    expect(await response.text()).toContain('<tessera-video');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    const wasm = await fetch(`${origin}/kernels.wasm`);
    expect(wasm.headers.get('content-type')).toBe('application/wasm');
    await wasm.arrayBuffer();
  });

  test('the stream, whole and in ranges', async () => {
    const whole = await fetch(video);
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);
    const end = await fetch(video, { headers: { range: 'bytes=-13' } });
    expect(end.status).toBe(206);
    expect(end.headers.get('content-range')).toBe(`bytes ${bytes.length - 13}-${bytes.length - 1}/${bytes.length}`);
    expect(Buffer.from(await end.arrayBuffer())).toEqual(bytes.subarray(-13));
    const outside = await fetch(video, { headers: { range: `bytes=${bytes.length}-` } });
    expect(outside.status).toBe(416);
    expect(outside.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
    const head = await fetch(video, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(bytes.length));
  });

  test('the pack: what its manifest names, nothing else', async () => {
    const manifest = await fetch(`${origin}/packs/tiny/manifest.json`);
    expect(await manifest.text()).toBe(await readFile(`${TINY_PACK}/manifest.json`, 'utf8'));
    for (const path of ['/packs/tiny/MODEL-CARD.md', '/packs/none/manifest.json', '/packs/tiny/../manifest.json']) {
      expect(await statusOf(path, {})).toBe(404);
    }
  });

  test.each([
    '/../package.json',
    '/%2e%2e/%2e%2e/package.json',
    '/..%2f..%2fpackage.json',
    '/video/../../package.json',
    '/video/key-only.tsr',
    '/video/',
    '//etc/passwd',
    '/etc/passwd',
    '/packs/..%2f..%2fpackage.json',
    '/packs/tiny/..%2f..%2fpackage.json',
    '/%00',
    '/%',
  ])('there is no %s', async (path) => {
    expect(await statusOf(path, {})).toBe(404);
  });

  test('other names of this machine, and other methods, are refused', async () => {
    const { port } = new URL(origin);
    expect(await statusOf('/', { host: `localhost:${port}` })).toBe(200);
    expect(await statusOf('/', { host: `evil.example:${port}` })).toBe(403);
    expect(await statusOf('/', { host: '127.0.0.1:1' })).toBe(403);
    expect(await statusOf('/', { method: 'POST' })).toBe(405);
  });

  test('only this machine can reach it', async () => {
    const { port } = new URL(origin);
    const isRefused = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.2', port: Number(port) });
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    });
    expect(isRefused).toBe(true);
  });

  test('a taken port is an error', async () => {
    const { port } = new URL(origin);
    expect(await tessera(['play', STREAM, '--no-open', '--pack', TINY_PACK, '--port', port])).toMatchObject({
      exitCode: 3,
      stderr: `tessera: port ${port} is taken: name another --port, or none`,
    });
  });
});

describe('the browser', () => {
  /** A folder with an xdg-open that writes its argument to a file, or fails. */
  async function withStarter(script: string): Promise<Record<string, string>> {
    await writeFile(folder.join('xdg-open'), `#!/bin/sh\n${script}\n`);
    await chmod(folder.join('xdg-open'), 0o755);
    return { PATH: `${folder.path}${delimiter}${process.env['PATH']!}` };
  }

  (process.platform === 'linux' ? test : test.skip)('is opened with the address', async () => {
    const opened = folder.join('opened');
    const playing = await play(
      [STREAM, '--json'],
      await withStarter(`echo "$1" > ${opened}.new; mv ${opened}.new ${opened}`),
    );
    await until(() => existsSync(opened));
    expect((await readFile(opened, 'utf8')).trim()).toBe(playing.url);
    const { exitCode, stdout } = await playing.end('SIGTERM');
    expect(exitCode).toBe(130);
    expect(jsonLines(stdout)).toEqual([
      { type: 'listening', url: playing.url },
      { type: 'error', code: 'ERR_TESSERA_CANCELLED', message: 'stopped', exitCode: 130 },
    ]);
  });

  (process.platform === 'linux' ? test : test.skip)('that does not start is told', async () => {
    const playing = await play([STREAM], await withStarter('exit 3'));
    await until(() => playing.stderr().includes('until Ctrl-C'));
    await playing.end('SIGINT');
    expect(playing.stderr()).toContain('tessera: note: no browser could be started: open the address yourself');
  });
});

describe('a pipe', () => {
  test('is sent while it arrives, and has ranges at its end', async () => {
    const program = start(['play', '-', '--no-open', '--pack', TINY_PACK]);
    const bytes = await readFile(STREAM);
    program.stdin.write(bytes.subarray(0, 1000));
    const url = new URL(String(await new Promise((resolve) => program.stdout.once('data', resolve))).trim());
    const video = `${url.origin}/${url.searchParams.get('src')!}`;
    const growing = await fetch(video, { headers: { range: 'bytes=0-9' } });
    expect(growing.status).toBe(200);
    const reader = growing.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    expect(Buffer.from((await reader.read()).value!)).toEqual(bytes.subarray(0, 1000));
    program.stdin.end(bytes.subarray(1000));
    const rest: Uint8Array[] = [];
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest.push(part.value);
    expect(Buffer.concat(rest)).toEqual(bytes.subarray(1000));
    const end = await fetch(video, { headers: { range: 'bytes=-5' } });
    expect(Buffer.from(await end.arrayBuffer())).toEqual(bytes.subarray(-5));
    program.kill('SIGINT');
    expect((await program).exitCode).toBe(130);
  });
});

describe('bad input', () => {
  test.each([
    ['none.tsr', 3, /none\.tsr does not exist$/],
    ['fixtures', 3, /fixtures is a folder: name a file$/],
    ['README.md', 4, /README\.md|tessera stream/],
    ['-', 3, /the input pipe is empty$/],
  ])('%s', async (input, exitCode, message) => {
    const run = await tessera(['play', input, '--no-open']);
    expect(run).toMatchObject({ exitCode, stdout: '', stderr: expect.stringMatching(message) as unknown });
  });

  test('another pack, another port', async () => {
    const pack = await tessera(['play', STREAM, '--no-open', '--pack', 'codecs/tessera-nano']);
    expect(pack).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('is not the one the stream was made with') as unknown,
    });
    expect(await tessera(['play', STREAM, '--no-open', '--port', '70000'])).toMatchObject({ exitCode: 2 });
  });
});
