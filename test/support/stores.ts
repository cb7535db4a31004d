import { RedisStore } from '../../src/store/redis.ts';
import type { RedisTarget } from '../../src/store/redis-address.ts';
import { Seal } from '../../src/store/seal.ts';
import { type System, system } from '../../src/system.ts';

/** The passphrase of all stores of the tests. */
export const PASSPHRASE = 'a passphrase of the tests';

let made: Promise<Seal> | undefined;

/** The keys of that passphrase, derived once. */
export function testSeal(): Promise<Seal> {
  made ??= Seal.from(PASSPHRASE);
  return made;
}

const opened = new Set<RedisStore>();

/** Opens a store in Redis, which `closeStores` closes. */
export function openRedis(
  target: Partial<RedisTarget> & { port: number },
  {
    prefix = 'vg-auth:',
    seal = testSeal(),
    time = system,
  }: { prefix?: string; seal?: Promise<Seal>; time?: System } = {},
): RedisStore {
  const anonymous = { host: '127.0.0.1', database: 0, username: '', password: '', tls: undefined };
  const store = new RedisStore({ ...anonymous, ...target }, prefix, seal, time);
  opened.add(store);
  return store;
}

export function closeStores(): void {
  for (const store of opened) store.close();
  opened.clear();
}
