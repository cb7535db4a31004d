import { type Clock, randomId, systemClock as realSystem } from '../core/clock.ts';
import { fingerprint } from '../core/redaction.ts';
import type { Transport } from '../http/transport.ts';
import { PracticeServer } from '../practice/server.ts';
import { partsOf } from '../store/connection.ts';
import type { Coordinator } from '../store/coordinator.ts';
import { LocalCoordinator } from '../store/local-coordinator.ts';
import { openStore, renewMeans, type StorePlatform, type StoreSettings } from '../store/open.ts';
import type { KeptStore, Store } from '../store/store.ts';
import { StoreCoordinator } from '../store/store-coordinator.ts';
import { VgsAccount, type VgsSettings } from '../vgs/account.ts';
import { Challenges } from '../visual-guard/challenge/challenges.ts';
import type { VisualGuardSettings } from '../visual-guard/dialect/wire.ts';
import { VisualGuardServer } from '../visual-guard/server.ts';
import { Sessions } from '../visual-guard/session/sessions.ts';
import { GuardMemory } from '../visual-guard/sign-in/guard.ts';
import { MOST_WRONG_CODES, WrongCodeMemory } from '../visual-guard/sign-in/wrong-codes.ts';
import { ReferenceCounts } from './reference-counts.ts';

/** How many sessions, and how many challenges, a process keeps where nothing else is set. */
export const MOST_SESSIONS = 10_000;

/** Something kept, in the hands of one user of it. */
export interface Reference<T> {
  value: T;
  giveBack: () => void;
}

/** All that one process keeps: accounts, servers, stores, sessions, challenges, and the practice server. */
export class Engine {
  readonly clock: Clock;
  /** How many sessions, and as many challenges, are kept in all. */
  readonly maxSessions: number;
  readonly challenges: Challenges;
  readonly sessions: Sessions;
  readonly guard: GuardMemory;
  readonly wrongCodes: WrongCodeMemory;
  /** How the Visual Guard servers of this process agree that have no store. */
  readonly local: Coordinator;
  readonly practice: PracticeServer;
  readonly #accounts = new ReferenceCounts<VgsAccount>();
  readonly #servers = new ReferenceCounts<VisualGuardServer>();
  readonly #stores = new ReferenceCounts<KeptStore>();
  readonly #storeIds = new WeakMap<Store, string>();
  readonly #coordinators = new WeakMap<Store, StoreCoordinator>();
  #practiceUsers = 0;

  /**
   * @param maxSessions how many sessions, and as many challenges, are kept
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
    this.practice = new PracticeServer(clock);
  }

  /**
   * The account of this connection, which all who name the same one share. The secret counts by its fingerprint.
   *
   * @param via what else makes a connection another one, such as the ids of its TLS and proxy configuration
   * @param store where its token is shared and kept; without one it stays in this process
   */
  holdAccount(settings: VgsSettings, transport: Transport, via: string, store?: Store): Reference<VgsAccount> {
    const key = keyOf(settings, via, this.#storeId(store));
    const held = this.#accounts.take(
      key,
      () => new VgsAccount(settings, transport, this.clock, this.#coordinatorOf(store)),
    );
    held.value.transport.replace(transport);
    return held;
  }

  /** The Visual Guard server of this connection, which all who name the same one share. Its sessions are kept in the store. */
  holdServer(
    settings: VisualGuardSettings,
    transport: Transport,
    via: string,
    store?: Store,
  ): Reference<VisualGuardServer> {
    const key = keyOf(settings, via, this.#storeId(store));
    const held = this.#servers.take(
      key,
      () => new VisualGuardServer(settings, transport, this, this.#coordinatorOf(store) ?? this.local),
    );
    held.value.transport.replace(transport);
    return held;
  }

  /**
   * The store of these settings, which all who name the same one share. The secrets count by their fingerprint.
   *
   * @param via what else makes a store another one, such as the id of its TLS configuration or of the node whose context it is
   */
  holdStore(settings: StoreSettings, means: StorePlatform, via: string): Reference<KeptStore> {
    const held = this.#stores.take(keyOf(settings, via, ''), () => openStore(settings, means, this.clock));
    renewMeans(held.value, means);
    return held;
  }

  /** Starts the practice server for one user of it. It runs until `sweep` finds no user left. */
  holdPractice(): Reference<PracticeServer> {
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

  /** Drops what nobody holds any more. Called when a deploy is done, so that what is unchanged lives on. */
  sweep(): void {
    this.#accounts.sweep();
    this.#servers.sweep();
    this.#stores.sweep((store) => this.#coordinators.get(store)?.idle);
    if (this.#practiceUsers === 0) this.practice.stop();
  }

  /** All who name the same store agree by the same coordinator. */
  #coordinatorOf(store: Store | undefined): Coordinator | undefined {
    if (!store) return undefined;
    const coordinator = this.#coordinators.get(store) ?? new StoreCoordinator(store, this.clock);
    this.#coordinators.set(store, coordinator);
    return coordinator;
  }

  /** What tells one store from another, for as long as this process lives. */
  #storeId(store: Store | undefined): string {
    if (!store) return '';
    const id = this.#storeIds.get(store) ?? randomId();
    this.#storeIds.set(store, id);
    return id;
  }
}

/** The content of a connection as a key. It holds no secret, only what a secret is known by. */
function keyOf(settings: object, via: string, store: string): string {
  return fingerprint(via, store, ...partsOf(settings));
}
