import { LRUCache } from 'lru-cache';
import { type Clock, randomId } from '../../core/clock.ts';
import { fingerprint } from '../../core/redaction.ts';
import { contentOf, type Found, type RecordKind, type RecordLock, type SharedRecord } from '../../store/coordinator.ts';
import { isId } from '../../store/id-record.ts';
import { asBoolean, asList, asNonNegative, asObject, asRecord, asText, VERSION } from '../../store/validation.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { userAt } from '../same-user.ts';

/** How long a refused code counts, in ms. */
const WINDOW = 15 * 60_000;

/** How many codes of a user may be refused in that time: the default, and the largest setting. */
export const MOST_WRONG_CODES = 10;
export const LARGEST_MOST_WRONG_CODES = 1_000;

/** How many users are kept in memory. The one whose last refusal is the oldest is forgotten first. */
const MOST_USERS = 10_000;

/** A code that a server refused. */
interface WrongCode {
  /** The same refusal may be in memory and in the store, and counts once. */
  readonly id: string;
  /** When it was refused, in ms since 1970. */
  readonly at: number;
  /** Whether its challenge had sent no code, although the server could send one. */
  readonly isUnsent: boolean;
  /** Whether it may be missing in the store: there is no store, or it was not available. */
  readonly isLocal: boolean;
}

/** The refused codes of a user, the oldest first. */
interface WrongCodeList {
  readonly codes: readonly WrongCode[];
}

/** The refused codes that one process keeps, for all its servers. */
export class WrongCodeMemory {
  /** How many codes of a user may be refused. */
  readonly most: number;
  /** How many of them may be codes of challenges for which no code was sent: half, and at least one. */
  readonly mostUnsent: number;
  readonly #lists = new LRUCache<string, WrongCodeList>({ max: MOST_USERS });
  readonly #clock: Clock;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.most = most;
    this.mostUnsent = Math.max(1, Math.floor(most / 2));
  }

  /** @returns the codes that still count */
  get(user: string): readonly WrongCode[] {
    return this.#recent(this.#lists.get(fingerprint(user))?.codes ?? []);
  }

  /** @returns the codes that still count */
  set(user: string, codes: readonly WrongCode[]): readonly WrongCode[] {
    const recent = this.#recent(codes);
    if (recent.length === 0) this.#lists.delete(fingerprint(user));
    else this.#lists.set(fingerprint(user), { codes: recent });
    return recent;
  }

  /** A refusal in the future does not count: somebody set the clock back, and the refusal would count for hours. */
  #recent(codes: readonly WrongCode[]): readonly WrongCode[] {
    const now = this.#clock.now();
    return codes.filter(({ at }) => at <= now && now - at < WINDOW).slice(-LARGEST_MOST_WRONG_CODES);
  }
}

/** One code that is to be sent, while no other code of the user is sent. */
export interface CodeAttempt {
  /** Until when no code may be sent, in ms since 1970; undefined if this one may. */
  readonly heldUntil: number | undefined;
  /** The server refused the code. */
  refused(): void;
  /** The server accepted the code: earlier refusals do not count any more. */
  succeeded(): void;
}

/**
 * Limits the refused codes of a user over all challenges, because each new challenge allows five. If replicas share a store,
 * they count together. A successful sign-in clears the count. Names are compared as the guard compares them.
 *
 * A challenge that has sent no code cannot be answered with a right one. Somebody who guesses at such challenges would use up
 * the limit and lock the user out, so those get half of it at most.
 */
export class WrongCodes {
  readonly #context: Pick<ConnectionContext, 'wire' | 'clock' | 'coordinator'>;
  readonly #memory: WrongCodeMemory;
  readonly #records: RecordKind<WrongCodeList>;

  constructor(context: Pick<ConnectionContext, 'wire' | 'clock' | 'coordinator'>, memory: WrongCodeMemory) {
    this.#context = context;
    this.#memory = memory;
    this.#records = recordsOf(context.clock, context.wire.transport.host);
  }

  /**
   * Runs a function that sends a code of the user while no other one does, at any replica: many codes at the same time must not
   * pass the limit before the first response arrives.
   *
   * @param isUnsent whether the challenge has sent no code, although the server could send one
   * @throws AuthError `AUTH_TIMEOUT` if others take longer than a message waits, and whatever `run` throws
   */
  exclusive<R>(user: string, isUnsent: boolean, run: (attempt: CodeAttempt) => Promise<R>): Promise<R> {
    const name = userAt(this.#context.wire, user);
    return this.#update(name, (codes, lock) =>
      run({
        heldUntil: this.#heldUntil(codes, isUnsent),
        refused: () => this.#add(name, codes, isUnsent, lock),
        succeeded: () => {
          if (codes.length > 0) this.#clear(name, lock);
        },
      }),
    );
  }

  /** The record that `exclusive` updates. */
  recordOf(user: string): SharedRecord<object> {
    return this.#record(userAt(this.#context.wire, user));
  }

  /** The user has signed in without a code: earlier refusals do not count any more. Never throws. */
  async clear(user: string): Promise<void> {
    const name = userAt(this.#context.wire, user);
    const isKnown = this.#memory.get(name).length > 0;
    this.#memory.set(name, []);
    const found = contentOf(
      await this.#record(name)
        .read()
        .catch(() => undefined),
    );
    if (!isKnown && !found?.codes.length) return;
    await this.#update(name, async (_codes, lock) => this.#clear(name, lock)).catch(() => undefined);
  }

  /** @returns when so many refusals no longer count that one more is allowed, in ms since 1970 */
  #heldUntil(codes: readonly WrongCode[], isUnsent: boolean): number | undefined {
    const { most, mostUnsent } = this.#memory;
    const unsent = isUnsent ? codes.filter((code) => code.isUnsent) : [];
    const reached = [codes.at(-most), unsent.at(-mostUnsent)].flatMap((code) => (code ? [code.at + WINDOW] : []));
    return reached.length > 0 ? Math.max(...reached) : undefined;
  }

  #add(name: string, codes: readonly WrongCode[], isUnsent: boolean, lock: RecordLock<WrongCodeList>): void {
    const { coordinator, clock } = this.#context;
    const isLocal = lock.isCutOff || !coordinator.isDurable;
    const all = [...codes, { id: randomId(), at: clock.now(), isUnsent, isLocal }];
    lock.write({
      codes: this.#memory.set(
        name,
        all.map((code) => ({ ...code, isLocal: code.isLocal && isLocal })),
      ),
    });
  }

  /** Writes an empty list. If the record were removed, other replicas would take it for lost and write it again. */
  #clear(name: string, lock: RecordLock<WrongCodeList>): void {
    this.#memory.set(name, []);
    lock.write({ codes: [] });
  }

  #update<R>(
    name: string,
    run: (codes: readonly WrongCode[], lock: RecordLock<WrongCodeList>) => Promise<R>,
  ): Promise<R> {
    // The codes are read under this lock only.
    return this.#record(name).update({ isEager: true, run: (found, lock) => run(this.#merge(name, found), lock) });
  }

  #record(name: string): SharedRecord<WrongCodeList> {
    return this.#context.coordinator.record(this.#records, name);
  }

  /** The refusals of the store, and those of this process that may be missing there. If the store has no record, those of this process. */
  #merge(name: string, found: Found<WrongCodeList>): readonly WrongCode[] {
    const own = this.#memory.get(name);
    const shared = contentOf(found)?.codes;
    if (!shared) return own;
    const ids = new Set(shared.map(({ id }) => id));
    const all = [...shared, ...own.filter(({ id, isLocal }) => isLocal && !ids.has(id))];
    return this.#memory.set(
      name,
      all.sort((one, other) => one.at - other.at),
    );
  }
}

/** Records have the age of each refusal, not a time of day, because the clocks of two machines may differ. */
function recordsOf(clock: Clock, host: string): RecordKind<WrongCodeList> {
  return {
    prefix: 'wrong-codes',
    host,
    encode: ({ codes }) => {
      const now = clock.now();
      const items = codes.map(({ id, at, isUnsent }) => ({ id, age: Math.max(0, now - at), unsent: isUnsent }));
      return { value: { version: VERSION, codes: items }, ttl: WINDOW };
    },
    decode: (value, age) => {
      const codes = asList(asRecord(value)?.codes, (item) => readCode(item, clock.now() - age));
      return codes && { codes };
    },
  };
}

/** @param writtenAt ms since 1970 */
function readCode(value: unknown, writtenAt: number): WrongCode | undefined {
  const fields = asObject(value);
  const id = asText(fields?.id);
  const age = asNonNegative(fields?.age);
  // A record of an earlier release does not have it.
  const isUnsent = asBoolean(fields?.unsent ?? false);
  if (id === undefined || !isId(id) || age === undefined || isUnsent === undefined) return undefined;
  return { id, at: writtenAt - age, isUnsent, isLocal: false };
}
