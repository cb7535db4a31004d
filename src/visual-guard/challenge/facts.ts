import type { Method } from '../dialect/methods.ts';
import { type ChallengeContent, priorityOf } from './content.ts';

/** The facts about a challenge that its content says. Replicas change the content. */
export abstract class ChallengeFacts {
  protected abstract get content(): ChallengeContent;

  get user(): string {
    return this.content.user;
  }

  get expiresAt(): number {
    return this.content.expiresAt;
  }

  get state(): ChallengeContent['state'] {
    return this.content.state;
  }

  get method(): Method | undefined {
    return this.content.method;
  }

  get methods(): readonly Method[] {
    return this.content.methods;
  }

  get hasChosen(): boolean {
    return this.content.hasChosen;
  }

  get attempts(): number {
    return this.content.attempts;
  }

  /** If one challenge of the user has to be evicted, it is one of the lowest priority. */
  get priority(): number {
    return priorityOf(this.content);
  }
}
