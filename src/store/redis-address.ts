import { AuthError } from '../core/errors.ts';

/** The kind of deployment: one server, a primary that Sentinels name, or a cluster. */
export const TOPOLOGIES = ['single', 'sentinel', 'cluster'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** The address of a Redis, and the user who connects. */
export interface RedisAddress {
  topology: Topology;
  /** `host:port` of the server, of the Sentinels, or of nodes of the cluster; with brackets around an IPv6 address. */
  servers: readonly string[];
  /** The name of the primary at the Sentinels; empty for other topologies. */
  primary: string;
  database: number;
  username: string;
  password: string;
  /** The password of the Sentinels; empty for none. */
  sentinelPassword: string;
  /** Whether all connections use TLS (`rediss://`). */
  isSecure: boolean;
}

/** The target of a connection. */
export interface RedisTarget extends RedisAddress {
  /** The options of a TLS connection, if `isSecure`. */
  tls: object;
}

/** The parts of an address; all others have properties and credentials of their own. */
type Written = Omit<RedisAddress, 'primary' | 'sentinelPassword'>;

/** One of the addresses, with its scheme. */
interface Part {
  scheme: string;
  /** Empty if there is none. */
  userinfo: string;
  place: string;
}

/**
 * Reads `redis://user:password@host:port/database` or `rediss://…`, for Sentinels and a cluster also several of them with
 * commas between them; only the first one needs the scheme. A port that is left out is 6379, for Sentinels 26379.
 *
 * @param property its name in errors
 * @throws AuthError `AUTH_CONFIG` if it is no such address
 */
export function readRedisAddress(text: string, topology: Topology, property: string): Written {
  const parts = partsOf(text, property);
  const [first] = parts;
  if (!first) throw new AuthError('store-address-invalid', { property });
  if (parts.some(({ scheme }) => scheme !== first.scheme)) throw new AuthError('store-schemes-mixed', { property });
  if (topology === 'single' && parts.length > 1) throw new AuthError('store-addresses-several', { property });
  const urls = parts.map((part) => readOne(part, property));
  const database = Math.max(...urls.map((url) => url.database));
  if (topology === 'cluster' && database > 0) throw new AuthError('store-database-in-cluster', { property });
  const usualPort = topology === 'sentinel' ? '26379' : '6379';
  const { username = '', password = '' } = urls.find((url) => url.username !== '' || url.password !== '') ?? {};
  return {
    topology,
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || usualPort}`),
    database,
    username,
    password,
    isSecure: first.scheme === 'rediss:',
  };
}

/** The name of a Redis in errors and statuses, never with user or password. */
export function nameOfTarget({ servers, primary }: Pick<RedisTarget, 'servers' | 'primary'>): string {
  return primary === '' ? servers.join(',') : `${primary} (${servers.join(',')})`;
}

/** A password may have a comma: only those behind it, or before a scheme, are between two addresses. */
function partsOf(text: string, property: string): Part[] {
  let scheme = '';
  return text
    .trim()
    .split(/\s*,\s*(?=[a-z]+:\/\/)/i)
    .flatMap((group) => {
      const [, ownScheme, rest = ''] = /^([a-z]+:)\/\/(.*)$/is.exec(group) ?? [];
      if (ownScheme === undefined) throw new AuthError('store-address-invalid', { property });
      scheme = ownScheme.toLowerCase();
      const at = rest.lastIndexOf('@');
      const userinfo = rest.slice(0, at + 1);
      // A URL ends its host at the first of these, so the rest of a password would become part of the address.
      if (/[/?#@]/.test(userinfo.slice(0, -1)) || /%(?![0-9a-f]{2})/i.test(userinfo)) {
        throw new AuthError('store-password-encoding', { property });
      }
      return rest
        .slice(at + 1)
        .split(',')
        .map((place, index) => ({ scheme, userinfo: index === 0 ? userinfo : '', place: place.trim() }));
    });
}

function readOne({ scheme, userinfo, place }: Part, property: string) {
  const text = `${scheme}//${userinfo}${place}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = url && /^\/?(\d{0,9})$/.exec(url.pathname)?.[1];
  if (!url || !/^rediss?:$/.test(scheme) || url.hostname === '' || database === undefined) {
    throw new AuthError('store-address-invalid', { property });
  }
  return {
    hostname: url.hostname,
    port: url.port,
    database: Number(database),
    username: decoded(url.username, property),
    password: decoded(url.password, property),
  };
}

function decoded(text: string, property: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AuthError('store-password-encoding', { property });
  }
}
