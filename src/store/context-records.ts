import type { Clock } from '../core/clock.ts';
import {
  asKeptRecord,
  asMasterRecord,
  type ContextAccess,
  type KeptRecord,
  keyOf,
  MASTER_KEY,
  OURS,
} from './context-access.ts';
import type { Entry } from './entries.ts';
import type { Keyring, Settled } from './keyring.ts';
import { isCurrent, type Seal } from './seal.ts';
import { MASTER_LIFE } from './store.ts';
import { answerOf, storeGone } from './store-timeout.ts';

/** How many records are read or written at once: a context store without a cache reads its whole file each time. */
export const BATCH = 500;

/** The content of a key in a context store. */
export type FoundRecord =
  | { is: 'entry'; name: string; entry: Entry }
  /** It has expired. */
  | { is: 'over'; key: string }
  | { is: 'unreadable' };

/** The records of a store in a context store, in their stored form: sealed. Each answer has 2 s. */
export class ContextRecords {
  /** Replaceable, because a deploy may give a config node another one. */
  access: ContextAccess;
  readonly #keyring: Keyring;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #isTrial: boolean;

  /**
   * @param host the name of this store in errors
   * @param isTrial whether it is only tested, so that no master key is left there
   */
  constructor(access: ContextAccess, keyring: Keyring, host: string, clock: Clock, isTrial: boolean) {
    this.access = access;
    this.#keyring = keyring;
    this.#host = host;
    this.#clock = clock;
    this.#isTrial = isTrial;
  }

  /** Finds the master key. A first one is written together with the first record. */
  settle(): Promise<Settled> {
    return this.#keyring.settle({
      swap: async (expected, replacement) => {
        const [kept] = await this.#ask<unknown[]>((answer) => this.access.get([MASTER_KEY], answer));
        const found = asMasterRecord(kept, this.#clock.now());
        if (replacement === undefined || found !== expected) return found;
        const values = [this.#masterRecord(replacement)];
        if (found !== '') await this.#ask((answer) => this.access.set([MASTER_KEY], values, answer));
        return replacement;
      },
    });
  }

  /**
   * Reads all records.
   *
   * @param found is called for each
   * @throws AuthError `AUTH_STORE` if the context store does not answer in time, or the error that it throws
   */
  async read(found: (record: FoundRecord) => void): Promise<void> {
    const [listed] = await this.#ask<unknown[]>((answer) => this.access.keys(answer));
    const all: unknown[] = Array.isArray(listed) ? listed : [];
    const keys = all.filter((key): key is string => typeof key === 'string' && OURS.test(key));
    for (let at = 0; at < keys.length; at += BATCH) {
      const batch = keys.slice(at, at + BATCH);
      const values = await this.#ask<unknown[]>((answer) => this.access.get(batch, answer));
      batch.forEach((key, i) => {
        found(this.#open(key, asKeptRecord(values[i])));
      });
    }
  }

  /**
   * Writes entries, and removes others. The master key is written with them: it is kept longer than every record, and is
   * written again if somebody removed it.
   *
   * @param entries by their names; undefined for a removal
   * @param over the keys of expired records
   * @throws as `read`
   */
  async write(
    entries: Iterable<readonly [name: string, entry: Entry | undefined]>,
    over: readonly string[],
  ): Promise<void> {
    const values = new Map<string, object | undefined>(over.map((key) => [key, undefined]));
    const { seal } = this.#keyring;
    if (!seal) throw storeGone(this.#host, 'error');
    for (const [name, entry] of entries) {
      const key = keyOf(seal.nameOf(name));
      values.set(key, entry && sealed(seal, key, name, entry));
    }
    if (!this.#isTrial) values.set(MASTER_KEY, this.#masterRecord(this.#keyring.record));
    await this.#ask((answer) => this.access.set([...values.keys()], [...values.values()], answer));
  }

  /** @throws AuthError `AUTH_STORE` after 2 s, or the error of the file system, if nothing can be written */
  async tryWriting(): Promise<void> {
    const trying = this.access.tryWriting?.();
    if (trying) await answerOf(trying, this.#host, this.#clock);
  }

  #open(key: string, found: KeptRecord | undefined): FoundRecord {
    const now = this.#clock.now();
    if (found && now >= found.expires) return { is: 'over', key };
    const opened = found && this.#keyring.seal?.open(key, found.fence, found.box);
    const { name, value } = (opened?.value ?? {}) as { name?: unknown; value?: unknown };
    if (opened && now - opened.time >= opened.life) return { is: 'over', key };
    if (!opened || typeof name !== 'string' || !isCurrent(opened, found.written, now)) return { is: 'unreadable' };
    const { time, life, fence } = opened;
    return {
      is: 'entry',
      name,
      entry: { text: JSON.stringify(value), fence, writtenAt: time, expiresAt: time + life },
    };
  }

  #masterRecord(keys: string): object {
    return { keys, expires: this.#clock.now() + MASTER_LIFE };
  }

  /** @returns the values after the error in the answer */
  #ask<T extends unknown[]>(question: (answer: (error?: unknown, ...values: unknown[]) => void) => void): Promise<T> {
    const asked = new Promise<T>((resolve, reject) => {
      question((error, ...values) => (error ? reject(error) : resolve(values as T)));
    });
    return answerOf(asked, this.#host, this.#clock);
  }
}

function sealed(seal: Seal, key: string, name: string, { text, fence, writtenAt, expiresAt }: Entry): KeptRecord {
  // Contains the name, because after a restart no process knows it.
  const json = `{"name":${JSON.stringify(name)},"value":${text}}`;
  const box = seal.close(key, { fence, time: writtenAt, life: expiresAt - writtenAt }, json);
  return { box, fence, written: writtenAt, expires: expiresAt };
}
