import type { NodeMessage } from 'node-red';
import { AuthError } from '../../../src/core/errors.ts';

/** The most of a host name that an error shows, in characters. It comes from the message. */
const LONGEST_HOST = 100;

/** The parts of an entry. The dialog has the same rule, in resources/attach-bearer.js. */
const ENTRY = /^(\*\.)?([^*/\\?#@:[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i;
/** An IP address as `new URL` writes it: it has no names below it. */
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
  /** The address that passed last. Most flows have one. */
  #passed: string | undefined;

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /**
   * @param text host names, separated by blanks or commas
   * @returns undefined if there is no name, so that any host may get the token
   * @throws AuthError `AUTH_CONFIG` if an entry is not a host name
   */
  static parse(text: string): Hosts | undefined {
    const words = text.split(/[\s,]+/).filter((word) => word !== '');
    return words.length === 0 ? undefined : new Hosts(words.map(parseEntry));
  }

  /**
   * Checks the host that `http request` would send the message to. Without `msg.url` that is the address in its dialog.
   *
   * @throws AuthError `AUTH_CONFIG` if `msg.url` names another host
   */
  check({ url }: NodeMessage & { url?: unknown }): void {
    if (!url || url === this.#passed) return;
    const { hostname, port, protocol } = readUrl(url);
    const host = withoutDot(hostname);
    const actualPort = port || (protocol === 'https:' ? '443' : '80');
    if (!this.#entries.some((entry) => matches(entry, host, actualPort)))
      throw new AuthError('host-not-allowed', { property: 'hosts', host: shorten(port ? `${host}:${port}` : host) });
    this.#passed = url as string;
  }
}

function parseEntry(word: string): Entry {
  const [, wildcard, name = '', port] = ENTRY.exec(word) ?? [];
  const host = hostOf(name);
  if (host === '' || (wildcard && IP.test(host)) || Number(port ?? 0) > 65_535)
    throw new AuthError('hosts-invalid', { property: 'hosts' });
  return { host, isWildcard: wildcard !== undefined, port: port === undefined ? undefined : String(Number(port)) };
}

/** The name as `new URL` writes it; empty if it is none. */
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
 * Reads an address as `http request` does, which puts `http://` in front of one without a scheme. Another way to read it
 * would let one through that leads elsewhere.
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
  return host.length > LONGEST_HOST ? `${host.slice(0, LONGEST_HOST)}…` : host;
}
