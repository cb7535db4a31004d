import type { ClientSettings, SettingsSource } from '../../src/core/settings-source.ts';

/** Settings that a test can change at any time, like those from a file or a vault. */
export class ChangingSettings<S extends ClientSettings> implements SettingsSource<S> {
  readonly identity: S;
  readonly hasNext = false;
  known: S | undefined;
  /** The number of calls, and how many of them came after a refusal by a server. */
  asked = 0;
  urgently = 0;
  #now: S;

  /** @param names the variables of the values that change */
  constructor(settings: S, names: Partial<S>) {
    this.#now = settings;
    this.identity = { ...settings, ...names };
  }

  /** Changes the values in the vault. */
  change(settings: Partial<S>): void {
    this.#now = { ...this.#now, ...settings };
  }

  async ask(isUrgent = false): Promise<S> {
    this.asked += 1;
    if (isUrgent) this.urgently += 1;
    this.known = this.#now;
    return this.#now;
  }
}
