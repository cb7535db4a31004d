import { systemClock } from '../../src/core/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { RedisAddress } from '../../src/store/redis-address.ts';
import type { DurableStore } from '../../src/store/store.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { OneTimeGuard } from './one-time-guard.ts';
import { ScriptedTransport } from './scripted-transport.ts';
import { PASSPHRASE } from './stores.ts';
import { ASK, isSignedIn, SETTINGS } from './visual-guard.ts';

/** How long an access token is valid, in s. It is renewed in the last fifth, which is longer than a fail-over takes. */
const TTL = 60;

/** The interval between messages, and the time that the identity server needs for an answer, in ms. */
const MESSAGE_INTERVAL = 5;
const LATENCY = 3;

/** The time after which a lost write is noticed, when the connection to the old primary is cut, in ms. */
const BEFORE_LOSS = 5_000;

/** A user who had to sign in again, and when the lost refresh token was rotated, in ms of `performance.now`. */
interface Forced {
  user: string;
  rotatedAt: number;
}

interface Person {
  readonly user: string;
  session: string;
  turn: Promise<void>;
}

interface Replica {
  readonly engine: Engine;
  readonly store: DurableStore;
  readonly server: VisualGuardServer;
}

/** A time during which Redis fails over, in ms of `performance.now`. */
interface Window {
  from: number;
  to: number;
}

/** Three replicas that keep people signed in over one Redis, and an identity server with refresh tokens that are used once. */
export class Renewals {
  readonly guard = new OneTimeGuard();
  readonly forced: Forced[] = [];
  /** The times at which a refresh token was used again. */
  readonly usedTwice: number[] = [];
  readonly counts = { messages: 0, answers: 0, faults: 0 };
  /** The states of the stores that were not `ready`. */
  readonly windows: Window[] = [];
  readonly causes = new Set<string>();
  /** How often a replica lost Redis. */
  losses = 0;
  readonly #replicas: Replica[] = [];
  readonly #people: Person[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;
  /** Access tokens of a sign-in are of every age, so renewals are spread evenly. */
  #isStarting = true;

  constructor(address: RedisAddress, prefix = 'vg-auth:') {
    for (let index = 0; index < 3; index += 1) this.#replicas.push(this.#replica(address, prefix));
  }

  /** The number of renewals. */
  get renewals(): number {
    return this.guard.counts.refreshes;
  }

  get isReady(): boolean {
    return this.#replicas.every(({ store }) => store.state.at === 'ready');
  }

  /** Signs people in, and starts to send messages. */
  async start(people: number): Promise<void> {
    for (let number = 0; number < people; number += 1) {
      const person = { user: `service-${number}`, session: '', turn: Promise.resolve() };
      this.#people.push(person);
    }
    for (let at = 0; at < people; at += 20) {
      await Promise.all(this.#people.slice(at, at + 20).map((person) => this.#signIn(person)));
    }
    this.#isStarting = false;
    let next = 0;
    this.#timer = setInterval(() => {
      const person = this.#people[next % people];
      const replica = this.#replicas[Math.floor(next / people + next) % 3];
      next += 1;
      if (person && replica) this.#track(this.#message(person, replica));
    }, MESSAGE_INTERVAL);
  }

  /** Stops sending messages, waits for those under way, and closes the stores. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(this.#underWay);
    for (const { store, server } of this.#replicas) {
      server.close();
      store.close();
    }
  }

  /** Records that a fail-over starts now. @returns a function to call when it is over */
  disturb(): () => void {
    const window = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.windows.push(window);
    return () => {
      window.to = performance.now();
    };
  }

  /** Whether Redis failed over at this moment, or lost writes of this moment. */
  isInWindow(at: number): boolean {
    return this.windows.some(({ from, to }) => at >= from - BEFORE_LOSS && at <= to);
  }

  #replica(address: RedisAddress, prefix: string): Replica {
    const engine = new Engine(10_000);
    const settings = { kind: 'redis', ...address, prefix, encryptionKey: PASSPHRASE } as const;
    const store = engine.holdStore(settings, {}, '').value;
    let over: (() => void) | undefined;
    store.changes.add((state) => {
      if (state.at === 'gone') {
        this.losses += 1;
        this.causes.add(state.cause);
        over ??= this.disturb();
      } else if (state.at === 'ready') {
        over?.();
        over = undefined;
      }
    });
    const transport = new ScriptedTransport(systemClock);
    transport.otherwise = ({ form }) => this.#reply(form);
    return { engine, store, server: engine.holdServer(SETTINGS, transport, '', store).value };
  }

  async #reply(form: Record<string, string>) {
    this.guard.begin(form);
    await new Promise((resolve) => setTimeout(resolve, LATENCY));
    const { dead } = this.guard.counts;
    this.guard.life = this.#isStarting ? TTL * (0.2 + 0.4 * Math.random()) : TTL;
    const reply = this.guard.answer(form);
    if (this.guard.counts.dead > dead) this.usedTwice.push(performance.now());
    this.guard.end(form);
    return reply;
  }

  async #message(person: Person, { server }: Replica): Promise<void> {
    this.counts.messages += 1;
    const { session: handle } = person;
    let isNeeded = false;
    try {
      const session = await server.findSessionWith(handle);
      isNeeded = !session || (await session.ask()).refused !== undefined;
    } catch {
      this.counts.faults += 1;
    }
    this.counts.answers += 1;
    if (!isNeeded) return;
    person.turn = person.turn.then(async () => {
      // Several messages may find it lost. The person signs in again once.
      if (person.session !== handle) return;
      const { at: rotatedAt } = this.guard.grants.findLast(({ user }) => user === person.user) ?? { at: 0 };
      this.forced.push({ user: person.user, rotatedAt });
      await this.#signIn(person);
    });
    await person.turn;
  }

  async #signIn(person: Person): Promise<void> {
    const { server } = this.#replicas[this.#people.indexOf(person) % 3] ?? {};
    const credentials = { user: person.user, password: `${person.user}-password` };
    person.session = isSignedIn(await server?.signIn(credentials, ASK)).session.handle;
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.catch(() => undefined).finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}
