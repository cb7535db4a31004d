import type { NodeAPI } from 'node-red';
import type { Clock } from '../../src/core/clock.ts';
import type { FaultValues } from '../../src/core/faults.ts';
import type { Reason } from '../../src/core/reasons.ts';
import type { Challenged } from '../../src/visual-guard/outcome.ts';
import { textOf } from './catalogue.ts';
import { type MomentKeys, momentText } from './moments.ts';

/** The code or link of a user of the practice server. A link is in the log. */
export type Received = { code: string } | 'link';

/** The parts of a status, in the language of the runtime. */
export class StatusText {
  readonly #RED: NodeAPI;
  readonly #clock: Clock;

  constructor(RED: NodeAPI, clock: Clock) {
    this.#RED = RED;
    this.#clock = clock;
  }

  say(key: string, values: FaultValues = {}): string {
    return textOf(this.#RED, key, values);
  }

  /** What a challenge waits for. */
  challenge({ state, challenge: { method }, reason, retryAt }: Challenged, received: Received | undefined): string {
    const text =
      state === 'code-required' && method
        ? this.say(`status.code-by-${method.transport}`)
        : this.say(received === 'link' ? 'status.link-in-log' : `status.${state}`);
    const whole = this.listed(this.why(reason, retryAt), text, this.retry(retryAt));
    const { code } = typeof received === 'object' ? received : {};
    return code === undefined ? whole : this.say('punctuation.parentheses', { text: whole, detail: code });
  }

  /** The reason in words. What is held back needs none if there is a time to retry: that says the same. */
  why(reason: Reason | undefined, retryAt: number | undefined): string {
    return reason === undefined || (reason === 'held-back' && retryAt) ? '' : this.say(`reasons.${reason}`);
  }

  /** @param retryAt ms since 1970; without it, the text is empty */
  retry(retryAt: number | undefined): string {
    return retryAt ? this.moment(['status.retry-at', 'status.retry-at-date'], retryAt) : '';
  }

  /** The parts that are not empty, with the separator of the language between them. */
  listed(...parts: string[]): string {
    return parts
      .filter((part) => part !== '')
      .reduceRight((more, text) => (more === '' ? text : this.say('punctuation.and', { text, more })), '');
  }

  /** The parts that are not empty, each as the prefix of the next. */
  prefixed(...parts: string[]): string {
    return parts
      .filter((part) => part !== '')
      .reduceRight((text, prefix) => (text === '' ? prefix : this.say('punctuation.prefix', { prefix, text })), '');
  }

  /** @param at ms since 1970 */
  moment(keys: MomentKeys, at: number): string {
    return momentText(this.#RED, keys, at, this.#clock.now());
  }
}
