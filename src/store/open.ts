import type { Clock } from '../core/clock.ts';
import { ContextStore } from './context.ts';
import { type ContextAccess, MASTER_KEY } from './context-access.ts';
import { Keyring, type Passphrases } from './keyring.ts';
import { RedisStore } from './redis.ts';
import type { RedisAddress } from './redis-address.ts';
import type { KeptStore } from './store.ts';

/** A store in a context store, which one Node-RED finds again after a restart. */
export interface ContextSettings extends Passphrases {
  kind: 'context';
  /** The context store's name; empty for the one that is the default. */
  context: string;
}

/** A store in Redis or Valkey, which several Node-REDs share. */
export interface RedisSettings extends RedisAddress, Passphrases {
  kind: 'redis';
  /** What all keys and channels begin with. */
  prefix: string;
}

/** What a store is opened with, secrets included: it is not to be shown. */
export type StoreSettings = ContextSettings | RedisSettings;

/** What the platform gives a store. */
export interface StorePlatform {
  /** The context store that a `context` store is in. */
  context?: ContextAccess;
  /** The options of a TLS connection. */
  tls?: object;
}

/**
 * Opens a store. It comes at once; its state says whether it can be reached.
 *
 * @param isTrial it is only looked at and closed again
 */
export function openStore(settings: StoreSettings, means: StorePlatform, clock: Clock, isTrial = false): KeptStore {
  if (settings.kind === 'redis') {
    const {
      isSecure,
      prefix,
      kind: _kind,
      encryptionKey: _key,
      previousEncryptionKey: _previous,
      ...address
    } = settings;
    const keyring = new Keyring(settings, `redis ${prefix}`, { isTrial });
    return new RedisStore({ ...address, tls: isSecure ? { ...means.tls } : undefined }, prefix, keyring, clock);
  }
  if (!means.context) throw new Error('a context store needs its context');
  const keyring = new Keyring(settings, MASTER_KEY, { isTrial });
  return new ContextStore(means.context, keyring, `context ${settings.context || 'default'}`, clock, { isTrial });
}

/** A deploy may give the same store another way to the same context. */
export function renewMeans(store: KeptStore, { context }: StorePlatform): void {
  if (store instanceof ContextStore && context) store.access = context;
}
