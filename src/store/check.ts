import { type Clock, randomId } from '../core/clock.ts';
import { AuthError } from '../core/errors.ts';
import { failedCheck } from '../core/failed-check.ts';
import { openStore, type StorePlatform, type StoreSettings } from './open.ts';
import type { DurableStore } from './store.ts';
import { answerOf } from './store-timeout.ts';

/** The time to live of the entries of a test, in ms. It matters only if the test is interrupted. */
const SHORT = 10_000;

/** How long a test waits for a connection and the keys, in ms. */
const LONGEST_OPENING = 10_000;

/** The result of a test of a store. */
export interface StoreCheck {
  state: 'works';
  host: string;
  /** The duration of writing, reading, locking and removing together, in ms. */
  took: number;
  /** Whether an entry there was written with another encryption key. */
  otherKey: boolean;
}

/**
 * Tries everything that a store does at run time, with a name of its own: subscribes, takes a lock, writes, reads back, gets the
 * notification, removes the entry and gives the lock back.
 *
 * @returns the result, or the cause of a failure, without a secret
 */
export async function checkStore(
  settings: StoreSettings,
  means: StorePlatform,
  clock: Clock,
): Promise<StoreCheck | ReturnType<typeof failedCheck>> {
  await means.tls?.refresh(true);
  const store = openStore(settings, means, clock, true);
  let otherKey = false;
  store.unreadable.add(() => {
    otherKey = true;
  });
  try {
    // The time that this machine needs to derive a key has nothing to do with the store.
    await settled(store, clock);
    await store.get('test');
    const began = clock.now();
    await tryAll(store, clock);
    return { state: 'works', host: store.host, took: Math.max(0, clock.now() - began), otherKey };
  } catch (thrown) {
    return failedCheck(thrown);
  } finally {
    store.close();
  }
}

/** Waits until it is known whether the store can be reached, 10 s at most. */
function settled({ state, changes }: DurableStore, clock: Clock): Promise<void> {
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

/** @throws AuthError `AUTH_STORE` at the first step with a wrong result */
async function tryAll(store: DurableStore, clock: Clock): Promise<void> {
  const name = `test ${randomId()}`;
  let tell = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const unwatch = store.watch(name, tell);
  try {
    const lock = await store.lock(name);
    if (!('fence' in lock)) throw failedStep(store);
    const { fence } = lock;
    if (!(await store.put(name, { test: true }, { life: SHORT, fence }))) throw failedStep(store);
    if (!(await store.get(name))) throw failedStep(store);
    await answerOf(told, store.host, clock);
    if (!(await store.remove(name, fence))) throw failedStep(store);
    await lock.release();
  } finally {
    unwatch();
  }
}

function failedStep({ host, state }: DurableStore): AuthError {
  return new AuthError('store-gone', { host, cause: state.at === 'gone' ? state.cause : 'error' });
}
