import type { Clock } from '../core/clock.ts';
import { ChangingStore } from './changing-store.ts';
import { ContextStore } from './context.ts';
import { type ContextAccess, MASTER_KEY } from './context-access.ts';
import { Keyring, type Passphrases } from './keyring.ts';
import { RedisStore } from './redis.ts';
import { nameOfTarget, type RedisAddress } from './redis-address.ts';
import type { DurableStore } from './store.ts';

/** A store in a context store, which the same Node-RED finds again after a restart. */
export interface ContextSettings extends Passphrases {
  kind: 'context';
  /** The name of the context store; empty for the default one. */
  context: string;
}

/** A store in Redis or Valkey, which several Node-RED instances share. */
export interface RedisSettings extends RedisAddress, Passphrases {
  kind: 'redis';
  /** The prefix of all keys and channels. */
  prefix: string;
}

/** The settings of a store, secrets included. They must not be shown. */
export type StoreSettings = ContextSettings | RedisSettings;

/** The options of a TLS connection, which change when their files are replaced. */
export interface TlsSource {
  /** The options as node:tls takes them: the same object as long as nothing has changed. */
  readonly options: object;
  /** Reads the files again. Never rejects. @param isUrgent whether all are read, and not only those that seem to have changed */
  refresh(isUrgent: boolean): Promise<void>;
}

/** The parts of a store that the platform provides. */
export interface StorePlatform {
  /** The context store of a `context` store. */
  context?: ContextAccess;
  /** Undefined if no TLS configuration is selected. */
  tls?: TlsSource;
}

/**
 * Opens a store. It is returned at once; its state shows whether it is available.
 *
 * @param isTrial whether it is only tested and closed again
 */
export function openStore(settings: StoreSettings, means: StorePlatform, clock: Clock, isTrial = false): DurableStore {
  if (settings.kind === 'redis') {
    const { prefix, kind: _kind, encryptionKey: _key, previousEncryptionKey: _previous, ...address } = settings;
    const keyring = new Keyring(settings, `redis ${prefix}`, { isTrial });
    return new RedisStore({ ...address, tls: { ...means.tls?.options } }, prefix, keyring, clock);
  }
  if (!means.context) throw new Error('a context store needs its context');
  const keyring = new Keyring(settings, MASTER_KEY, { isTrial });
  return new ContextStore(means.context, keyring, `context ${settings.context || 'default'}`, clock, { isTrial });
}

/** Settings that come from files or a vault. */
export interface StoreSettingsSource {
  /** The name of the store until the settings are known. */
  readonly host: string;
  /** Returns the settings: the same object as long as nothing has changed. */
  ask(): Promise<StoreSettings>;
}

/**
 * Opens a store whose settings or TLS files may change. While it is unavailable, both are read again every few seconds, and
 * if they have changed, it is opened again. If neither can change, this is `openStore`.
 *
 * @param settings with a name in place of each value that may change
 */
export function openChangingStore(
  settings: StoreSettings,
  means: StorePlatform,
  clock: Clock,
  source?: StoreSettingsSource,
): DurableStore {
  const { tls } = means;
  if (!source && !tls) return openStore(settings, means, clock);
  let newest: { settings: StoreSettings; tls: object | undefined } | undefined;
  const ask = async () => {
    await tls?.refresh(true);
    const now = source ? await source.ask() : settings;
    if (newest?.settings !== now || newest.tls !== tls?.options) newest = { settings: now, tls: tls?.options };
    return newest;
  };
  const host = source?.host ?? (settings.kind === 'redis' ? nameOfTarget(settings) : '');
  return new ChangingStore({ kind: settings.kind, host }, ask, (now) => openStore(now.settings, means, clock), clock);
}

/** A deploy may give the same store another access to the same context. */
export function renewMeans(store: DurableStore, { context }: StorePlatform): void {
  const current = store instanceof ChangingStore ? store.current : store;
  if (current instanceof ContextStore && context) current.access = context;
}
