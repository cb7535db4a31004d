import type { Cancel } from '../../core/clock.ts';
import {
  contentOf,
  type Found,
  type RecordLock,
  type RecordWrite,
  type SharedRecord,
} from '../../store/coordinator.ts';
import type { ServerContext } from '../context.ts';
import type { PublishSession } from '../outcome.ts';
import type { ChallengeContent } from './content.ts';
import { type ChallengeRecord, timeToLive } from './record.ts';

/** Called for the actions of other replicas on a challenge. */
interface ContentListener {
  /** Another replica has changed the content. */
  changed(): void;
  /** Another replica has ended the challenge. */
  ended(): void;
}

/**
 * The content of a challenge, which replicas share. Each replica works with its copy, and takes a step under the lock of the
 * record, on the newest content. The record counts the steps: the content with the larger number is newer.
 */
export class ReplicatedContent {
  #content: ChallengeContent;
  /** The content of the record, as far as this replica knows it. */
  #written: ChallengeContent;
  #steps: number;
  #hasEnded = false;
  /** Another replica has ended it: this one writes nothing more. */
  #hasEndedElsewhere = false;
  readonly #record: SharedRecord<ChallengeRecord>;
  readonly #context: ServerContext;
  readonly #listener: ContentListener;

  /** @param steps how often the record was written; 0 for a new challenge */
  constructor(
    content: ChallengeContent,
    steps: number,
    record: SharedRecord<ChallengeRecord>,
    context: ServerContext,
    listener: ContentListener,
  ) {
    this.#content = content;
    this.#written = content;
    this.#steps = steps;
    this.#record = record;
    this.#context = context;
    this.#listener = listener;
  }

  get current(): ChallengeContent {
    return this.#content;
  }

  /** Whether it has ended by a step that was taken here. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Other replicas learn of the change when the step has ended, or by `publish`. */
  change(changed: Partial<ChallengeContent>): void {
    this.#content = { ...this.#content, ...changed };
  }

  /** The challenge has ended. Other replicas learn of it as of a change. */
  end(): void {
    this.#hasEnded = true;
  }

  /** The record of a new challenge. */
  get toWrite(): RecordWrite<ChallengeRecord> {
    return { record: this.#record, content: this.#recorded };
  }

  /**
   * Takes a step while no other replica does: two codes at the same time must not both be the fifth wrong one.
   *
   * @param step gets a function that publishes a session. It is written in the round trip that gives the lock back
   * @param inner a record that the step is going to update
   * @throws AuthError as `SharedRecord.update`, and whatever the step throws
   */
  async update<R>(step: (publish: PublishSession) => Promise<R>, inner?: SharedRecord<object>): Promise<R> {
    let announce = (): void => undefined;
    const result = await this.#record.update<R>({
      inner,
      run: async (found, lock) => {
        this.#adopt(found);
        try {
          return await step((begun) => {
            for (const record of begun.records) lock.writeAlso(record);
            announce = begun.announce;
            return begun.outcome;
          });
        } finally {
          this.#writeWith(lock);
        }
      },
    });
    announce();
    return result;
  }

  /** Writes what has changed outside a step: the person has clicked the link, or the challenge was canceled. Never throws. */
  async publish(): Promise<void> {
    if (this.#isChanged) await this.update(async () => undefined).catch(() => undefined);
  }

  /** Follows the actions of other replicas on the challenge. @returns a function that ends this */
  watch(): Cancel {
    return this.#record.watch((found) => {
      if (this.#hasEnded) return undefined;
      this.#adopt(found);
      const isExpired = this.#context.clock.now() >= this.#content.expiresAt;
      return this.#isLost(found) && !isExpired ? this.#recorded : undefined;
    });
  }

  /** Takes over the change of another replica. */
  #adopt(found: Found<ChallengeRecord>): void {
    if (found === 'ended') {
      this.#hasEndedElsewhere = true;
      this.#listener.ended();
    }
    const record = contentOf(found);
    if (this.#hasEnded || !record || record.steps <= this.#steps) return;
    this.#steps = record.steps;
    // The time to live in the record is less exact than the time that is known here.
    this.#content = { ...record.content, expiresAt: this.#content.expiresAt };
    this.#written = this.#content;
    this.#listener.changed();
  }

  #writeWith(lock: RecordLock<ChallengeRecord>): void {
    if (!this.#isChanged) return;
    this.#steps += 1;
    this.#written = this.#content;
    if (this.#hasEnded) lock.end(timeToLive(this.#recorded, this.#context.clock.now()));
    else lock.write(this.#recorded);
  }

  get #isChanged(): boolean {
    return !this.#hasEndedElsewhere && (this.#hasEnded || this.#content !== this.#written);
  }

  get #recorded(): ChallengeRecord {
    return { content: this.#written, steps: this.#steps, connection: this.#context.connection };
  }

  /** Whether the store has an older record than this replica has written, or none. */
  #isLost(found: Found<ChallengeRecord>): boolean {
    return found === undefined || (contentOf(found)?.steps ?? this.#steps) < this.#steps;
  }
}
