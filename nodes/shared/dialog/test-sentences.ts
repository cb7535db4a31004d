import type { NodeAPI } from 'node-red';
import type { FailedCheck } from '../../../src/core/failed-check.ts';
import type { FaultValues } from '../../../src/core/faults.ts';
import type { RefusedCheck } from '../../../src/oauth/check-result.ts';
import { textOf } from '../catalogue.ts';
import { momentText } from '../moments.ts';
import { engineOf } from '../runtime.ts';

/** Whether the account or the user is refused. The catalog has a message for each reason. */
export type About = 'account' | 'client' | 'person';

/** The sentences of a test, in the language of this Node-RED. The dialogs have the same ones in the editor's language. */
export class TestSentences {
  readonly #RED: NodeAPI;

  constructor(RED: NodeAPI) {
    this.#RED = RED;
  }

  /** @param key of the shared catalog, or with the catalog before it */
  say(key: string, values: FaultValues = {}): string {
    return textOf(this.#RED, key, values);
  }

  failed({ fault, values, retryAt }: FailedCheck): string {
    return this.#withRetry(this.say(`errors.${fault}`, values), retryAt);
  }

  /** The reason, and the server's own text. */
  refused(about: About, { reason, error, errorDescription, retryAt }: RefusedCheck): string {
    const text = this.say(`test.${about}.${reason}`);
    const detail = [error, errorDescription].filter((word) => word).join(': ');
    return this.#withRetry(detail ? this.say('punctuation.parentheses', { text, detail }) : text, retryAt);
  }

  #withRetry(text: string, retryAt: number | undefined): string {
    if (!retryAt) return text;
    const now = engineOf(this.#RED).clock.now();
    const more = momentText(this.#RED, ['test.retry-at', 'test.retry-at-date'], retryAt, now);
    return this.say('punctuation.sentences', { text, more });
  }
}
