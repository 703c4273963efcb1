import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether there is a Redis server to test with. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;
/** A server that somebody else started, for the tests that leave it as it is. */
const URL_OF_OTHER = process.env['REDIS_URL'] ?? null;
if (!HAS_REDIS) {
  const which = URL_OF_OTHER === null ? 'tests of the farm' : 'tests that restart Redis';
  process.stderr.write(`skipped: ${which}, because there is no redis-server on the PATH\n`);
}

/** Whether {@link openRedis} can open one. */
export const CAN_OPEN_REDIS = HAS_REDIS || URL_OF_OTHER !== null;

/** A server of its own, or the one that `REDIS_URL` names. */
export async function openRedis(folder: string): Promise<{ readonly url: string } & AsyncDisposable> {
  if (HAS_REDIS || URL_OF_OTHER === null) return await RedisServer.start(folder);
  return { url: URL_OF_OTHER, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** A Redis server of its own, on a free port. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #password: string | null;
  #process: ChildProcess;

  private constructor(port: number, folder: string, password: string | null) {
    this.port = port;
    this.#folder = folder;
    this.#password = password;
    this.#process = this.#spawn();
  }

  /** Starts a server that writes below a folder whatever it is told, at once. */
  static async start(folder: string, password: string | null = null): Promise<RedisServer> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const server = new RedisServer(port, folder, password);
    await server.#ready();
    return server;
  }

  get url(): string {
    return `redis://${this.#password === null ? '' : `:${this.#password}@`}127.0.0.1:${this.port}`;
  }

  /** Ends the server without a word, and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.#end();
    await sleep(300);
    this.#process = this.#spawn();
    await this.#ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  #spawn(): ChildProcess {
    return spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
        ...(this.#password === null ? [] : ['--requirepass', this.#password]),
      ],
      { stdio: 'ignore' },
    );
  }

  async #end(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const socket = connect(this.port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        socket.write(`${this.#password === null ? '' : `AUTH ${this.#password}\r\n`}PING\r\n`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        if (/OK|PONG/.test(answer.toString())) return;
      } catch {
        // Not yet.
      } finally {
        socket.destroy();
      }
      await sleep(50);
    }
    throw new Error('redis-server does not start');
  }
}
