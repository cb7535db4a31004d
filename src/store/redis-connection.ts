import type { Cancel, Clock } from '../core/clock.ts';
import { Listeners } from '../core/listeners.ts';
import { nameOfTarget, type RedisTarget } from './redis-address.ts';
import { causeOf, RedisLink } from './redis-link.ts';
import type { Script } from './redis-scripts.ts';
import type { StoreState } from './store.ts';
import { answerOf, storeGone } from './store-timeout.ts';

/** The pause before a new connection is tried: doubled each time, and cut by up to a half by chance. In ms. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** What a connection tells. */
export interface ConnectionUser {
  /** A connection is made, and nobody else uses it yet. */
  connected(): Promise<void>;
  /** What was left undone is done now. */
  catchUp(): Promise<void>;
  heard(payload: string): void;
  /** Messages may have been missed. */
  missed(): void;
}

/** Runs one script on the server. */
export type Run = (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/** The way to one Redis, for ever: what is lost is made anew. While it is gone nobody waits for it. */
export class RedisConnection {
  readonly changes = new Listeners<StoreState>();
  readonly host: string;
  readonly #target: RedisTarget;
  readonly #clock: Clock;
  readonly #channel: string;
  readonly #checkKey: string;
  readonly #user: ConnectionUser;
  #state: StoreState = { at: 'connecting' };
  #link: RedisLink | undefined;
  #isListening = false;
  #wantsMessages = false;
  #pause = FIRST_PAUSE;
  #retry: Cancel | undefined;
  #settle: () => void = () => undefined;
  readonly #settled = new Promise<void>((resolve) => {
    this.#settle = resolve;
  });

  constructor(target: RedisTarget, prefix: string, clock: Clock, user: ConnectionUser) {
    this.#target = target;
    this.#clock = clock;
    this.#channel = `${prefix}changes`;
    this.#checkKey = `${prefix}check`;
    this.#user = user;
    this.host = nameOfTarget(target);
    void this.#connect();
  }

  get state(): StoreState {
    return this.#state;
  }

  get channel(): string {
    return this.#channel;
  }

  /** Comes as soon as it is known whether the server can be reached: at once, but for the first connection. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /**
   * Runs a script, which takes 2 s at most.
   *
   * @throws AuthError `AUTH_STORE`; at once while the server is known to be gone
   */
  run: Run = (script, keys, args) =>
    answerOf(
      (async () => {
        if (this.#state.at === 'connecting') await this.#settled;
        if (this.#state.at === 'gone' || !this.#link) throw this.#gone();
        return this.runNow(script, keys, args);
      })(),
      this.host,
      this.#clock,
    );

  /** As `run`, also while others are still kept waiting. */
  runNow: Run = async (script, keys, args) => {
    try {
      if (!this.#link) throw this.#gone();
      return await this.#link.run(script, keys, args);
    } catch (thrown) {
      throw storeGone(this.host, causeOf(thrown));
    }
  };

  /** Begins to hear of changes. `missed` is called as soon as no more can be missed. */
  listen(): void {
    if (this.#wantsMessages) return;
    this.#wantsMessages = true;
    if (this.#state.at !== 'ready' || !this.#link) return;
    this.#hear(this.#link).then(
      () => this.#user.missed(),
      () => {
        // The link is lost, and the next one listens.
      },
    );
  }

  close(): void {
    this.#retry?.();
    this.#link?.close();
    this.#link = undefined;
    this.#become({ at: 'gone', cause: 'closed' });
    this.#settle();
  }

  get #isClosed(): boolean {
    return this.#state.at === 'gone' && this.#state.cause === 'closed';
  }

  #gone() {
    return storeGone(this.host, this.#state.at === 'gone' ? this.#state.cause : 'timeout');
  }

  async #connect(): Promise<void> {
    const link = new RedisLink(this.#target, this.#clock, (cause) => this.#failed(link, cause));
    this.#link = link;
    this.#isListening = false;
    try {
      const opening = link.open({ key: this.#checkKey, channel: this.#channel });
      await answerOf(opening, this.host, this.#clock);
      if (this.#wantsMessages) await this.#hear(link);
      await this.#user.connected();
      if (this.#link !== link) return;
      this.#pause = FIRST_PAUSE;
      this.#become({ at: 'ready' });
      this.#settle();
      // Somebody may have wanted something between the last step and this one.
      if (this.#wantsMessages) await this.#hear(link);
      await this.#user.catchUp();
      this.#user.missed();
    } catch (thrown) {
      this.#failed(link, causeOf(thrown));
    }
  }

  async #hear(link: RedisLink): Promise<void> {
    if (this.#isListening) return;
    this.#isListening = true;
    await link.listen(this.#channel, (payload) => this.#user.heard(payload));
  }

  #failed(link: RedisLink, cause: string): void {
    link.close();
    if (this.#link !== link || this.#isClosed) return;
    this.#link = undefined;
    this.#become({ at: 'gone', cause });
    this.#settle();
    const pause = this.#pause * (0.5 + this.#clock.random() / 2);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    this.#retry = this.#clock.after(pause, () => void this.#connect(), true);
  }

  #become(state: StoreState): void {
    const before = this.#state;
    this.#state = state;
    const isSame =
      before.at === state.at && (state.at !== 'gone' || before.at !== 'gone' || before.cause === state.cause);
    if (!isSame) this.changes.tell(state);
  }
}
