import assert from 'node:assert/strict';
import type { Store, StoreLock } from '../../src/store/store.ts';
import { isSettled } from './fake-system.ts';

/** A kind of store, as the contract tests see it. */
export interface StoreKind {
  /** Opens an empty store. */
  open(): Promise<Store>;
  /** Another store with the same content, if this kind has more than one; else the same store. */
  another(store: Store): Promise<Store>;
  /** Waits until this life of an entry, in ms, has ended. */
  pass(ms: number): Promise<void>;
  /** Closes everything that a test opened. */
  end(): Promise<void>;
}

const LIFE = 60_000;

/** The requirements for every kind of store. */
export function keepsTheContract(name: string, kind: StoreKind): void {
  describe(`the store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await kind.open();
    });
    afterEach(() => kind.end());

    describe('entries', () => {
      it('return the written value, its fence and its age', async () => {
        const value = { token: 'T', list: [1, null, { deep: true }], text: 'é\u0000\u{1f511}', missing: undefined };
        assert.equal(await store.put('session 1', value, { life: LIFE, fence: 7 }), true);
        const entry = await store.get('session 1');
        assert.ok(entry);
        assert.deepEqual(entry.value, { token: 'T', list: [1, null, { deep: true }], text: 'é\u0000\u{1f511}' });
        assert.equal(entry.fence, 7);
        assert.ok(entry.age >= 0 && entry.age < 5_000);
      });

      it('are copies: a change of a returned value changes nothing', async () => {
        const value = { list: [1] };
        await store.put('a', value, { life: LIFE, fence: 1 });
        value.list.push(2);
        const read = await store.get('a');
        assert.ok(read);
        (read.value as { list: number[] }).list.push(3);
        assert.deepEqual((await store.get('a'))?.value, { list: [1] });
      });

      it('are absent if nothing was written', async () => {
        assert.equal(await store.get('nothing'), undefined);
      });

      it('have names of any form', async () => {
        const names = ['user a.b["c"]', 'user a', 'user A', '__proto__', 'user ü\n*?[x]', 'x'.repeat(5_000), ''];
        for (const name of names) assert.equal(await store.put(name, { name }, { life: LIFE, fence: 1 }), true);
        for (const name of names) assert.deepEqual((await store.get(name))?.value, { name });
      });

      it('are visible to all who share the store', async () => {
        const other = await kind.another(store);
        await store.put('a', 1, { life: LIFE, fence: 1 });
        assert.equal((await other.get('a'))?.value, 1);
        await other.put('a', 2, { life: LIFE, fence: 1 });
        assert.equal((await store.get('a'))?.value, 2);
      });

      it('expire', async () => {
        await store.put('short', 1, { life: 40, fence: 1 });
        await store.put('long', 1, { life: LIFE, fence: 1 });
        await kind.pass(40);
        assert.equal(await store.get('short'), undefined);
        assert.equal((await store.get('long'))?.value, 1);
      });

      it('have a growing age', async () => {
        await store.put('a', 1, { life: LIFE, fence: 1 });
        await kind.pass(40);
        const age = (await store.get('a'))?.age ?? 0;
        assert.ok(age >= 40, `${age} ms`);
      });

      it('can be removed', async () => {
        await store.put('a', 1, { life: LIFE, fence: 1 });
        assert.equal(await store.remove('a', 1), true);
        assert.equal(await store.get('a'), undefined);
      });
    });

    describe('fencing numbers', () => {
      it('refuse older values, and accept equal and newer ones', async () => {
        assert.equal(await store.put('a', 'five', { life: LIFE, fence: 5 }), true);
        assert.equal(await store.put('a', 'four', { life: LIFE, fence: 4 }), false);
        assert.equal((await store.get('a'))?.value, 'five');
        assert.equal(await store.put('a', 'five again', { life: LIFE, fence: 5 }), true);
        assert.equal(await store.put('a', 'six', { life: LIFE, fence: 6 }), true);
        assert.deepEqual((await store.get('a'))?.value, 'six');
        assert.equal((await store.get('a'))?.fence, 6);
      });

      it('refuse an older removal', async () => {
        await store.put('a', 1, { life: LIFE, fence: 5 });
        assert.equal(await store.remove('a', 4), false);
        assert.equal((await store.get('a'))?.value, 1);
      });

      it('are kept after a removal: older values do not come back', async () => {
        await store.put('a', 1, { life: LIFE, fence: 5 });
        await store.remove('a', 6);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: 5 }), false);
        assert.equal(await store.get('a'), undefined);
        assert.equal(await store.put('a', 3, { life: LIFE, fence: 6 }), true);
      });

      it('are kept after the entry has expired', async () => {
        await store.put('a', 1, { life: 40, fence: 5 });
        await kind.pass(40);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: 4 }), false);
      });

      it('are separate for each name', async () => {
        await store.put('a', 1, { life: LIFE, fence: 5 });
        assert.equal(await store.put('b', 1, { life: LIFE, fence: 1 }), true);
      });

      it('are exact for the largest possible number', async () => {
        const fence = Number.MAX_SAFE_INTEGER - 1;
        await store.put('a', 1, { life: LIFE, fence });
        assert.equal((await store.get('a'))?.fence, fence);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: fence - 1 }), false);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: fence + 1 }), true);
      });
    });

    describe('locks', () => {
      const taken = async (from: Store, name: string): Promise<StoreLock> => {
        const lock = await from.lock(name);
        assert.ok('fence' in lock, 'somebody else has it');
        return lock;
      };

      it('have one holder', async () => {
        const other = await kind.another(store);
        const lock = await taken(store, 'a');
        assert.equal(lock.isHeld, true);
        for (const each of [store, other]) {
          const second = await each.lock('a');
          assert.ok('left' in second && second.left > 0 && second.left <= 6_000, JSON.stringify(second));
        }
        assert.ok('fence' in (await other.lock('b')));
      });

      it('go to one of many who ask at once', async () => {
        const other = await kind.another(store);
        const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? store : other).lock('a')));
        assert.equal(all.filter((each) => 'fence' in each).length, 1);
      });

      it('can be taken again after they were given back', async () => {
        const other = await kind.another(store);
        const first = await taken(store, 'a');
        await first.release();
        assert.equal(first.isHeld, false);
        const second = await taken(other, 'a');
        assert.ok(second.fence > first.fence);
        // A holder that released or lost the lock cannot release another holder's lock.
        await first.release();
        assert.equal(second.isHeld, true);
        assert.ok('left' in (await store.lock('a')));
      });

      it('write records of other names when they are given back, with and without a record of their own', async () => {
        const other = await kind.another(store);
        const lock = await taken(store, 'a');
        const written = [
          { name: 'b', value: 'of b', life: LIFE, fence: 0 },
          { name: 'c', value: 'of c', life: LIFE, fence: 3 },
        ];
        await store.put('c', 'newer', { life: LIFE, fence: 4 });
        await lock.release({ value: 'of a', life: LIFE }, written);
        const read = async (name: string) => (await other.get(name))?.value;
        assert.deepEqual([await read('a'), await read('b'), await read('c')], ['of a', 'of b', 'newer']);

        const again = await taken(other, 'a');
        await again.release(undefined, [{ name: 'b', value: 'of b again', life: LIFE, fence: 0 }]);
        assert.deepEqual([await read('a'), await read('b')], ['of a', 'of b again']);
        await (await taken(store, 'a')).release();
      });

      it('have larger numbers than all written values', async () => {
        const fence = (await taken(store, 'a')).fence + 10_000_000_000;
        await store.put('b', 1, { life: LIFE, fence });
        assert.ok((await taken(store, 'b')).fence > fence);
      });

      it('have numbers that continue after the entry has expired', async () => {
        const first = await taken(store, 'a');
        await store.put('a', 1, { life: 40, fence: first.fence });
        await first.release();
        await kind.pass(40);
        const second = await taken(store, 'a');
        assert.ok(second.fence > first.fence);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: second.fence }), true);
        assert.equal(await store.put('a', 1, { life: LIFE, fence: first.fence }), false);
      });
    });

    describe('watchers', () => {
      /** Counts notifications, and waits for more. */
      const count = (from: Store, name: string) => {
        let told = 0;
        let wake: () => void = () => undefined;
        const end = from.watch(name, () => {
          told += 1;
          wake();
        });
        return {
          end,
          get told() {
            return told;
          },
          async atLeast(many: number): Promise<void> {
            while (told < many) await new Promise<void>((resolve) => (wake = resolve));
          },
        };
      };

      it('are notified of writes, removals and releases', async () => {
        const other = await kind.another(store);
        const here = count(store, 'a');
        const there = count(other, 'a');
        const steps: (() => Promise<unknown>)[] = [
          () => store.put('a', 1, { life: LIFE, fence: 1 }),
          () => other.put('a', 2, { life: LIFE, fence: 1 }),
          () => store.remove('a', 1),
          async () => (await taken(other, 'a')).release(),
        ];
        const taken = async (from: Store, name: string): Promise<StoreLock> => (await from.lock(name)) as StoreLock;
        // A new watcher may get one notification more, because it could have missed one.
        let [mine, theirs] = [here.told, there.told];
        for (const step of steps) {
          await step();
          await here.atLeast(mine + 1);
          await there.atLeast(theirs + 1);
          [mine, theirs] = [here.told, there.told];
        }
      });

      it('are not notified of other names, or after they stopped', async () => {
        const name = count(store, 'a');
        const gone = count(store, 'b');
        gone.end();
        gone.end();
        await store.put('aa', 1, { life: LIFE, fence: 1 });
        await store.put('b', 1, { life: LIFE, fence: 1 });
        const last = count(store, 'c');
        await store.put('c', 1, { life: LIFE, fence: 1 });
        await last.atLeast(1);
        assert.equal(gone.told, 0);
        assert.ok(name.told <= 1);
      });

      it('may throw without harm to the others', async () => {
        store.watch('a', () => {
          throw new Error('a defect');
        });
        const other = count(store, 'a');
        await store.put('a', 1, { life: LIFE, fence: 1 });
        await other.atLeast(1);
      });
    });

    describe('closed', () => {
      it('is unavailable: nothing waits, nothing is written', async () => {
        const lock = await store.lock('a');
        await store.put('a', 1, { life: LIFE, fence: 1 });
        store.close();
        store.close();
        assert.deepEqual(store.state, { at: 'gone', cause: 'closed' });
        assert.equal('fence' in lock && lock.isHeld, false);
        assert.equal(await isSettled((lock as StoreLock).release()), true);
        await assert.rejects(store.get('a'), { code: 'AUTH_STORE', fault: 'store-gone' });
        await assert.rejects(store.lock('b'), { code: 'AUTH_STORE', fault: 'store-gone' });
        assert.equal(await store.put('a', 1, { life: LIFE, fence: 1 }), false);
        assert.equal(await store.remove('a', 1), false);
      });
    });
  });
}
