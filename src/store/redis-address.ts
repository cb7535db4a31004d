import { AuthError } from '../core/errors.ts';

/** Where a Redis is, and as whom to come there. */
export interface RedisTarget {
  /** As a URL has it, with brackets around an IPv6 address. */
  host: string;
  port: number;
  database: number;
  username: string;
  password: string;
  /** The options of a TLS connection; undefined where it is plain. */
  tls: object | undefined;
}

/** What stands in the address of a Redis. */
export type RedisAddress = Omit<RedisTarget, 'tls'> & { isSecure: boolean };

/**
 * Reads `redis://host:port/database` or `rediss://…`.
 *
 * @param property what an error calls it
 * @throws AuthError `AUTH_CONFIG` where it is no such address
 */
export function readRedisAddress(text: string, property: string): RedisAddress {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new AuthError('store-address-invalid', { property });
  }
  const isSecure = url.protocol === 'rediss:';
  const database = /^\/?(\d{0,9})$/.exec(url.pathname)?.[1];
  if ((!isSecure && url.protocol !== 'redis:') || url.hostname === '' || database === undefined) {
    throw new AuthError('store-address-invalid', { property });
  }
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    database: Number(database),
    username: decoded(url.username, property),
    password: decoded(url.password, property),
    isSecure,
  };
}

function decoded(text: string, property: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AuthError('store-address-invalid', { property });
  }
}

/** What a Redis is called in errors and statuses: never with user or password. */
export function nameOfTarget({ host, port }: Pick<RedisTarget, 'host' | 'port'>): string {
  return `${host}:${port}`;
}
