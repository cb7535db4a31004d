import { ContextStore } from '../../src/store/context.ts';
import type { ContextAccess } from '../../src/store/context-access.ts';
import { ContextFiles } from './context-files.ts';
import { RetryTime } from './retry-time.ts';
import { keyringOf } from './stores.ts';
import { until } from './until.ts';

/** The stores of the tests of a suite. Each test has context files and a time of its own. */
export class ContextStores {
  files!: ContextFiles;
  time!: RetryTime;
  readonly #stores: ContextStore[] = [];

  /** Begins with nothing. The suite calls it before each test. */
  begin(): void {
    this.files = new ContextFiles();
    this.time = new RetryTime();
  }

  /** Closes all. The suite calls it after each test. */
  async end(): Promise<void> {
    for (const store of this.#stores.splice(0)) store.close();
    // Writes that are under way finish, and no timer is left.
    await until(() => this.time.pending === 0);
    await this.files.end();
  }

  /** Starts as Node-RED does. @param most how many entries it keeps */
  async start(keyring = keyringOf(), most?: number): Promise<ContextStore> {
    return this.open(await this.files.open(), keyring, most);
  }

  open(access: ContextAccess, keyring = keyringOf(), most?: number): ContextStore {
    const limits = most === undefined ? {} : { most };
    const store = new ContextStore(access, keyring, 'context files', this.time, limits);
    this.#stores.push(store);
    return store;
  }
}
