import { createHash } from 'node:crypto';
import type { Redis, RedisOptions } from 'ioredis';
import type { Cancel, Clock } from '../core/clock.ts';
import { nameOfTarget, type RedisTarget } from './redis-address.ts';
import { CHECK, type Script } from './redis-scripts.ts';
import { STORE_TIMEOUT } from './store.ts';
import { storeGone } from './store-timeout.ts';

/** How often it is asked whether the server is still there, in ms: nothing else would tell of one that went silently. */
export const PING_PAUSE = 10_000;

/** The words of a server's error that are shown. Anything else that it says is not. */
const KNOWN =
  /\b(NOAUTH|WRONGPASS|NOPERM|READONLY|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|BUSY|OOM|CLUSTERDOWN|MOVED|DENIED)\b/;

/**
 * The connections to one Redis, from their opening until they are lost: one for commands, and one that listens,
 * once somebody wants to know of changes. It never connects again; who uses it opens another one.
 */
export class RedisLink {
  readonly #target: RedisTarget;
  readonly #clock: Clock;
  readonly #lost: (cause: string) => void;
  readonly #clients: Redis[] = [];
  #commands: Redis | undefined;
  #listener: Redis | undefined;
  #cancelPing: (() => void) | undefined;
  #isOver = false;
  /** The scripts that this link has sent as a whole. */
  readonly #sent = new Set<Script>();
  #mayNotDigest = false;
  /** How many answers came. */
  #answers = 0;

  /** @param lost is called at most once, when a connection broke or a server did not do its part */
  constructor(target: RedisTarget, clock: Clock, lost: (cause: string) => void) {
    this.#target = target;
    this.#clock = clock;
    this.#lost = lost;
  }

  /**
   * Connects, signs in and makes sure that this user may write here.
   *
   * @throws an error whose `causeOf` says why not
   */
  async open(check: { key: string; channel: string }): Promise<void> {
    this.#commands = await this.#connect();
    await this.run(CHECK, [check.key], [check.channel]);
    this.#pingLater();
  }

  /** Runs a script. Whatever goes wrong, the link is lost. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#mind(() => this.#send(script, [script.keys, ...keys, ...args]));
  }

  /** Sends a script as a whole once, and then its digest: the server remembers it, most of the time. */
  async #send(script: Script, args: (string | number)[]): Promise<unknown> {
    const client = this.#commands;
    const [keys, ...rest] = args as [number, ...(string | number)[]];
    const isKnown = this.#sent.has(script);
    this.#sent.add(script);
    if (isKnown && !this.#mayNotDigest) {
      try {
        return await client?.evalsha(digestOf(script), keys, ...rest);
      } catch (thrown) {
        const text = String((thrown as Error).message);
        // A user who may not do this may still do the other.
        if (/NOPERM|no permissions/i.test(text)) this.#mayNotDigest = true;
        else if (!text.startsWith('NOSCRIPT')) throw thrown;
      }
    }
    return client?.eval(script.lua, keys, ...rest);
  }

  /** Listens to what is published on a channel. */
  async listen(channel: string, heard: (payload: string) => void): Promise<void> {
    const listener = await this.#mind(() => this.#connect());
    listener.on('message', (_channel: string, payload: string) => heard(payload));
    await this.#mind(() => listener.subscribe(channel));
    this.#listener = listener;
  }

  close(): void {
    this.#isOver = true;
    this.#cancelPing?.();
    for (const client of this.#clients) client.disconnect();
  }

  async #connect(): Promise<Redis> {
    const { Redis } = await import('ioredis');
    const client = new Redis(optionsFor(this.#target));
    this.#clients.push(client);
    let trouble: unknown;
    client.on('error', (error) => {
      trouble ??= error;
    });
    client.on('close', () => this.#lose(causeOf(trouble ?? 'ECONNRESET')));
    if (this.#isOver) throw new Error('closed');
    try {
      await client.connect();
    } catch (thrown) {
      throw trouble ?? thrown;
    }
    // A database that there is not is told of, and the first one taken in its place.
    if (trouble) throw trouble;
    return client;
  }

  async #mind<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await this.#inTime(work());
      this.#answers += 1;
      return answer;
    } catch (thrown) {
      this.#lose(causeOf(thrown));
      throw thrown;
    }
  }

  /**
   * Waits for as long as the server answers anything. One that has much to do is not lost: who asked has a time limit of
   * its own. One that said nothing for 2 s is.
   */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let cancel: Cancel = () => undefined;
      let isOver = false;
      const waitOn = (): void => {
        const before = this.#answers;
        cancel = this.#clock.after(STORE_TIMEOUT, () =>
          // Where this process was busy, the answer may be there and not be read yet.
          setImmediate(() => {
            if (isOver) return;
            if (this.#answers === before || this.#isOver) reject(storeGone(nameOfTarget(this.#target), 'timeout'));
            else waitOn();
          }),
        );
      };
      waitOn();
      answer.then(resolve, reject).finally(() => {
        isOver = true;
        cancel();
      });
    });
  }

  #lose(cause: string): void {
    if (this.#isOver) return;
    this.close();
    this.#lost(cause);
  }

  #pingLater(): void {
    if (this.#isOver) return;
    const ping = (client: Redis | undefined) => client && this.#mind(() => client.ping());
    this.#cancelPing = this.#clock.after(
      PING_PAUSE,
      () => {
        Promise.all([ping(this.#commands), ping(this.#listener)]).then(
          () => this.#pingLater(),
          () => {
            // It was told that the link is lost.
          },
        );
      },
      true,
    );
  }
}

const digests = new WeakMap<Script, string>();

/** What a server calls a script that it has seen. */
function digestOf(script: Script): string {
  let digest = digests.get(script);
  if (digest === undefined) {
    digest = createHash('sha1').update(script.lua).digest('hex');
    digests.set(script, digest);
  }
  return digest;
}

/** Nothing is queued and nothing repeated in there: what is not answered has failed, and the store knows what to do. */
function optionsFor({
  host,
  port,
  database,
  username,
  password,
  tls,
}: RedisTarget): RedisOptions & { replyMapping?: never } {
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port,
    db: database,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(tls ? { tls } : {}),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: STORE_TIMEOUT,
    disconnectTimeout: 1,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    disableClientInfo: true,
  };
}

/** A short word for what went wrong. Of a text that somebody else wrote only known words are taken. */
export function causeOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  const { code, message, values } = (thrown ?? {}) as {
    code?: unknown;
    message?: unknown;
    values?: { cause?: unknown };
  };
  if (typeof values?.cause === 'string') return values.cause;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code === 'ETIMEDOUT' ? 'timeout' : code;
  const text = typeof message === 'string' ? message : '';
  const known = KNOWN.exec(text)?.[1];
  if (known) return known;
  // What Redis 6 says of a script that touches what its user may not.
  if (/no permissions|can't (run|access|publish)/i.test(text)) return 'NOPERM';
  if (/max number of clients/i.test(text)) return 'maxclients';
  if (/DB index is out of range/i.test(text)) return 'database';
  return /closed/i.test(text) ? 'ECONNRESET' : 'error';
}
