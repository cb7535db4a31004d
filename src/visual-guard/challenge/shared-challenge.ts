import { type Found, recordOf, SharedRecord, type Turn } from '../../store/shared-record.ts';
import type { Store } from '../../store/store.ts';
import type { Cancel, System } from '../../system.ts';
import type { Outcome } from '../outcome.ts';
import type { Challenge } from './challenge.ts';
import { type ChallengeRecord, challengeRecord, EXPIRED_MEMORY, readChallengeRecord } from './content.ts';

/** What a shared challenge needs of its server. */
export interface SharedChallengeHome {
  readonly system: System;
  readonly host: string;
  /** What the connection is known by in the store. */
  readonly connection: string;
  /** It is over elsewhere: this process forgets it. */
  forgetChallenge(challenge: Challenge): void;
}

/** The record of a challenge, as all replicas know it. */
export function recordOfChallenge(store: Store, id: string, about: { system: System; host: string }) {
  return new SharedRecord<ChallengeRecord>(
    store,
    `challenge ${id}`,
    (value, age) => readChallengeRecord(value, age, about.system.now()),
    about,
  );
}

/** Keeps a challenge the same in all replicas: each step is taken by one of them, where the others left it. */
export class SharedChallenge {
  readonly #challenge: Challenge;
  readonly #record: SharedRecord<ChallengeRecord>;
  readonly #home: SharedChallengeHome;
  readonly #unwatch: Cancel;
  /** Counts what was changed: what has the larger number is newer. */
  #steps: number;
  #written: Challenge['content'];
  /** Another replica has ended it: nothing is written any more. */
  #isOver = false;

  /** @param steps of a challenge that was set elsewhere */
  constructor(
    store: Store,
    record: SharedRecord<ChallengeRecord>,
    challenge: Challenge,
    home: SharedChallengeHome,
    steps = 0,
  ) {
    this.#challenge = challenge;
    this.#record = record;
    this.#home = home;
    this.#steps = steps;
    this.#written = challenge.content;
    this.#unwatch = store.watch(record.name, () => void challenge.betweenSteps(() => this.#follow()));
    challenge.share(this);
  }

  /** Writes the challenge as it stands: it is new. */
  async write(): Promise<void> {
    const { value, life } = this.#valueAndLife();
    await this.#record.write(value, life);
  }

  /** Takes a step where the newest one has ended, and tells the others of it. */
  step(run: () => Promise<Outcome>): Promise<Outcome> {
    return this.#record.inTurn<Outcome>({
      adopt: () => undefined,
      act: async (found, turn) => {
        this.#takeOver(found);
        try {
          return await run();
        } finally {
          await this.#tellOf(turn);
        }
      },
      mayGoAlone: () => true,
    });
  }

  /** Something happened between two steps: a link was clicked, or the challenge is not wanted any more. */
  async tell(): Promise<void> {
    if (!this.#isChanged) return;
    const told = this.#record.inTurn<true>({
      adopt: (found) => (found === 'over' ? true : undefined),
      act: async (found, turn) => {
        this.#takeOver(found);
        await this.#tellOf(turn);
        return true;
      },
      mayGoAlone: () => true,
    });
    await told.catch(() => undefined);
  }

  close(): void {
    this.#unwatch();
  }

  get #isChanged(): boolean {
    return !this.#isOver && (this.#challenge.hasEnded || this.#challenge.content !== this.#written);
  }

  async #tellOf(turn: Turn<ChallengeRecord>): Promise<void> {
    if (!this.#isChanged) return;
    this.#steps += 1;
    const { value, life } = this.#valueAndLife();
    if (this.#challenge.hasEnded) await turn.end(life);
    else await turn.write(value, life);
  }

  #valueAndLife(): { value: object; life: number } {
    const { content } = this.#challenge;
    const now = this.#home.system.now();
    this.#written = content;
    const value = challengeRecord({ content, steps: this.#steps, connection: this.#home.connection }, now);
    return { value, life: Math.max(0, content.expiresAt - now) + EXPIRED_MEMORY };
  }

  #takeOver(found: Found<ChallengeRecord>): void {
    if (found === 'over') {
      this.#isOver = true;
      this.#home.forgetChallenge(this.#challenge);
    }
    const record = recordOf(found);
    if (!record || record.steps <= this.#steps || this.#challenge.hasEnded) return;
    this.#steps = record.steps;
    this.#challenge.load(record.content);
    this.#written = this.#challenge.content;
  }

  /** Something was written under its name, or nobody knows. */
  async #follow(): Promise<void> {
    const found = await this.#record.read().catch(() => 'strange' as const);
    if (this.#challenge.hasEnded) return;
    this.#takeOver(found);
    // A store that came back empty knows less than this process.
    const isLost = found === undefined || (recordOf(found)?.steps ?? this.#steps) < this.#steps;
    if (!isLost || this.#home.system.now() >= this.#challenge.expiresAt) return;
    const { value, life } = this.#valueAndLife();
    await this.#record.writeAgain(value, life);
  }
}
