import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { fingerprint } from '../../core/redaction.ts';
import { isWithin, type TimeWindow, timeWindow } from '../../core/time-window.ts';
import { contentOf, REMOVED, type RecordKind, type RecordWrite, type SharedRecord } from '../../store/coordinator.ts';
import { asBoolean, asNonNegative, asRecord, VERSION } from '../../store/validation.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { userAt } from '../same-user.ts';
import { PasswordIndex } from './password-index.ts';

/** How long a refused password is not sent again, in ms. */
const REFUSED_PASSWORD_PAUSE = 15 * 60_000;
/** The time in which the server gets one request for a code or link per user, in ms. */
const DELIVERY_PAUSE = 30_000;

/** How many refused passwords, and how many deliveries, are remembered; the oldest are forgotten first. */
const MOST = 10_000;

/** The refused passwords and the deliveries that one process remembers, for all its servers. */
export class GuardMemory {
  readonly refused = new LRUCache<string, TimeWindow>({ max: MOST });
  readonly delivered = new LRUCache<string, TimeWindow>({ max: MOST });
  /** The passwords of each user that are held back: the keys of `refused`, and their records. */
  readonly passwords = new PasswordIndex<SharedRecord<HeldPassword>>(MOST);
}

/** For how long a sign-in with one user and password is held back, and why. */
interface HeldPassword extends TimeWindow {
  /** Whether a login with it has sent a code or link. If not, the password was refused. */
  readonly isDelivered: boolean;
}

/** A sign-in with one user and password, while no other one with the same user and password runs. */
export interface Attempt {
  /** Until when it is held back, in ms since 1970, because the password was refused or a login has sent a code; undefined if it may be sent. */
  readonly heldUntil: number | undefined;
  /** The server refused the password. Its next refusal may lock the account. */
  refuse(): void;
  /** The flow asks to send it again (`msg.reset`). */
  release(): void;
  /** The login has sent a code or link. The steps of a challenge send none for a while, either. */
  deliver(): Promise<void>;
  /** Writes a record before the sign-in ends, in the round trip that ends it. */
  writeAlso(other: RecordWrite): void;
}

/** The kinds of requests that send a code or link: the step of a challenge, or a login. They are counted separately. */
type Delivery = 'step' | 'login';

/**
 * Prevents that the automatic repetitions of a flow lock an account. It holds back one password, not a user: another password
 * of the same user is sent at once. Requests of one replica count for all that share a store. Without the store each process
 * counts its own requests.
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
   * Runs sign-ins with one user and password one after another, at all replicas: a hundred messages at the same time must not
   * send a wrong password a hundred times before the first response arrives.
   *
   * @throws AuthError `AUTH_TIMEOUT` if others take longer than a message waits, and whatever `run` throws
   */
  signIn<R>(user: string, password: string, run: (attempt: Attempt) => Promise<R>): Promise<R> {
    const [key, login] = [this.#passwordKey(user, password), this.#deliveryKey(user, 'login')];
    const { refused, delivered } = this.#memory;
    const record = this.#refusal(user, password);
    return record.update<R>({
      run: (found, lock) => {
        const known = contentOf(found);
        if (known) this.#note(user, key, record);
        remember(known?.isDelivered ? delivered : refused, known?.isDelivered ? login : key, known);
        const until = (): number | undefined => this.#until(refused.get(key)) ?? this.#until(delivered.get(login));
        return run({
          get heldUntil() {
            return until();
          },
          refuse: () => {
            const pause = this.#pause(REFUSED_PASSWORD_PAUSE);
            refused.set(key, pause);
            this.#note(user, key, record);
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
            this.#note(user, key, record);
            lock.write({ ...pause, isDelivered: true });
            return written(this.delivery(user), pause);
          },
          writeAlso: (other) => lock.writeAlso(other),
        });
      },
    });
  }

  /** @returns until when this process holds the password back, in ms since 1970; undefined if it may be sent */
  heldUntil(user: string, password: string): number | undefined {
    return this.#until(this.#memory.refused.get(this.#passwordKey(user, password)));
  }

  /** The server refused the password in the step of a challenge. Never throws. */
  async refuse(user: string, password: string): Promise<void> {
    const pause = this.#pause(REFUSED_PASSWORD_PAUSE);
    const [key, record] = [this.#passwordKey(user, password), this.#refusal(user, password)];
    this.#memory.refused.set(key, pause);
    this.#note(user, key, record);
    await written(record, { ...pause, isDelivered: false });
  }

  /**
   * Deletes the data about a user, here and in the store. A password that only other replicas know stays held back
   * for as long as they know it: its record cannot be found by the name of the user. Never throws.
   */
  async forget(user: string): Promise<void> {
    const { refused, delivered, passwords } = this.#memory;
    const name = fingerprint(this.#nameOf(user));
    const known = passwords.take(name);
    for (const key of known.keys()) refused.delete(key);
    for (const delivery of ['step', 'login'] as const) delivered.delete(this.#deliveryKey(user, delivery));
    const refusals = [...known.values()].map((record) => written(record, undefined));
    await Promise.all([written(this.delivery(user), undefined), ...refusals]);
  }

  /**
   * @returns when a step may send the next code or link to this user, in ms since 1970; undefined if it may now, and then it
   *   counts as sent
   */
  async claimDelivery(user: string): Promise<number | undefined> {
    const key = this.#deliveryKey(user, 'step');
    const { delivered } = this.#memory;
    const known = this.#until(delivered.get(key));
    if (known !== undefined) return known;
    return this.delivery(user).update<number | undefined>({
      isEager: true,
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

  /** The step has sent nothing. Never throws. */
  async releaseDelivery(user: string): Promise<void> {
    this.#memory.delivered.delete(this.#deliveryKey(user, 'step'));
    await written(this.delivery(user), undefined);
  }

  #note(user: string, key: string, record: SharedRecord<HeldPassword>): void {
    this.#memory.passwords.add(fingerprint(this.#nameOf(user)), key, record);
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

  /** The prefix comes first, because a user name may end with any text. */
  #deliveryName(user: string, delivery: Delivery): string {
    return delivery === 'login' ? `login ${this.#nameOf(user)}` : this.#nameOf(user);
  }

  #passwordKey(user: string, password: string): string {
    return fingerprint(this.#nameOf(user), password);
  }

  #deliveryKey(user: string, delivery: Delivery): string {
    return fingerprint(this.#deliveryName(user, delivery));
  }

  /** A store has no name in clear, so that nobody can guess passwords with its help. */
  #refusal(user: string, password: string): SharedRecord<HeldPassword> {
    const name = this.#nameOf(user);
    const digest = createHash('sha256').update(`${name.length}:${name}${password}`).digest('base64url');
    return this.#context.coordinator.record(this.#refusals, digest);
  }

  /** The record of the last code or link of a step, which `claimDelivery` updates. */
  delivery(user: string): SharedRecord<TimeWindow> {
    return this.#context.coordinator.record(this.#deliveries, this.#deliveryName(user, 'step'));
  }
}

/** Remembers what another replica has written. @returns the same */
function remember(
  memory: LRUCache<string, TimeWindow>,
  key: string,
  pause: TimeWindow | undefined,
): TimeWindow | undefined {
  if (pause) memory.set(key, pause);
  return pause;
}

/** Writes a pause; undefined removes the record. Never throws. */
async function written<T extends TimeWindow>(record: SharedRecord<T>, pause: T | undefined): Promise<void> {
  const writing = record.update<void>({
    run: async (_found, lock) => (pause ? lock.write(pause) : lock.end(REMOVED)),
  });
  await writing.catch(() => undefined);
}

/** Records of pauses. They have the time that is left, not a time of day, because the clocks of two machines may differ. */
function pauses(prefix: string, longest: number, host: string, clock: Clock): RecordKind<TimeWindow> {
  return {
    prefix,
    host,
    encode: ({ until }) => {
      const left = Math.max(1, until - clock.now());
      return { value: { version: VERSION, left }, ttl: left };
    },
    decode: (value, age) => readPause(asRecord(value)?.left, longest, age, clock),
    replacesUnread: true,
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
      const fields = asRecord(value);
      const isDelivered = asBoolean(fields?.isDelivered) ?? false;
      const pause = readPause(fields?.left, isDelivered ? DELIVERY_PAUSE : REFUSED_PASSWORD_PAUSE, age, clock);
      return pause && { ...pause, isDelivered };
    },
    replacesUnread: true,
  };
}

/** @returns undefined if the value is not a pause, is longer than any that is written, or has ended */
function readPause(value: unknown, longest: number, age: number, clock: Clock): TimeWindow | undefined {
  const left = asNonNegative(value);
  return left === undefined || left > longest || left <= age ? undefined : timeWindow(clock.now(), left - age);
}
