import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError, InputError } from '../errors.js';

/** Tries of a request, and milliseconds before the second one, doubled for each more. */
const TRIES = 4;
const FIRST_WAIT_MS = 500;
/** A server that says nothing for so long has failed, milliseconds. */
const TIMEOUT_MS = 60_000;

/** True for addresses that are fetched, false for paths. */
export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** An address without user, password and query, which may be secrets. */
export function publicNameOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** @throws InputError if the text is no HTTP address; the message does not show it. */
export function parseUrl(text: string): URL {
  if (isUrl(text) && URL.canParse(text)) return new URL(text);
  throw new InputError('the address is not a URL such as https://host/folder/');
}

/** A request that may be sent again, because it changes nothing or replaces a whole file. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request, again if the server fails. Follows no redirection, which could lead out of what is allowed.
 *
 * @returns an answer with a status below 300, or 404.
 * @throws EnvironmentError, which shows no secrets.
 */
export async function send(url: URL, request: HttpRequest): Promise<Response> {
  const plain = new URL(url);
  const headers: Record<string, string> = { ...request.headers };
  if (url.username !== '' || url.password !== '') {
    const [user, password] = [url.username, url.password].map(decodeURIComponent);
    headers['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    plain.username = '';
    plain.password = '';
  }
  for (let tries = 1; ; tries++) {
    let reason: string;
    try {
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(plain, {
        ...{ method: request.method, headers, redirect: 'manual' },
        ...(request.body === undefined ? {} : { body: request.body as Uint8Array<ArrayBuffer> }),
        signal: request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]),
      });
      if ((response.status >= 200 && response.status < 300) || response.status === 404) return response;
      await response.body?.cancel();
      reason = `the server answers ${response.status}`;
      if (response.status < 500 && response.status !== 429) tries = TRIES;
    } catch (error) {
      if (request.signal?.aborted === true) throw error;
      const { cause } = error as { cause?: { code?: string } };
      reason = cause?.code ?? (error as Error).name;
    }
    if (tries >= TRIES) throw new EnvironmentError(`cannot ${request.method} ${publicNameOf(url)}: ${reason}`);
    await sleep(FIRST_WAIT_MS * 2 ** (tries - 1));
  }
}
