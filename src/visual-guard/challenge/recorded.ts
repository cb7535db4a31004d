import { contentOf, type Found } from '../../store/coordinator.ts';
import type { ChallengeContent, ChallengeRecord } from './content.ts';

/** What other replicas know of a challenge. Each write counts up: the larger number is newer. */
export class RecordedChallenge {
  readonly #connection: string;
  #content: ChallengeContent;
  #steps: number;

  /** @param steps how often it was written */
  constructor(connection: string, content: ChallengeContent, steps: number) {
    this.#connection = connection;
    this.#content = content;
    this.#steps = steps;
  }

  /** Whether others know this content. */
  has(content: ChallengeContent): boolean {
    return content === this.#content;
  }

  /** What to write of a change. */
  next(content: ChallengeContent): ChallengeRecord {
    this.#steps += 1;
    this.#content = content;
    return this.record;
  }

  /** What is written, or was written last. */
  get record(): ChallengeRecord {
    return { content: this.#content, steps: this.#steps, connection: this.#connection };
  }

  /** @returns what another replica has made of it; undefined if that is not newer */
  adopt(found: Found<ChallengeRecord>, expiresAt: number): ChallengeContent | undefined {
    const record = contentOf(found);
    if (!record || record.steps <= this.#steps) return undefined;
    this.#steps = record.steps;
    this.#content = { ...record.content, expiresAt };
    return this.#content;
  }

  /** Whether a store knows less than this process: it came back empty. */
  isLost(found: Found<ChallengeRecord>): boolean {
    return found === undefined || (contentOf(found)?.steps ?? this.#steps) < this.#steps;
  }
}
