import type { NodeMessage } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';

/** A host name has 253 characters at most, and a username and a password may precede it. `new URL` takes seconds for many more. */
const LONGEST_AUTHORITY = 1_000;
/** The part of an address after its scheme that `new URL` reads as host, port, username and password (WHATWG URL 4.4). */
const AUTHORITY = /^[/\\\s]*([^/\\?#]*)/;

/** A longer host name is cut in an error, in characters. It is from the message. */
const MAX_HOST_LENGTH = 100;

/** The parts of an entry. The dialog has the same rule, in resources/attach-bearer.js. */
const ENTRY = /^(\*\.)?([^*/\\?#@:[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i;
/** An IP address as `new URL` writes it. There are no names below it. */
const IP = /^\[|^[\d.]+$/;

/** One entry: a host name, or all names below one, and perhaps a port. */
interface Entry {
  host: string;
  /** `*.example.com` is every name below example.com, and not example.com itself. */
  isWildcard: boolean;
  /** Any port if it is undefined. */
  port: string | undefined;
}

/** The hosts that may get a token: the property `hosts` of `attach-bearer`. */
export class Hosts {
  readonly #entries: readonly Entry[];
  /** The last address that was allowed. Most flows have one address. */
  #allowed: string | undefined;

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /**
   * @param text host names, separated by blanks or commas
   * @returns undefined if there is no name: then any host may get the token
   * @throws AuthError `AUTH_CONFIG` if an entry is not a host name
   */
  static parse(text: string): Hosts | undefined {
    const words = text.split(/[\s,]+/).filter((word) => word !== '');
    return words.length === 0 ? undefined : new Hosts(words.map(parseEntry));
  }

  /**
   * Checks the host to which `http request` will send the message. Without `msg.url`, that is the address in its dialog.
   *
   * @throws AuthError `AUTH_CONFIG` if `msg.url` names another host
   */
  check({ url }: NodeMessage & { url?: unknown }): void {
    if (!url || url === this.#allowed) return;
    const { hostname, port, protocol } = readUrl(url);
    const host = withoutDot(hostname);
    const actualPort = port || (protocol === 'https:' ? '443' : '80');
    if (!this.#entries.some((entry) => matches(entry, host, actualPort)))
      throw new AuthError('host-not-allowed', { property: 'hosts', host: shorten(port ? `${host}:${port}` : host) });
    this.#allowed = url as string;
  }
}

function parseEntry(word: string): Entry {
  const [, wildcard, name = '', port] = ENTRY.exec(word) ?? [];
  const host = hostOf(name);
  if (host === '' || (wildcard && IP.test(host)) || Number(port ?? 0) > 65_535)
    throw new AuthError('hosts-invalid', { property: 'hosts' });
  return { host, isWildcard: wildcard !== undefined, port: port === undefined ? undefined : String(Number(port)) };
}

/** A host name as `new URL` writes it; empty if it is not a host name. */
function hostOf(name: string): string {
  try {
    return withoutDot(new URL(`http://${name}/`).hostname);
  } catch {
    return '';
  }
}

function matches({ host, isWildcard, port }: Entry, actualHost: string, actualPort: string): boolean {
  if (port !== undefined && port !== actualPort) return false;
  return isWildcard ? actualHost.endsWith(`.${host}`) : actualHost === host;
}

/**
 * Reads an address as `http request` does, which puts `http://` in front of one without a scheme. If it were read
 * differently, an address of another host could be allowed.
 */
function readUrl(url: unknown): URL {
  const isText = typeof url === 'string';
  const isOther = isText && url.includes('://') && !url.startsWith('http');
  const read = isText && !isOther ? parseUrl(url) : undefined;
  if (read === undefined || read.username !== '' || read.password !== '')
    throw new AuthError('url-unusable', { property: 'hosts' });
  return read;
}

function parseUrl(url: string): URL | undefined {
  const hasScheme = url.startsWith('http://') || url.startsWith('https://');
  const [, authority = ''] = AUTHORITY.exec(hasScheme ? url.slice(url.indexOf('//')) : url) ?? [];
  if (authority.length > LONGEST_AUTHORITY) return undefined;
  try {
    return new URL(hasScheme ? url : `http://${url}`);
  } catch {
    return undefined;
  }
}

function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function shorten(host: string): string {
  return host.length > MAX_HOST_LENGTH ? `${host.slice(0, MAX_HOST_LENGTH)}…` : host;
}
