import { systemClock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { Engine, type Reference } from '../engine/engine.ts';
import { HttpTransport, type Transport } from '../http/transport.ts';
import type { Practice } from '../practice/practice.ts';
import type { ConnectionSettings } from './settings.ts';

/** Reads the settings of a program. It may be written in JavaScript, so the types are checked. */
export class ProgramFields implements SettingsReader {
  readonly #settings: object;

  constructor(settings: object) {
    this.#settings = settings;
  }

  /** @throws AuthError `AUTH_CONFIG` if the value is not a string */
  text(property: string, otherwise = ''): string {
    const value = (this.#settings as Record<string, unknown>)[property] ?? otherwise;
    if (typeof value !== 'string') throw new AuthError('config-value-unknown', { property });
    return value;
  }

  flag(property: string): boolean {
    return (this.#settings as Record<string, unknown>)[property] === true;
  }

  /** @throws as `text` */
  credential(property: string): string {
    return this.text(property);
  }

  written(property: string): unknown {
    return (this.#settings as Record<string, unknown>)[property];
  }
}

let engine: Engine | undefined;

/** The engine of the library in this process. Accounts and servers of a program are not shared, even with equal settings. */
export function libraryEngine(): Engine {
  engine ??= new Engine();
  return engine;
}

/** @throws AuthError `AUTH_CONFIG` if the address of the proxy cannot be used */
export function openTransport(
  { tls, proxy, practice }: ConnectionSettings,
  address: URL,
): { transport: Transport; practice: Reference<Practice> | undefined } {
  if (practice === true) {
    const held = libraryEngine().holdPractice();
    return { transport: held.value.transport(), practice: held };
  }
  const through = proxy && { ...proxy, noProxy: proxy.noProxy ?? [] };
  return { transport: new HttpTransport(address, { tls, proxy: through }, systemClock), practice: undefined };
}
