import { AuthError } from '../../../src/core/errors.ts';
import type { SettingsReader } from '../../../src/core/settings-reader.ts';

/** The secrets that are invalid without their client or user. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  clientSecret: ['clientId', 'applicationId'],
  password: ['username'],
};

/** The client ID for a missing one. The practice server does not have it, so any scope is granted. */
const NO_CLIENT = 'no-client';

/**
 * Reads the settings of a config node that uses the practice server because of `vgAuthPractice` in settings.js. A client
 * or a stored user may be missing, and its variables need no value: those of the practice server are then used.
 */
export class PracticeReader implements SettingsReader {
  readonly #fields: SettingsReader;

  /** @param fields the config node, or its dialog */
  constructor(fields: SettingsReader) {
    this.#fields = fields;
  }

  text(property: string, otherwise?: string): string {
    if (property !== 'applicationId') return this.#fields.text(property, otherwise);
    return orEmpty(() => this.#fields.text(property)).trim() || NO_CLIENT;
  }

  flag(property: string): boolean {
    if (property === 'practice') return true;
    // The address for which it was entered is not used.
    return property === 'insecureHttp' ? false : this.#fields.flag(property);
  }

  credential(property: string): string {
    const owners = SECRETS[property];
    if (owners && !owners.some((owner) => this.#has(owner))) return '';
    const value = orEmpty(() => this.#fields.credential(property));
    return property === 'clientId' && value.trim() === '' ? NO_CLIENT : value;
  }

  written(property: string): unknown {
    return this.#fields.written(property);
  }

  #has(owner: string): boolean {
    const read = owner === 'applicationId' ? () => this.#fields.text(owner) : () => this.#fields.credential(owner);
    return orEmpty(read).trim() !== '';
  }
}

/** A value; empty if it is a variable without one. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch (thrown) {
    const isMissing = thrown instanceof AuthError && 'variable' in thrown.values && thrown.fault !== 'variable-inside';
    if (!isMissing) throw thrown;
    return '';
  }
}
