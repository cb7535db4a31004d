import { isDeepStrictEqual } from 'node:util';
import { Listeners } from './listeners.ts';

/** The settings of a connection, of which a file or a vault may change a part while the connection is used. */
export interface SettingsSource<S> {
  /** Identifies the connection: the settings, with a name in place of each value that may change. */
  readonly identity: S;
  /** The newest settings; undefined before the first answer of a file or a vault. */
  readonly known: S | undefined;
  /** Whether they have a second pair of client credentials. */
  readonly hasNext: boolean;
  /**
   * Gets the present settings; synchronously if they cannot change.
   *
   * @param isUrgent a server has refused them, so that files and vaults are asked at once
   * @throws AuthError `AUTH_CONFIG` or `AUTH_UNAVAILABLE` if there is no value, and never was one
   */
  ask(isUrgent?: boolean): S | Promise<S>;
}

/** Settings, or their source. */
export type Sourced<S> = S | SettingsSource<S>;

/** A client id and its secret (RFC 6749 2.3.1). */
export interface ClientCredentials {
  clientId: string;
  clientSecret: string;
}

/** Settings with client credentials, and optionally the next ones. */
export interface ClientSettings extends ClientCredentials {
  tokenUrl: string;
  /** Sent if the server refuses the present ones. They do not identify the connection. */
  next?: ClientCredentials | undefined;
}

/** Whether these are a source of settings, or settings. */
function isSource<S extends ClientSettings>(settings: Sourced<S>): settings is SettingsSource<S> {
  return 'ask' in settings;
}

/** The source of settings. Fixed settings are their own source. */
export function sourceOf<S extends ClientSettings>(settings: Sourced<S>): SettingsSource<S> {
  if (isSource(settings)) return settings;
  const { next, ...identity } = settings;
  return { identity: identity as S, known: settings, hasNext: next !== undefined, ask: () => settings };
}

/**
 * The settings of a connection that several config nodes of the same content share. Only their next client credentials may
 * differ: those of the newest config node that has some are used.
 */
export class SharedSettings<S extends ClientSettings> implements SettingsSource<S> {
  /** Called when the settings have changed. */
  readonly changes = new Listeners<S>();
  readonly #holders = new Set<{ source: SettingsSource<S> }>();
  /** Private, so that nothing that prints a node prints a secret. */
  readonly #identity: S;
  #current: SettingsSource<S>;
  /** The last answer of the source. */
  #given: S | undefined;
  /** The same, or an earlier object with equal content. */
  #known: S | undefined;

  constructor(settings: Sourced<S>) {
    this.#current = sourceOf(settings);
    this.#identity = this.#current.identity;
  }

  get identity(): S {
    return this.#identity;
  }

  /** Uses this source, too. @returns a function that removes it. The last source stays, for requests that are under way */
  hold(settings: Sourced<S>): () => void {
    const holder = { source: sourceOf(settings) };
    this.#holders.add(holder);
    this.#choose();
    return () => {
      this.#holders.delete(holder);
      this.#choose();
    };
  }

  get hasNext(): boolean {
    return this.#current.hasNext;
  }

  get known(): S | undefined {
    const { known } = this.#current;
    return known && this.#same(known);
  }

  /** @returns the same object as long as nothing has changed */
  ask(isUrgent = false): S | Promise<S> {
    const asked = this.#current.ask(isUrgent);
    return asked instanceof Promise ? asked.then((settings) => this.#same(settings)) : this.#same(asked);
  }

  #choose(): void {
    const sources = [...this.#holders].map(({ source }) => source);
    this.#current = sources.findLast(({ hasNext }) => hasNext) ?? sources.at(-1) ?? this.#current;
  }

  #same(settings: S): S {
    const known = this.#known;
    if (known && settings === this.#given) return known;
    this.#given = settings;
    if (known && isDeepStrictEqual(settings, known)) return known;
    this.#known = settings;
    if (known) this.changes.tell(settings);
    return settings;
  }
}
