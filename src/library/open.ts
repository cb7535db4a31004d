import { systemClock } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import type { SettingsReader } from '../core/settings-reader.ts';
import { Engine, type Reference } from '../engine/engine.ts';
import { HttpTransport, type Transport } from '../http/transport.ts';
import type { PracticeServer } from '../practice/server.ts';
import type { ConnectionSettings } from './settings.ts';

/** Reads what a program passes. It may be written in JavaScript, so that no type is certain. */
export class ProgramFields implements SettingsReader {
  readonly #settings: object;

  constructor(settings: object) {
    this.#settings = settings;
  }

  /** @throws AuthError `AUTH_CONFIG` where it is no string */
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

/** What the library keeps in this process. Each account and server that a program makes is one of its own. */
export function libraryEngine(): Engine {
  engine ??= new Engine();
  return engine;
}

/** @throws AuthError `AUTH_CONFIG` where the proxy's address cannot be used */
export function openWay(
  { tls, proxy, practice }: ConnectionSettings,
  address: URL,
): { transport: Transport; practice: Reference<PracticeServer> | undefined } {
  if (practice === true) {
    const held = libraryEngine().holdPractice();
    return { transport: held.value.transport(), practice: held };
  }
  const through = proxy && { ...proxy, noProxy: proxy.noProxy ?? [] };
  return { transport: new HttpTransport(address, { tls, proxy: through }, systemClock), practice: undefined };
}
