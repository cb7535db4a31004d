import { type Clock, randomId, systemClock as realSystem } from '../core/clock.ts';
import { Pace } from '../core/pace.ts';
import { fingerprint } from '../core/redaction.ts';
import { canonicalEntries } from '../core/settings-digest.ts';
import { type Sourced, sourceOf } from '../core/settings-source.ts';
import { loadHttp, type Transport } from '../http/transport.ts';
import { Practice } from '../practice/practice.ts';
import type { Coordinator } from '../store/coordinator.ts';
import { LocalCoordinator } from '../store/local-coordinator.ts';
import {
  openChangingStore,
  renewMeans,
  type StorePlatform,
  type StoreSettings,
  type StoreSettingsSource,
} from '../store/open.ts';
import type { DurableStore, Store } from '../store/store.ts';
import { StoreCoordinator } from '../store/store-coordinator.ts';
import { VgsAccount, type VgsSettings } from '../vgs/account.ts';
import { Challenges } from '../visual-guard/challenge/challenges.ts';
import type { VisualGuardSettings } from '../visual-guard/dialect/wire.ts';
import { VisualGuardServer } from '../visual-guard/server.ts';
import { Sessions } from '../visual-guard/session/sessions.ts';
import { GuardMemory } from '../visual-guard/sign-in/guard.ts';
import { MOST_WRONG_CODES, WrongCodeMemory } from '../visual-guard/sign-in/wrong-codes.ts';
import { ReferenceCounts } from './reference-counts.ts';

/** How many sessions, and how many challenges, a process keeps by default. */
export const MOST_SESSIONS = 10_000;

/** How many idle sessions are renewed in one second at most. */
const RENEWALS_PER_SECOND = 5;

/** A shared object, as one of its users holds it. */
export interface Reference<T> {
  value: T;
  giveBack: () => void;
}

/** Everything that one process keeps: accounts, servers, stores, sessions, challenges, and the practice server. */
export class Engine {
  readonly clock: Clock;
  /** How many sessions, and how many challenges, are kept at most. */
  readonly maxSessions: number;
  readonly challenges: Challenges;
  readonly sessions: Sessions;
  readonly guard: GuardMemory;
  readonly wrongCodes: WrongCodeMemory;
  /** Coordinates the Visual Guard servers of this process that have no session store. */
  readonly local: Coordinator;
  /** How fast idle sessions are renewed. */
  readonly pace: Pace;
  readonly practice: Practice;
  readonly #accounts = new ReferenceCounts<VgsAccount>();
  readonly #servers = new ReferenceCounts<VisualGuardServer>();
  readonly #stores = new ReferenceCounts<DurableStore>();
  readonly #storeIds = new WeakMap<Store, string>();
  readonly #coordinators = new WeakMap<Store, StoreCoordinator>();
  #practiceUsers = 0;

  /**
   * @param maxSessions how many sessions, and how many challenges, are kept
   * @param maxWrongCodes how many codes of a user may be refused in 15 minutes
   */
  constructor(
    maxSessions: number = MOST_SESSIONS,
    clock: Clock = realSystem,
    maxWrongCodes: number = MOST_WRONG_CODES,
  ) {
    this.clock = clock;
    this.maxSessions = maxSessions;
    this.challenges = new Challenges(clock, maxSessions);
    this.sessions = new Sessions(maxSessions);
    this.guard = new GuardMemory();
    this.wrongCodes = new WrongCodeMemory(clock, maxWrongCodes);
    this.local = new LocalCoordinator(clock);
    this.pace = new Pace(clock, RENEWALS_PER_SECOND);
    this.practice = new Practice(clock);
  }

  /**
   * Gets the account of a connection, which all users of an equal connection share.
   *
   * @param qualifier separates connections of equal settings, for example by the ids of their TLS and proxy configuration
   * @param store shares and keeps the token; without one it stays in this process
   */
  holdAccount(
    settings: Sourced<VgsSettings>,
    transport: Transport,
    qualifier: string,
    store?: Store,
  ): Reference<VgsAccount> {
    const key = keyOf(sourceOf(settings).identity, qualifier, this.#storeId(store));
    const held = this.#accounts.take(
      key,
      () => new VgsAccount(settings, transport, this.clock, this.#coordinatorOf(store)),
    );
    held.value.transport.replace(transport);
    return withSettings(held, held.value.rotation.settings.hold(settings));
  }

  /** Gets the Visual Guard server of a connection, as `holdAccount`. The store keeps its sessions. */
  holdServer(
    settings: Sourced<VisualGuardSettings>,
    transport: Transport,
    qualifier: string,
    store?: Store,
  ): Reference<VisualGuardServer> {
    const key = keyOf(sourceOf(settings).identity, qualifier, this.#storeId(store));
    const held = this.#servers.take(
      key,
      () => new VisualGuardServer(settings, transport, this, this.#coordinatorOf(store) ?? this.local),
    );
    held.value.transport.replace(transport);
    return withSettings(held, held.value.wire.rotation.settings.hold(settings));
  }

  /**
   * Gets the store of these settings, which all users of equal settings share.
   *
   * @param settings if they come from files or a vault, with a name in place of each value that may change
   * @param source gives those settings: the same object as long as nothing has changed
   * @param qualifier separates stores of equal settings, for example by the id of their TLS configuration
   */
  holdStore(
    settings: StoreSettings,
    means: StorePlatform,
    qualifier: string,
    source?: StoreSettingsSource,
  ): Reference<DurableStore> {
    const open = (): DurableStore => openChangingStore(settings, means, this.clock, source);
    const held = this.#stores.take(keyOf(settings, qualifier, ''), open);
    renewMeans(held.value, means);
    return held;
  }

  /** Gets the practice server, which runs until `sweep` finds it without users. */
  holdPractice(): Reference<Practice> {
    this.#practiceUsers += 1;
    let given = false;
    return {
      value: this.practice,
      giveBack: () => {
        if (!given) this.#practiceUsers -= 1;
        given = true;
      },
    };
  }

  /** Closes what has no users. Called after a deploy, so that unchanged connections stay open. */
  sweep(): void {
    this.#accounts.sweep();
    this.#servers.sweep();
    this.#stores.sweep((store) => this.#coordinators.get(store)?.idle);
    if (this.#practiceUsers === 0) this.practice.stop();
  }

  /**
   * Waits for the work that holds a lock of a store. If the process ended before it was written, a session would be lost
   * whose server accepts each refresh token once.
   *
   * @param longest how long it waits, in ms
   * @returns undefined if there is no such work
   */
  finish(store: Store, longest: number): Promise<void> | undefined {
    const coordinator = this.#coordinators.get(store);
    if (!coordinator?.held) return undefined;
    return new Promise((resolve) => {
      let isOver = false;
      const cancel = this.clock.after(longest, () => {
        isOver = true;
        resolve();
      });
      void (async () => {
        // A message that was on its way may begin another renewal meanwhile.
        for (let rest = coordinator.held; rest && !isOver; rest = coordinator.held) await rest;
        cancel();
        resolve();
      })();
    });
  }

  /** Loads code in the background for which the first request would have to wait, if there is a connection. */
  prepare(): void {
    if (this.#accounts.size + this.#servers.size === 0) return;
    setImmediate(() => {
      loadHttp().catch(() => {
        // The first request reports the error.
      });
    });
  }

  /** All connections with the same store have the same coordinator. */
  #coordinatorOf(store: Store | undefined): Coordinator | undefined {
    if (!store) return undefined;
    const coordinator = this.#coordinators.get(store) ?? new StoreCoordinator(store, this.clock);
    this.#coordinators.set(store, coordinator);
    return coordinator;
  }

  /** Identifies a store in this process. */
  #storeId(store: Store | undefined): string {
    if (!store) return '';
    const id = this.#storeIds.get(store) ?? randomId();
    this.#storeIds.set(store, id);
    return id;
  }
}

/** Gives the settings back with the connection. */
function withSettings<T>({ value, giveBack }: Reference<T>, release: () => void): Reference<T> {
  return {
    value,
    giveBack: () => {
      release();
      giveBack();
    },
  };
}

/** The key of a connection: a keyed digest, because the settings have secrets. */
function keyOf(settings: object, qualifier: string, store: string): string {
  return fingerprint(qualifier, store, ...canonicalEntries(settings));
}
