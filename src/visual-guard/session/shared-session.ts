import { type Found, recordOf, SharedRecord, type Turn } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { Cancel } from '../../system.ts';
import type { Renewal } from '../../token-source.ts';
import { keepOpen } from '../../turns.ts';
import { readSessionRecord, type SessionContent, sessionRecord } from './record.ts';
import { EXPIRED, type Session } from './session.ts';

/** That a session has ended is told for so long, in ms, to replicas that were cut off from the store. */
export const END_LIFE = 24 * 3_600_000;

/** What is told of a session that is shared. */
export interface Told {
  /** A renewal was written. */
  renewed(): void;
  /** The store had lost it, and it was written again. */
  lost(): void;
  /** The session is not in this process's memory any more. */
  closed(): void;
}

/** The record of a session, as all replicas know it. */
export function recordOfSession(store: Store, name: string, about: Pick<Session, 'system' | 'host'>) {
  return new SharedRecord<SessionContent>(
    store,
    name,
    (value, age) => readSessionRecord(value, age, about.system),
    about,
  );
}

/**
 * Keeps a session the same in all replicas. The object in memory is what serves; here is what others made of it,
 * and what they are told. A refresh token is used by one replica at a time, and its successor is written before anything else.
 */
export class SharedSession {
  readonly #session: Session;
  readonly #record: SharedRecord<SessionContent>;
  readonly #store: Store;
  readonly #told: Told;
  readonly #unwatch: Cancel;

  constructor(store: Store, record: SharedRecord<SessionContent>, session: Session, told: Told) {
    this.#store = store;
    this.#record = record;
    this.#session = session;
    this.#told = told;
    this.#unwatch = store.watch(record.name, () => this.#follow(), record.writer);
    session.share(this);
  }

  /** Whether a store that others use, too, is gone: a renewal that is not agreed upon may use a refresh token that another replica uses, too. */
  get isCutOff(): boolean {
    return this.#store.isShared && this.#store.state.at === 'gone';
  }

  /** Writes the session as it stands: it is new. */
  async write(): Promise<void> {
    const { value, life } = sessionRecord(this.#session.content, this.#session.system.now());
    await this.#record.write(value, life);
  }

  /** The token that another replica got, or one that this replica gets for all of them. */
  renew(): ReturnType<Renewal> {
    const turn = this.#record.inTurn<Awaited<ReturnType<Renewal>>>({
      adopt: (found) => this.#adopt(found),
      act: (_found, turn) => this.#refresh(turn),
      // While the old token serves there is time to wait for the store.
      mayGoAlone: () => this.#session.source.unexpired === undefined,
    });
    // A deploy may take away session and store while the server answers.
    return keepOpen(this.#store, turn);
  }

  close(): void {
    this.#unwatch();
    this.#told.closed();
  }

  async #refresh(turn: Turn<SessionContent>): ReturnType<Renewal> {
    const session = this.#session;
    // It ended while the turn was waited for.
    if (session.ended) return EXPIRED;
    let refreshed = await session.refresh();
    if (refreshed === 'dead' && !session.ended) {
      // Somebody may have renewed it who was not seen: before it ends, it is looked for once more.
      const found = await turn.read();
      const before = session.refreshToken;
      const adopted = this.#adopt(found);
      if (adopted) return adopted;
      if (session.refreshToken !== before) refreshed = await session.refresh();
    }
    if (refreshed === 'dead') {
      // Alone, nobody knows whether it is dead or another replica has its successor: the record stays.
      if (!turn.isAlone && !session.ended) await turn.end(END_LIFE);
      return session.expire();
    }
    if (refreshed.token) {
      const { value, life } = sessionRecord(session.content, session.system.now());
      await turn.write(value, life);
      this.#told.renewed();
    }
    return refreshed;
  }

  /** @returns what makes a renewal needless */
  #adopt(found: Found<SessionContent>): Awaited<ReturnType<Renewal>> | undefined {
    const session = this.#session;
    if (session.ended) return EXPIRED;
    if (found === 'over') return session.expire();
    const content = recordOf(found);
    if (!content) return undefined;
    if (content.renewals > session.content.renewals) session.adopt(content);
    const token = session.source.betterOf(content.token);
    return token && { token };
  }

  /** Something was written under its name, or nobody knows. */
  async #follow(): Promise<void> {
    const session = this.#session;
    const found = await this.#record.read().catch(() => 'strange' as const);
    if (session.ended) return;
    const { renewals } = session.content;
    const content = recordOf(found);
    if (found === 'over') session.end();
    else if (content && content.renewals > renewals) session.adopt(content);
    // A store that came back empty, or an older replica, knows less than this process.
    else if (found === undefined || (content && content.renewals < renewals)) {
      const { value, life } = sessionRecord(session.content, session.system.now());
      if ((await this.#record.writeAgain(value, life)) && !found) this.#told.lost();
    }
  }
}
