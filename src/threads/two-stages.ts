import type { Link } from './worker-link.js';

/**
 * Two threads behind one another: the second one gets what the first one answers, except null, which is the answer
 * of the whole. While the second one works on a request, the first one works on those after it.
 */
export class TwoStages<Request, Between, Response> implements Link<Request, Response | null> {
  readonly #first: Link<Request, Between | null>;
  readonly #second: Link<Between, Response>;
  readonly #buffersOf: (between: Between) => readonly ArrayBuffer[];

  /** @param buffersOf lists the buffers that are handed over from the first thread to the second one. */
  constructor(
    first: Link<Request, Between | null>,
    second: Link<Between, Response>,
    buffersOf: (between: Between) => readonly ArrayBuffer[],
  ) {
    this.#first = first;
    this.#second = second;
    this.#buffersOf = buffersOf;
  }

  async call(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Response | null> {
    const between = await this.#first.call(request, transfer);
    return between === null ? null : await this.#second.call(between, this.#buffersOf(between));
  }

  /** Ends both threads after their current requests; open requests are rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#first[Symbol.asyncDispose](), this.#second[Symbol.asyncDispose]()]);
  }
}
