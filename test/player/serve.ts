import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
};

/** How a test serves the player. */
export interface ServeOptions {
  /** Sends the headers with which a page is cross-origin isolated. Default: true. */
  readonly isIsolated?: boolean;
  /** Answers range requests. Default: true. */
  readonly hasRanges?: boolean;
}

/** A server on loopback for tests of the player. */
export interface PlayerServer extends AsyncDisposable {
  readonly origin: string;
  /** The path and range of each request. */
  readonly requests: readonly string[];
}

/**
 * Serves dist/player/ below `/player/`, the tiny pack below `/packs/`, an empty page at `/`, and `files` by their names.
 */
export async function servePlayer(
  files: ReadonlyMap<string, Uint8Array>,
  { isIsolated = true, hasRanges = true }: ServeOptions = {},
): Promise<PlayerServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => {
      response.writeHead(404).end();
    });
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = normalize(decodeURIComponent(new URL(request.url!, 'http://localhost').pathname));
    requests.push(`${path} ${request.headers.range ?? ''}`.trim());
    const bytes = await contents(path, files);
    const headers: Record<string, string> = { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' };
    if (path === '/') headers['Content-Type'] = TYPES['.html']!;
    if (isIsolated) {
      headers['Cross-Origin-Opener-Policy'] = 'same-origin';
      headers['Cross-Origin-Embedder-Policy'] = 'require-corp';
    }
    const range = hasRanges ? /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') : null;
    if (range === null) {
      response.writeHead(200, { ...headers, 'Content-Length': bytes.length }).end(bytes);
      return;
    }
    const [, from, to] = range;
    const start = from === '' ? Math.max(0, bytes.length - Number(to)) : Number(from);
    const end = from === '' || to === '' ? bytes.length : Math.min(bytes.length, Number(to) + 1);
    response
      .writeHead(206, { ...headers, 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` })
      .end(bytes.subarray(start, end));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function contents(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  if (path === '/') return Buffer.from('<!doctype html><title>player</title>');
  const given = files.get(path.slice(1));
  if (given !== undefined) return given;
  if (path.startsWith('/player/')) return await readFile(join('dist', path));
  const pack = /^\/packs\/([\w-]+)\/([\w.-]+)$/.exec(path);
  if (pack === null) throw new Error(`nothing at ${path}`);
  const [, name, file] = pack;
  return await readFile(
    join(
      name === 'tessera-nano' || name === 'words' ? 'codecs' : 'fixtures',
      name === 'tiny' ? 'tiny-pack' : name!,
      file!,
    ),
  );
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
