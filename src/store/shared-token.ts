import type { Cancel, System } from '../system.ts';
import type { Token } from '../token.ts';
import type { Renewal, TokenSource } from '../token-source.ts';
import { recordOf, SharedRecord } from './shared-record.ts';
import type { Store } from './store.ts';
import { readTokenRecord, tokenRecord } from './token-record.ts';

/** A token that all replicas share, where any of them may ask for a new one at any time (client credentials). */
export class SharedToken {
  readonly #record: SharedRecord<Token>;
  readonly #source: TokenSource;
  readonly #system: System;
  readonly #unwatch: Cancel;

  constructor(store: Store, name: string, source: TokenSource, about: { system: System; host: string }) {
    this.#source = source;
    this.#system = about.system;
    this.#record = new SharedRecord(store, name, (value, age) => readTokenRecord(value, age, about.system), about);
    this.#unwatch = store.watch(name, () => this.#follow(), this.#record.writer);
  }

  /** The token that another replica got, or one that this request gets for all of them. */
  renew(request: () => ReturnType<Renewal>): ReturnType<Renewal> {
    return this.#record.inTurn<Awaited<ReturnType<Renewal>>>({
      adopt: (found) => {
        const token = this.#betterOf(recordOf(found));
        return token && { token };
      },
      act: async (_found, turn) => {
        const result = await request();
        if (result.token) {
          const record = tokenRecord(result.token, this.#system.now());
          if (record.left > 0) await turn.write(record, record.left);
        }
        return result;
      },
      // A second token does no harm, and a message waits for it.
      mayGoAlone: () => true,
    });
  }

  close(): void {
    this.#unwatch();
  }

  /** Another replica has a newer token: this one need not ask for it. */
  async #follow(): Promise<void> {
    const found = await this.#record.read().catch(() => undefined);
    const token = this.#betterOf(recordOf(found));
    if (token && token !== this.#source.token) this.#source.adopt(token);
  }

  #betterOf(found: Token | undefined): Token | undefined {
    return found && this.#source.betterOf(found);
  }
}
