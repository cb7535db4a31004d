import type { Redis } from 'ioredis';
import type { Cancel, Clock } from '../core/clock.ts';
import type { AuthError } from '../core/errors.ts';
import { Listeners } from '../core/listeners.ts';
import { nameOfTarget, type RedisTarget, type Topology } from './redis-address.ts';
import { createClient, createSubscriber, pingAll, type RedisClient } from './redis-client.ts';
import { causeOf, isNetworkCause } from './redis-faults.ts';
import type { ScriptName } from './redis-scripts.ts';
import type { StoreState } from './store.ts';
import { answerOf, storeGone } from './store-timeout.ts';

/** How often an idle connection is checked, in ms: TCP does not report a peer that disappeared. */
export const PING_INTERVAL = 10_000;

/** The pause before the next attempt to connect, in ms: doubled each time, and reduced at random by up to a half. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** What a connection reports. */
export interface ConnectionUser {
  /** The server has passed the check. Others still wait. @throws the reason why the connection cannot be used */
  connected(): Promise<void>;
  /** The state is `ready` now: changes that could not be written are written. */
  catchUp(): Promise<void>;
  /** A message was published on the channel. */
  received(payload: string): void;
  /** Messages may have been missed until now. */
  missed(): void;
}

/** Runs one script on the server. @throws AuthError `AUTH_STORE` */
export type Run = (script: ScriptName, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/**
 * The connections to one Redis: one for commands and one that subscribes to the channel of changes. ioredis connects again;
 * the state is `ready` only after the server has passed a check, and `gone` from the first fault on, so that nobody waits.
 */
export class RedisConnection {
  readonly changes = new Listeners<StoreState>();
  /** Its name in errors, never with a password. */
  readonly host: string;
  /** The channel on which changes are published. */
  readonly channel: string;
  readonly #clock: Clock;
  readonly #checkKeys: readonly string[];
  readonly #topology: Topology;
  readonly #user: ConnectionUser;
  #state: StoreState = { at: 'connecting' };
  #client: RedisClient | undefined;
  #subscriber: Redis | undefined;
  /** Counts the faults. An operation that began before the last one cannot cause another. */
  #epoch = 0;
  /** The first error of the present connection, which is the reason why its commands are lost. */
  #error: unknown;
  #pause = FIRST_PAUSE;
  #ping: Cancel | undefined;
  #restart: Cancel | undefined;
  #settle: () => void = () => undefined;
  readonly #settled = new Promise<void>((resolve) => {
    this.#settle = resolve;
  });

  /** @param prefix of the keys and the channel */
  constructor(target: RedisTarget, prefix: string, clock: Clock, user: ConnectionUser) {
    this.#clock = clock;
    this.channel = `${prefix}changes`;
    this.#topology = target.topology;
    // As many keys as a record has: in a cluster that is configured as one server, they are not in one slot.
    const key = target.topology === 'cluster' ? `${prefix}{check}` : `${prefix}check`;
    this.#checkKeys = [key, `${key}:fence`, `${key}:lock`];
    this.#user = user;
    this.host = nameOfTarget(target);
    this.#start(target).catch((thrown) => this.#fail(thrown));
  }

  get state(): StoreState {
    return this.#state;
  }

  /** Resolves when the first attempt to connect has succeeded or failed. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /**
   * Runs a script, which takes 2 s at most.
   *
   * @throws AuthError `AUTH_STORE`; at once while the server is known to be gone
   */
  run: Run = async (script, keys, args) => {
    if (this.#state.at === 'connecting') await answerOf(this.#settled, this.host, this.#clock);
    if (this.#state.at === 'gone') throw this.#gone();
    return this.runNow(script, keys, args);
  };

  /** As `run`, also before the state is `ready`. */
  runNow: Run = async (script, keys, args) => {
    const client = this.#client;
    const epoch = this.#epoch;
    if (!client) throw this.#gone();
    try {
      if (!client.isCluster) writeTogether(client as unknown as Redis);
      return await answerOf(client[script](...keys, ...args), this.host, this.#clock);
    } catch (thrown) {
      // If the server still answers others, the connection stays: `socketTimeout` distinguishes a slow server from a lost one.
      if (this.#causeOf(thrown) === 'timeout' && !client.isCluster) throw storeGone(this.host, 'timeout');
      this.#fail(thrown, epoch);
      throw this.#gone();
    }
  };

  close(): void {
    if (this.#isClosed) return;
    this.#become({ at: 'gone', cause: 'closed' });
    this.#restart?.();
    this.#stop();
    this.#client?.disconnect();
    this.#client = undefined;
    this.#settle();
  }

  get #isClosed(): boolean {
    return this.#state.at === 'gone' && this.#state.cause === 'closed';
  }

  async #start(target: RedisTarget): Promise<void> {
    const client = await createClient(target, () => this.#nextPause());
    if (this.#isClosed) return;
    this.#client = client;
    client.on('connecting', () => {
      this.#error = undefined;
    });
    client.on('error', (error) => {
      this.#error ??= error;
    });
    // Each Sentinel or node has its own error. The error that none could be used comes last.
    for (const event of ['sentinelError', 'node error']) client.on(event, (error: unknown) => this.#noteOneOf(error));
    client.on('ready', () => void this.#prepare(client));
    client.on('close', () => this.#fail(this.#error));
    client.on('end', () => this.#connectLater(client));
    client.connect().catch(() => undefined);
  }

  /** ioredis stops connecting in some cases, permanently. @see `end` in its documentation */
  #connectLater(client: RedisClient): void {
    if (this.#isClosed) return;
    this.#fail(this.#error);
    this.#restart?.();
    this.#restart = this.#clock.after(this.#nextPause(), () => void client.connect().catch(() => undefined), true);
  }

  /** Checks that everything that the store needs works, before the connection is used. */
  async #prepare(client: RedisClient): Promise<void> {
    const epoch = this.#epoch;
    try {
      // If SELECT is refused, ioredis uses database 0.
      if (this.#error && !client.isCluster) throw this.#error;
      await this.#check(client);
      await pingAll(client);
      await this.#subscribe(client);
      await this.#user.connected();
      if (epoch !== this.#epoch) return;
      this.#pause = FIRST_PAUSE;
      this.#become({ at: 'ready' });
      this.#settle();
      this.#pingLater();
      await this.#user.catchUp();
      this.#user.missed();
    } catch (thrown) {
      this.#fail(thrown, epoch);
    }
  }

  /** @throws the first error of a command that the store needs */
  async #check(client: RedisClient): Promise<void> {
    // The second time it is sent as a digest, which needs its own permission.
    for (let times = 0; times < 2; times += 1) {
      const found = await client
        .checkAccess(...this.#checkKeys, this.channel)
        .catch((thrown) => this.#explain(client, thrown));
      const [command, error] = Array.isArray(found) ? found : [];
      if (command === undefined) continue;
      const cause = this.#causeOf(new Error(String(error)));
      // Within a script, the error of Redis 7 does not name the command.
      throw storeGone(this.host, cause === 'NOPERM' ? `NOPERM ${command}` : cause);
    }
  }

  /** A Sentinel does not support scripts, like a server on which they are disabled. @throws the kind of server */
  async #explain(client: RedisClient, thrown: unknown): Promise<never> {
    if (this.#causeOf(thrown) !== 'scripts') throw thrown;
    const role = await client.role().catch(() => undefined);
    throw Array.isArray(role) && role[0] === 'sentinel' ? storeGone(this.host, 'sentinel') : thrown;
  }

  /** Keeps the error of one of several servers, unless another one is more precise. */
  #noteOneOf(error: unknown): void {
    if (this.#state.at === 'ready') return;
    const saysMore = !isNetworkCause(this.#causeOf(error)) && isNetworkCause(this.#causeOf(this.#error));
    if (this.#error === undefined || saysMore) this.#error = error;
  }

  async #subscribe(client: RedisClient): Promise<void> {
    const subscriber = createSubscriber(client);
    let error: unknown;
    this.#subscriber = subscriber;
    subscriber.on('error', (thrown) => {
      error ??= thrown;
    });
    subscriber.on('message', (_channel: string, payload: string) => this.#user.received(payload));
    subscriber.on('close', () => {
      if (this.#subscriber === subscriber) this.#fail(error);
    });
    try {
      await subscriber.connect();
      await subscriber.subscribe(this.channel);
    } catch (thrown) {
      throw error ?? thrown;
    }
  }

  /**
   * The server cannot be used. If the client is still connected, it connects again after a pause.
   *
   * @param thrown undefined if a connection was closed without an error
   * @param epoch the epoch in which the failed operation began; without it, the present one
   */
  #fail(thrown: unknown, epoch = this.#epoch): void {
    if (this.#isClosed || epoch !== this.#epoch) return;
    this.#error ??= thrown;
    this.#stop();
    if (this.#client?.status === 'ready') this.#client.disconnect(true);
    this.#become({ at: 'gone', cause: this.#causeOf(this.#error) });
    this.#settle();
  }

  #stop(): void {
    this.#epoch += 1;
    this.#ping?.();
    this.#subscriber?.disconnect();
    this.#subscriber = undefined;
  }

  #pingLater(): void {
    this.#ping = this.#clock.after(
      PING_INTERVAL,
      () => {
        const epoch = this.#epoch;
        Promise.all([this.#client && pingAll(this.#client), this.#subscriber?.ping()]).then(
          () => epoch === this.#epoch && this.#pingLater(),
          (thrown) => this.#fail(thrown, epoch),
        );
      },
      true,
    );
  }

  #nextPause(): number {
    const pause = this.#pause * (0.5 + this.#clock.random() / 2);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    return pause;
  }

  #causeOf(thrown: unknown): string {
    return causeOf(thrown, this.#topology);
  }

  #gone(): AuthError {
    return storeGone(this.host, this.#state.at === 'gone' ? this.#state.cause : 'ECONNRESET');
  }

  #become(state: StoreState): void {
    const before = this.#state;
    this.#state = state;
    const isSame =
      before.at === state.at && (state.at !== 'gone' || before.at !== 'gone' || before.cause === state.cause);
    if (!isSame) this.changes.tell(state);
  }
}

/** What is sent to a server in the same step of the program leaves in one packet, in this order: one system call, not one for each. */
function writeTogether({ stream }: Redis): void {
  if (!stream || stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
