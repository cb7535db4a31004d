import { type Clock, randomId } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { failedCheck } from '../core/failed-check.ts';
import { openStore, type StorePlatform, type StoreSettings } from './open.ts';
import type { KeptStore } from './store.ts';

/** How long what a test writes would stay if the test were cut off, in ms. */
const SHORT = 10_000;

/** How long a test waits for a connection and the keys, in ms. */
const LONGEST_OPENING = 10_000;

/** What a store was found to do. */
export interface StoreCheck {
  state: 'works';
  host: string;
  /** How long writing, reading, leasing and removing took in all, in ms. */
  took: number;
  /** Something there was written with another encryption key. */
  otherKey: boolean;
}

/**
 * Tries a store: writes something of its own, reads it, takes a lease on it, gives that back and removes everything.
 *
 * @returns what it does, or what went wrong, without a secret
 */
export async function checkStore(
  settings: StoreSettings,
  means: StorePlatform,
  clock: Clock,
): Promise<StoreCheck | ReturnType<typeof failedCheck>> {
  const store = openStore(settings, means, clock, true);
  let otherKey = false;
  store.unreadable.add(() => {
    otherKey = true;
  });
  try {
    // How long this machine takes to derive a key says nothing about the store.
    await settled(store, clock);
    await store.get('test');
    const began = clock.now();
    await tryAll(store);
    return { state: 'works', host: store.host, took: Math.max(0, clock.now() - began), otherKey };
  } catch (thrown) {
    return failedCheck(thrown);
  } finally {
    store.close();
  }
}

/** Waits until it is known whether the store can be reached, 10 s at most. */
function settled({ state, changes }: KeptStore, clock: Clock): Promise<void> {
  if (state.at !== 'connecting') return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      unfollow();
      resolve();
    };
    const cancel = clock.after(LONGEST_OPENING, finish);
    const unfollow = changes.add(finish);
  });
}

/** @throws AuthError `AUTH_STORE` at the first step that does not come out as it should */
async function tryAll(store: KeptStore): Promise<void> {
  const name = `test ${randomId()}`;
  const lease = await store.lease(name);
  if (!('fence' in lease)) throw failedStep(store);
  const { fence } = lease;
  if (!(await store.put(name, { test: true }, { life: SHORT, fence }))) throw failedStep(store);
  if (!(await store.get(name))) throw failedStep(store);
  if (!(await store.remove(name, fence))) throw failedStep(store);
  await lease.release();
}

function failedStep({ host, state }: KeptStore): AuthError {
  return new AuthError('store-gone', { host, cause: state.at === 'gone' ? state.cause : 'error' });
}
