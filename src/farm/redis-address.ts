import { InputError } from '../errors.js';

/** Where a Redis or Valkey server is. */
export interface RedisAddress {
  /** Host and port, without secrets, for messages. */
  readonly name: string;
  /** As clients of Redis take it. */
  readonly options: {
    readonly host: string;
    readonly port: number;
    readonly db: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly servername: string };
  };
}

/**
 * Reads `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
 *
 * @throws InputError, whose message does not show the address.
 */
export function parseRedisAddress(text: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InputError('the address of Redis is not a URL such as redis://host:6379');
  }
  const { protocol, hostname, port, pathname, username, password } = url;
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new InputError('the address of Redis begins with redis:// or rediss:// (TLS)');
  }
  const database = /^\/?(\d{0,4})$/.exec(pathname)?.[1];
  if (hostname === '' || database === undefined) {
    throw new InputError('the address of Redis is redis://host, with :port and /database if needed');
  }
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    name: `${hostname}:${port === '' ? 6379 : port}`,
    options: {
      ...{ host, port: port === '' ? 6379 : Number(port), db: Number(database) },
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: { servername: host } } : {}),
    },
  };
}
