import type { Clock } from '../core/clock.ts';
import { ChangingStore } from './changing-store.ts';
import { ContextStore } from './context.ts';
import { type ContextAccess, MASTER_KEY } from './context-access.ts';
import { Keyring, type Passphrases } from './keyring.ts';
import { RedisStore } from './redis.ts';
import type { RedisAddress } from './redis-address.ts';
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

/** The parts of a store that the platform provides. */
export interface StorePlatform {
  /** The context store of a `context` store. */
  context?: ContextAccess;
  /** The options of a TLS connection. */
  tls?: object;
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
    return new RedisStore({ ...address, tls: { ...means.tls } }, prefix, keyring, clock);
  }
  if (!means.context) throw new Error('a context store needs its context');
  const keyring = new Keyring(settings, MASTER_KEY, { isTrial });
  return new ContextStore(means.context, keyring, `context ${settings.context || 'default'}`, clock, { isTrial });
}

/** A deploy may give the same store another access to the same context. */
export function renewMeans(store: DurableStore, { context }: StorePlatform): void {
  const current = store instanceof ChangingStore ? store.current : store;
  if (current instanceof ContextStore && context) current.access = context;
}
