import { systemClock } from '../core/clock.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { Engine, type Reference } from '../engine/engine.ts';
import { HttpTransport, type Transport } from '../http/transport.ts';
import type { Practice } from '../practice/practice.ts';
import { flagOf, objectOf, proxyOf, textOf } from './program-values.ts';
import type { ConnectionSettings } from './settings.ts';

/** Reads the settings of a program. */
export class ProgramFields implements SettingsReader {
  readonly #settings: Readonly<Record<string, unknown>>;

  /** @throws AuthError `AUTH_CONFIG` if they are no object */
  constructor(settings: object) {
    this.#settings = objectOf(settings, 'settings');
  }

  /** @throws AuthError `AUTH_CONFIG` if the value is not a string */
  text(property: string, otherwise = ''): string {
    return textOf(this.#settings[property], property, otherwise);
  }

  /** @throws AuthError `AUTH_CONFIG` if the value is not a boolean */
  flag(property: string): boolean {
    return flagOf(this.#settings[property], property);
  }

  /** @throws as `text` */
  credential(property: string): string {
    return this.text(property);
  }

  written(property: string): unknown {
    return this.#settings[property];
  }
}

let engine: Engine | undefined;

/** The engine of the library in this process. Accounts and servers of a program are not shared, even with equal settings. */
export function libraryEngine(): Engine {
  engine ??= new Engine();
  return engine;
}

/** @throws AuthError `AUTH_CONFIG` if the TLS options are no object, or the proxy cannot be used */
export function openTransport(
  { tls, proxy, practice }: ConnectionSettings,
  address: URL,
): { transport: Transport; practice: Reference<Practice> | undefined } {
  const through = proxyOf(proxy);
  const options = tls === undefined || tls === null ? undefined : objectOf(tls, 'tls');
  if (practice === true) {
    const held = libraryEngine().holdPractice();
    return { transport: held.value.transport(), practice: held };
  }
  return { transport: new HttpTransport(address, { tls: options, proxy: through }, systemClock), practice: undefined };
}
