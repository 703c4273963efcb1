import type { ByteRange, PlayerBytes } from './byte-sources.js';
import { networkFailure, unusableSource } from './failure.js';
import { GrowingSource } from './growing-source.js';

/** A file is loaded in blocks of this size. */
const BLOCK_BYTES = 2 ** 17;
/** The number of blocks that are loaded before they are needed, and of all blocks that are kept. */
const AHEAD_BLOCKS = 6;
const KEPT_BLOCKS = 96;
const PARTIAL = 206;
const NOT_SATISFIABLE = 416;
const RETRY_MS = 400;

/**
 * Opens an address: with range requests where the server has them, else from front to back.
 *
 * @throws PlayerFailure if it cannot be loaded.
 */
export async function openAddress(address: string): Promise<PlayerBytes> {
  // The end holds the index; both requests go out together.
  const abort = new AbortController();
  const tail = request(address, `bytes=-${BLOCK_BYTES}`, abort.signal).catch(() => null);
  const head = await request(address, `bytes=0-${BLOCK_BYTES - 1}`);
  if (head.status !== PARTIAL) {
    abort.abort();
    if (head.status === NOT_SATISFIABLE) throw unusableSource(`${address} is empty`);
    if (!head.ok || head.body === null) throw unusableSource(`${address} cannot be loaded: status ${head.status}`);
    return new GrowingSource(head.body, address);
  }
  const size = sizeOf(head);
  if (size === null) {
    // The server tells no size of the whole: its ranges cannot be used.
    abort.abort();
    await head.body?.cancel();
    const whole = await request(address, null);
    if (!whole.ok || whole.body === null) throw unusableSource(`${address} cannot be loaded: status ${whole.status}`);
    return new GrowingSource(whole.body, address);
  }
  const source = new HttpSource(address, size);
  source.keep(0, bodyOf(address, head));
  const end = await tail;
  if (end?.status === PARTIAL && sizeOf(end) === size) source.keepTail(bodyOf(address, end));
  return source;
}

async function request(address: string, range: string | null, signal: AbortSignal | null = null): Promise<Response> {
  try {
    return await fetch(address, { headers: range === null ? {} : { Range: range }, signal });
  } catch (error) {
    throw networkFailure(address, error);
  }
}

async function bodyOf(address: string, response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw networkFailure(address, error);
  }
}

function sizeOf(response: Response): number | null {
  const size = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1];
  return size === undefined ? null : Number(size);
}

/** A file on a server, read in blocks. Blocks behind the one that is read are loaded ahead. */
class HttpSource implements PlayerBytes {
  readonly isRandom = true;
  readonly isLocal = false;
  readonly #address: string;
  readonly #abort = new AbortController();
  /** Blocks by their number, in the order of their last use. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  /** The numbers of the blocks that are here. */
  readonly #here = new Set<number>();
  #tail: Promise<Uint8Array> | null = null;

  constructor(
    address: string,
    readonly size: number,
  ) {
    this.#address = address;
  }

  get held(): readonly ByteRange[] {
    const ranges: { start: number; end: number }[] = [];
    for (const block of [...this.#here].sort((a, b) => a - b)) {
      const start = block * BLOCK_BYTES;
      const end = Math.min(this.size, start + BLOCK_BYTES);
      const last = ranges.at(-1);
      if (last?.end === start) last.end = end;
      else ranges.push({ start, end });
    }
    return ranges;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset >= this.size) return new Uint8Array(0);
    if (this.#tail !== null && offset >= this.size - BLOCK_BYTES) {
      const tail = await this.#tail;
      const at = offset - (this.size - tail.length);
      if (at >= 0) return tail.subarray(at, at + length);
    }
    const number = Math.floor(offset / BLOCK_BYTES);
    const block = this.#block(number);
    for (let ahead = 1; ahead <= AHEAD_BLOCKS && (number + ahead) * BLOCK_BYTES < this.size; ahead++) {
      this.#block(number + ahead).catch(() => undefined);
    }
    const at = offset - number * BLOCK_BYTES;
    return (await block).subarray(at, at + length);
  }

  close(): void {
    this.#abort.abort(new Error('it was closed'));
    this.#blocks.clear();
    this.#here.clear();
  }

  /** Keeps the bytes of a block that is being loaded. */
  keep(number: number, bytes: Promise<Uint8Array>): void {
    this.#blocks.set(number, bytes);
    bytes.then(
      () => {
        if (this.#blocks.get(number) === bytes) this.#here.add(number);
      },
      () => this.#blocks.delete(number),
    );
    while (this.#blocks.size > KEPT_BLOCKS) {
      const [oldest] = this.#blocks.keys();
      this.#blocks.delete(oldest!);
      this.#here.delete(oldest!);
    }
  }

  /** Keeps the last bytes of the file; they hold the index. */
  keepTail(bytes: Promise<Uint8Array>): void {
    this.#tail = bytes;
    bytes.catch(() => (this.#tail = null));
  }

  #block(number: number): Promise<Uint8Array> {
    const known = this.#blocks.get(number);
    if (known === undefined) this.keep(number, this.#load(number));
    else {
      this.#blocks.delete(number);
      this.#blocks.set(number, known);
    }
    return this.#blocks.get(number)!;
  }

  async #load(number: number): Promise<Uint8Array> {
    const start = number * BLOCK_BYTES;
    const end = Math.min(this.size, start + BLOCK_BYTES);
    const range = `bytes=${start}-${end - 1}`;
    const { signal } = this.#abort;
    let response: Response;
    try {
      response = await request(this.#address, range, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      response = await request(this.#address, range, signal);
    }
    if (response.status !== PARTIAL) throw networkFailure(this.#address, `status ${response.status}`);
    const bytes = await bodyOf(this.#address, response);
    if (bytes.length !== end - start) throw networkFailure(this.#address, 'the file has changed');
    return bytes;
  }
}
