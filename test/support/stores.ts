import { createHmac } from 'node:crypto';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { Keyring, type KeyringOptions } from '../../src/store/keyring.ts';
import type { Derive } from '../../src/store/master-key.ts';
import { RedisStore } from '../../src/store/redis.ts';
import type { RedisAddress, RedisTarget } from '../../src/store/redis-address.ts';

/** The passphrase of all stores of the tests. */
export const PASSPHRASE = 'a passphrase of the tests';

/** A replacement for scrypt, which is slow on purpose. */
export const deriveQuickly: Derive = async (passphrase, salt) => createHmac('sha256', salt).update(passphrase).digest();

/** The keys of one process that uses a store in Redis (with a prefix), or else in a context. */
export function keyringOf(
  encryptionKey: string = PASSPHRASE,
  { prefix, previous = '', ...options }: { prefix?: string | undefined; previous?: string } & KeyringOptions = {},
): Keyring {
  const passphrases = { encryptionKey, previousEncryptionKey: previous };
  const place = prefix === undefined ? 'vgauth_master' : `redis ${prefix}`;
  return new Keyring(passphrases, place, { derive: deriveQuickly, ...options });
}

const opened = new Set<RedisStore>();

/** The address of one server, as a user who needs no password. */
export function addressOf(port: number, host = '127.0.0.1'): RedisAddress {
  const login = { username: '', password: '', sentinelPassword: '' };
  return { topology: 'single', servers: [`${host}:${port}`], primary: '', database: 0, ...login, isSecure: false };
}

/** Opens a store in Redis, which `closeStores` closes. */
export function openRedis(
  { port, host, tls, ...target }: Partial<RedisTarget> & { port?: number; host?: string },
  {
    prefix = 'vg-auth:',
    keyring = keyringOf(PASSPHRASE, { prefix }),
    time = systemClock,
  }: { prefix?: string; keyring?: Keyring; time?: Clock } = {},
): RedisStore {
  const server = addressOf(port ?? 0, host);
  const store = new RedisStore(
    { ...server, isSecure: tls !== undefined, tls: tls ?? {}, ...target },
    prefix,
    keyring,
    time,
  );
  opened.add(store);
  return store;
}

export function closeStores(): void {
  for (const store of opened) store.close();
  opened.clear();
}
