import { LRUCache } from 'lru-cache';
import { type Clock, randomId } from '../../core/clock.ts';
import { fingerprint } from '../../core/redaction.ts';
import { contentOf, type Found, type RecordKind, type RecordLock } from '../../store/coordinator.ts';
import { isId } from '../../store/id-record.ts';
import { asList, asNonNegative, asObject, asRecord, asText, VERSION } from '../../store/validation.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { userAt } from '../same-user.ts';

/** A refused code counts for so long, in ms. */
const WINDOW = 15 * 60_000;

/** How many codes of a user may be refused in that time if nothing else is set, and the most that can be set. */
export const MOST_WRONG_CODES = 10;
export const LARGEST_MOST_WRONG_CODES = 1_000;

/** For how many users this is remembered. The one that had no refusal for longest is forgotten first. */
const MOST_USERS = 10_000;

/** A code that a server refused. */
interface WrongCode {
  /** The same code comes from memory and from the store: it counts once. */
  readonly id: string;
  /** ms since 1970 */
  readonly at: number;
  /** Whether no store may know it: there is none, or it was gone. */
  readonly isLocal: boolean;
}

/** The refused codes of a user, the oldest first. */
interface WrongCodeList {
  readonly codes: readonly WrongCode[];
}

/** What one process remembers, for all its servers. */
export class WrongCodeMemory {
  /** How many codes of a user may be refused. */
  readonly most: number;
  readonly #lists = new LRUCache<string, WrongCodeList>({ max: MOST_USERS });
  readonly #clock: Clock;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.most = most;
  }

  /** The codes that still count. */
  of(user: string): readonly WrongCode[] {
    return this.#recent(this.#lists.get(fingerprint(user))?.codes ?? []);
  }

  /** @returns the codes that count */
  set(user: string, codes: readonly WrongCode[]): readonly WrongCode[] {
    const recent = this.#recent(codes);
    if (recent.length === 0) this.#lists.delete(fingerprint(user));
    else this.#lists.set(fingerprint(user), { codes: recent });
    return recent;
  }

  /** A clock that was set back to before a refusal ends it: else it would count for hours. */
  #recent(codes: readonly WrongCode[]): readonly WrongCode[] {
    const now = this.#clock.now();
    return codes.filter(({ at }) => at <= now && now - at < WINDOW).slice(-LARGEST_MOST_WRONG_CODES);
  }
}

/** One try of a code, while no other code of that user is tried. */
export interface CodeTry {
  /** Until when no code of this user is sent, in ms since 1970: so many were refused. Undefined if it may be sent. */
  readonly heldUntil: number | undefined;
  /** The server refused it. */
  refused(): void;
  /** It was right: what was refused before does not count any more. */
  forget(): void;
}

/**
 * Limits the guesses for a user over all challenges, as each new challenge would give five more. The count is that of
 * all replicas if they share a store, and a successful sign-in clears it. Names are compared as the guard compares them.
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
   * Tries codes of one user one after another: many at once must not pass the limit before the first answer is back.
   *
   * @throws AuthError `AUTH_TIMEOUT` if others take longer than a message waits, and whatever `run` throws
   */
  inTurn<T>(user: string, run: (attempt: CodeTry) => Promise<T>): Promise<T> {
    const name = userAt(this.#context.wire, user);
    return this.#update(name, async (codes, lock) => {
      const oldest = codes.at(-this.#memory.most);
      return run({
        heldUntil: oldest && oldest.at + WINDOW,
        refused: () => {
          const { coordinator, clock } = this.#context;
          const isLocal = lock.isCutOff || !coordinator.isDurable;
          const added = [...codes, { id: randomId(), at: clock.now(), isLocal }];
          const all = this.#memory.set(
            name,
            added.map((code) => ({ ...code, isLocal: code.isLocal && isLocal })),
          );
          lock.write({ codes: all });
        },
        forget: () => {
          if (codes.length > 0) this.#forget(name, lock);
        },
      });
    });
  }

  /** The user has signed in without a code: what was refused before does not count any more. It never throws. */
  async forget(user: string): Promise<void> {
    const name = userAt(this.#context.wire, user);
    const isKnown = this.#memory.of(name).length > 0;
    this.#memory.set(name, []);
    const record = this.#context.coordinator.record(this.#records, name);
    const found = contentOf(await record.read().catch(() => undefined));
    if (!isKnown && !found?.codes.length) return;
    await this.#update(name, async (_codes, lock) => this.#forget(name, lock)).catch(() => undefined);
  }

  /** Written empty, and not removed: other replicas would take it for lost. */
  #forget(name: string, lock: RecordLock<WrongCodeList>): void {
    this.#memory.set(name, []);
    lock.write({ codes: [] });
  }

  #update<T>(
    name: string,
    run: (codes: readonly WrongCode[], lock: RecordLock<WrongCodeList>) => Promise<T>,
  ): Promise<T> {
    const record = this.#context.coordinator.record(this.#records, name);
    return record.update({ run: (found, lock) => run(this.#learn(name, found), lock) });
  }

  /** What the store says is what counts, with what it does not know yet. A store that lost it knows less than this process. */
  #learn(name: string, found: Found<WrongCodeList>): readonly WrongCode[] {
    const own = this.#memory.of(name);
    const shared = contentOf(found)?.codes;
    if (!shared) return own;
    const known = new Set(shared.map(({ id }) => id));
    const all = [...shared, ...own.filter(({ id, isLocal }) => isLocal && !known.has(id))];
    return this.#memory.set(
      name,
      all.sort((one, other) => one.at - other.at),
    );
  }
}

function recordsOf(clock: Clock, host: string): RecordKind<WrongCodeList> {
  return {
    prefix: 'wrong-codes',
    host,
    encode: ({ codes }) => {
      const now = clock.now();
      const ages = codes.map(({ id, at }) => ({ id, age: Math.max(0, now - at) }));
      return { value: { version: VERSION, codes: ages }, ttl: WINDOW };
    },
    decode: (value, age) => {
      const codes = asList(asRecord(value)?.codes, (item) => readCode(item, clock.now() - age));
      return codes && { codes };
    },
  };
}

/** @param writtenAt ms since 1970 */
function readCode(value: unknown, writtenAt: number): WrongCode | undefined {
  const shape = asObject(value);
  const id = asText(shape?.id);
  const age = asNonNegative(shape?.age);
  if (id === undefined || !isId(id) || age === undefined) return undefined;
  return { id, at: writtenAt - age, isLocal: false };
}
