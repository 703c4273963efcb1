import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EnvironmentError, InputError } from '../../errors.js';
import { parseRange } from './byte-range.js';
import type { GrowingFile } from './growing-file.js';

/** A file to send: its path, or a file that is still being written. */
export type Served = string | GrowingFile;

/** Returns what the path of an address names, decoded and without query; null if there is nothing. */
export type FindFile = (path: string) => Promise<Served | null>;

/** A server that answers. */
export interface FileServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const HEADERS = {
  // A page with these two is cross-origin isolated: only such pages get memory that threads share.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // Pages of other servers can load nothing from here.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/**
 * Starts an HTTP server on the loopback interface, which this machine alone can reach. It answers GET and HEAD, also
 * with a byte range, for the files of `findFile`.
 *
 * @param port 0: any free port.
 * @throws InputError if the port is taken; EnvironmentError if the system refuses it.
 */
export async function serveFiles(findFile: FindFile, port: number): Promise<FileServer> {
  const server = createServer((request, response) => {
    answer(request, response, findFile).catch(() => {
      // The reader went away, or the file cannot be read to its end: an open answer is cut, which the reader notices.
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'the file cannot be read');
    });
  });
  await listen(server, port);
  const { port: used } = server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${used}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, LOOPBACK, () => resolve());
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EADDRINUSE') throw new InputError(`port ${port} is taken: name another --port, or none`);
    throw new EnvironmentError(`cannot listen on port ${port}: ${code}`, { cause: error });
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, findFile: FindFile): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (!isLocalHost(request)) {
    refuse(response, 403, 'this server answers to its own address only');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 405, 'only GET and HEAD');
    return;
  }
  const path = pathOf(request);
  const file = path === null ? null : await findFile(path);
  if (file === null) {
    refuse(response, 404, 'there is no such file');
    return;
  }
  if (typeof file === 'string') await send(request, response, file);
  else if (file.isComplete) await send(request, response, file.path);
  else await sendGrowing(request, response, file);
}

/**
 * A page of another site can point its own name to this machine (DNS rebinding) and then read answers. Its requests have
 * that name in `Host`.
 */
function isLocalHost({ headers, socket }: IncomingMessage): boolean {
  return [LOOPBACK, 'localhost'].some((name) => headers.host === `${name}:${socket.localPort}`);
}

function pathOf({ url = '/' }: IncomingMessage): string | null {
  try {
    return decodeURIComponent(url.split(/[?#]/, 1)[0]!);
  } catch {
    return null;
  }
}

async function send(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  await using file = await open(path);
  const { size } = await file.stat();
  const range = parseRange(request.headers.range, size);
  response.setHeader('Accept-Ranges', 'bytes');
  if (range === 'outside') {
    response.setHeader('Content-Range', `bytes */${size}`);
    refuse(response, 416, 'the range is behind the end of the file');
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  if (range !== null) response.setHeader('Content-Range', `bytes ${start}-${end}/${size}`);
  response.writeHead(range === null ? 200 : 206, {
    'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
    'Content-Length': end - start + 1,
  });
  if (request.method === 'HEAD' || end < start) response.end();
  else await pipeline(file.createReadStream({ start, end, autoClose: false }), response);
}

/** Sends what is there and then what arrives. Nobody knows the length yet, so there are no ranges. */
async function sendGrowing(request: IncomingMessage, response: ServerResponse, file: GrowingFile): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Accept-Ranges': 'none' });
  if (request.method === 'HEAD') response.end();
  else await pipeline(file.read(), response);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${reason}\n`);
}
