import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { fingerprint } from '../../core/redaction.ts';
import { isWithin, type TimeWindow, timeWindow } from '../../core/time-window.ts';
import { contentOf, REMOVED, type RecordKind, type SharedRecord } from '../../store/coordinator.ts';
import { asBoolean, asNonNegative, asRecord, VERSION } from '../../store/validation.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { userAt } from '../same-user.ts';

/** A password that was refused is not sent again for this long, in ms. */
const REFUSED_PASSWORD_PAUSE = 15 * 60_000;
/** One code or link per user is sent in this time, in ms. */
const DELIVERY_PAUSE = 30_000;

/** How many refused passwords and deliveries are remembered; the oldest are forgotten first. */
const MOST = 10_000;

/** What one process knows of refused passwords and of what was sent, over all its servers. */
export class GuardMemory {
  readonly refused = new LRUCache<string, TimeWindow>({ max: MOST });
  readonly delivered = new LRUCache<string, TimeWindow>({ max: MOST });
}

/** Why a sign-in with one user and password is held back, and for how long. */
interface HeldPassword extends TimeWindow {
  /** A login with it has sent a code or link. Else it was refused. */
  readonly isDelivered: boolean;
}

/** A sign-in with one user and password, while no other one with the same runs. */
export interface Attempt {
  /** Until when it is held back, in ms since 1970: the password was refused, or a login has sent a code. Undefined if it may be sent. */
  readonly heldUntil: number | undefined;
  /** The server refused this password, and its next refusal may lock the account. */
  refuse(): void;
  /** The flow says to try it again all the same (`msg.reset`). */
  release(): void;
  /** The login has sent a code or link. No other one is sent for a while, with a step either. */
  deliver(): Promise<void>;
}

/** What was delivered: with the step of a challenge, or by a login, which counts by itself. */
type Delivery = 'step' | 'login';

/**
 * Sees to it that no automatic repetition in a flow can harm an account. It holds one password back, never a person:
 * another password of the same user goes through at once. What one replica was refused or has sent counts for all. Each remembers
 * what it knows, so the guard holds without the store, too, though not over the replicas.
 */
export class Guard {
  readonly #context: Pick<ConnectionContext, 'wire' | 'clock' | 'coordinator'>;
  readonly #memory: GuardMemory;
  readonly #refusals: RecordKind<HeldPassword>;
  readonly #deliveries: RecordKind<TimeWindow>;

  constructor(context: Pick<ConnectionContext, 'wire' | 'clock' | 'coordinator'>, memory: GuardMemory) {
    const { wire, clock } = context;
    this.#context = context;
    this.#memory = memory;
    this.#refusals = heldPasswords(wire.transport.host, clock);
    this.#deliveries = pauses('delivered', DELIVERY_PAUSE, wire.transport.host, clock);
  }

  /**
   * Runs sign-ins with one user and password one after another, over all replicas: a hundred messages at once cannot send
   * a wrong password a hundred times before the first answer is back.
   */
  signIn<R>(user: string, password: string, run: (attempt: Attempt) => Promise<R>): Promise<R> {
    const [key, login] = [this.#passwordKey(user, password), this.#deliveryKey(user, 'login')];
    const { refused, delivered } = this.#memory;
    return this.#refusal(user, password).update<R>({
      run: (found, lock) => {
        const known = contentOf(found);
        remember(known?.isDelivered ? delivered : refused, known?.isDelivered ? login : key, known);
        const until = (): number | undefined => this.#until(refused.get(key)) ?? this.#until(delivered.get(login));
        return run({
          get heldUntil() {
            return until();
          },
          refuse: () => {
            const pause = this.#pause(REFUSED_PASSWORD_PAUSE);
            refused.set(key, pause);
            lock.write({ ...pause, isDelivered: false });
          },
          release: () => {
            refused.delete(key);
            if (!known?.isDelivered) lock.end(REMOVED);
          },
          deliver: () => {
            const pause = this.#pause(DELIVERY_PAUSE);
            delivered.set(login, pause);
            delivered.set(this.#deliveryKey(user, 'step'), pause);
            lock.write({ ...pause, isDelivered: true });
            return written(this.#delivery(user), pause);
          },
        });
      },
    });
  }

  /** @returns until when this password is held back, as this process knows it, in ms since 1970; undefined if it may be sent */
  heldUntil(user: string, password: string): number | undefined {
    return this.#until(this.#memory.refused.get(this.#passwordKey(user, password)));
  }

  /** The server refused this password with something else than a sign-in. */
  async refuse(user: string, password: string): Promise<void> {
    const pause = this.#pause(REFUSED_PASSWORD_PAUSE);
    this.#memory.refused.set(this.#passwordKey(user, password), pause);
    await written(this.#refusal(user, password), { ...pause, isDelivered: false });
  }

  /**
   * @returns when the next code or link may be sent to this user with a step, in ms since 1970; undefined if it may now,
   *   and then it counts as being sent from now on
   */
  async claimDelivery(user: string): Promise<number | undefined> {
    const key = this.#deliveryKey(user, 'step');
    const { delivered } = this.#memory;
    const known = this.#until(delivered.get(key));
    if (known !== undefined) return known;
    return this.#delivery(user).update<number | undefined>({
      run: async (found, lock) => {
        const heldUntil = this.#until(remember(delivered, key, contentOf(found)) ?? delivered.get(key));
        if (heldUntil !== undefined) return heldUntil;
        const pause = this.#pause(DELIVERY_PAUSE);
        delivered.set(key, pause);
        lock.write(pause);
        return undefined;
      },
    });
  }

  /** Nothing was sent with a step after all. */
  async undeliver(user: string): Promise<void> {
    this.#memory.delivered.delete(this.#deliveryKey(user, 'step'));
    await written(this.#delivery(user), undefined);
  }

  #pause(ms: number): TimeWindow {
    return timeWindow(this.#context.clock.now(), ms);
  }

  #until(pause: TimeWindow | undefined): number | undefined {
    return isWithin(pause, this.#context.clock.now()) ? pause.until : undefined;
  }

  #nameOf(user: string): string {
    return userAt(this.#context.wire, user);
  }

  /** The word stands in front, because a user's name may end in anything. */
  #deliveryName(user: string, delivery: Delivery): string {
    return delivery === 'login' ? `login ${this.#nameOf(user)}` : this.#nameOf(user);
  }

  #passwordKey(user: string, password: string): string {
    return fingerprint(this.#nameOf(user), password);
  }

  #deliveryKey(user: string, delivery: Delivery): string {
    return fingerprint(this.#deliveryName(user, delivery));
  }

  /** A store hides names, so nobody can try passwords against this. */
  #refusal(user: string, password: string): SharedRecord<HeldPassword> {
    const name = this.#nameOf(user);
    const digest = createHash('sha256').update(`${name.length}:${name}${password}`).digest('base64url');
    return this.#context.coordinator.record(this.#refusals, digest);
  }

  #delivery(user: string): SharedRecord<TimeWindow> {
    return this.#context.coordinator.record(this.#deliveries, this.#deliveryName(user, 'step'));
  }
}

/** Remembers what another replica has written. @returns it */
function remember(
  memory: LRUCache<string, TimeWindow>,
  key: string,
  pause: TimeWindow | undefined,
): TimeWindow | undefined {
  if (pause) memory.set(key, pause);
  return pause;
}

/** Writes a pause; undefined removes what is there. It never throws. */
async function written<T extends TimeWindow>(record: SharedRecord<T>, pause: T | undefined): Promise<void> {
  const writing = record.update<void>({
    run: async (_found, lock) => (pause ? lock.write(pause) : lock.end(REMOVED)),
  });
  await writing.catch(() => undefined);
}

/** Records of pauses. What is left is written as a length: the clocks of two machines need not agree. */
function pauses(prefix: string, longest: number, host: string, clock: Clock): RecordKind<TimeWindow> {
  return {
    prefix,
    host,
    encode: ({ until }) => {
      const left = Math.max(1, until - clock.now());
      return { value: { version: VERSION, left }, ttl: left };
    },
    decode: (value, age) => readPause(asRecord(value)?.left, longest, age, clock),
  };
}

/** As `pauses`, with the reason. */
function heldPasswords(host: string, clock: Clock): RecordKind<HeldPassword> {
  const { prefix, encode } = pauses('refused', REFUSED_PASSWORD_PAUSE, host, clock);
  return {
    prefix,
    host,
    encode: (held) => {
      const { value, ttl } = encode(held);
      return { value: { ...value, isDelivered: held.isDelivered }, ttl };
    },
    decode: (value, age) => {
      const shape = asRecord(value);
      const isDelivered = asBoolean(shape?.isDelivered) ?? false;
      const pause = readPause(shape?.left, isDelivered ? DELIVERY_PAUSE : REFUSED_PASSWORD_PAUSE, age, clock);
      return pause && { ...pause, isDelivered };
    },
  };
}

/** No pause is longer than the longest that is written here. @returns undefined if it makes no sense, or is over */
function readPause(value: unknown, longest: number, age: number, clock: Clock): TimeWindow | undefined {
  const left = asNonNegative(value);
  return left === undefined || left > longest || left <= age ? undefined : timeWindow(clock.now(), left - age);
}
