import assert from 'node:assert/strict';
import type { Lease, Store } from '../../src/store/store.ts';
import { isSettled } from './fake-system.ts';

/** A kind of store, as the contract tests see it. */
export interface StoreKind {
  /** Opens an empty store. */
  open(): Promise<Store>;
  /** Another one on the same content, where the kind has such. Else the same. */
  another(store: Store): Promise<Store>;
  /** Lets this life of an entry, in ms, run out. */
  pass(ms: number): Promise<void>;
  /** Ends what a test opened. */
  end(): Promise<void>;
}

const LIFE = 60_000;

/** What every kind of store has to do. */
export function keepsTheContract(name: string, kind: StoreKind): void {
  describe(`the store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await kind.open();
    });
    afterEach(() => kind.end());

    describe('entries', () => {
      it('give back what was written, its fence and its age', async () => {
        const value = { token: 'T', list: [1, null, { deep: true }], text: 'é\u0000\u{1f511}', missing: undefined };
        assert.equal(await store.put('session 1', value, { life: LIFE, fence: 7 }), true);
        const entry = await store.get('session 1');
        assert.ok(entry);
        assert.deepEqual(entry.value, { token: 'T', list: [1, null, { deep: true }], text: 'é\u0000\u{1f511}' });
        assert.equal(entry.fence, 7);
        assert.ok(entry.age >= 0 && entry.age < 5_000);
      });

      it('are nobody else’s: a change of what was read changes nothing', async () => {
        const value = { list: [1] };
        await store.put('a', value, { life: LIFE, fence: 1 });
        value.list.push(2);
        const read = await store.get('a');
        assert.ok(read);
        (read.value as { list: number[] }).list.push(3);
        assert.deepEqual((await store.get('a'))?.value, { list: [1] });
      });

      it('are absent where nothing was written', async () => {
        assert.equal(await store.get('nothing'), undefined);
      });

      it('have names of any form', async () => {
        const names = ['user a.b["c"]', 'user a', 'user A', '__proto__', 'user ü\n*?[x]', 'x'.repeat(5_000), ''];
        for (const name of names) assert.equal(await store.put(name, { name }, { life: LIFE, fence: 1 }), true);
        for (const name of names) assert.deepEqual((await store.get(name))?.value, { name });
      });

      it('are seen by all who share the store', async () => {
        const other = await kind.another(store);
        await store.put('a', 1, { life: LIFE, fence: 1 });
        assert.equal((await other.get('a'))?.value, 1);
        await other.put('a', 2, { life: LIFE, fence: 1 });
        assert.equal((await store.get('a'))?.value, 2);
      });

      it('end with their life', async () => {
        await store.put('short', 1, { life: 40, fence: 1 });
        await store.put('long', 1, { life: LIFE, fence: 1 });
        await kind.pass(40);
        assert.equal(await store.get('short'), undefined);
        assert.equal((await store.get('long'))?.value, 1);
      });

      it('grow older', async () => {
        await store.put('a', 1, { life: LIFE, fence: 1 });
        await kind.pass(40);
        const age = (await store.get('a'))?.age ?? 0;
        assert.ok(age >= 40, `${age} ms`);
      });

      it('are taken away', async () => {
        await store.put('a', 1, { life: LIFE, fence: 1 });
        assert.equal(await store.remove('a', 1), true);
        assert.equal(await store.get('a'), undefined);
      });
    });

    describe('fencing numbers', () => {
      it('refuse what is older, and take what is the same or newer', async () => {
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

      it('outlive the removal: what is older does not come back', async () => {
        await store.put('a', 1, { life: LIFE, fence: 5 });
        await store.remove('a', 6);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: 5 }), false);
        assert.equal(await store.get('a'), undefined);
        assert.equal(await store.put('a', 3, { life: LIFE, fence: 6 }), true);
      });

      it('outlive the entry', async () => {
        await store.put('a', 1, { life: 40, fence: 5 });
        await kind.pass(40);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: 4 }), false);
      });

      it('of one name are not another’s', async () => {
        await store.put('a', 1, { life: LIFE, fence: 5 });
        assert.equal(await store.put('b', 1, { life: LIFE, fence: 1 }), true);
      });

      it('are exact for the largest that there can be', async () => {
        const fence = Number.MAX_SAFE_INTEGER - 1;
        await store.put('a', 1, { life: LIFE, fence });
        assert.equal((await store.get('a'))?.fence, fence);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: fence - 1 }), false);
        assert.equal(await store.put('a', 2, { life: LIFE, fence: fence + 1 }), true);
      });
    });

    describe('leases', () => {
      const taken = async (from: Store, name: string): Promise<Lease> => {
        const lease = await from.lease(name);
        assert.ok('fence' in lease, 'somebody else has it');
        return lease;
      };

      it('are held by one', async () => {
        const other = await kind.another(store);
        const lease = await taken(store, 'a');
        assert.equal(lease.isHeld, true);
        for (const each of [store, other]) {
          const second = await each.lease('a');
          assert.ok('left' in second && second.left > 0 && second.left <= 6_000, JSON.stringify(second));
        }
        assert.ok('fence' in (await other.lease('b')));
      });

      it('go to one of many who ask at once', async () => {
        const other = await kind.another(store);
        const all = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? store : other).lease('a')));
        assert.equal(all.filter((each) => 'fence' in each).length, 1);
      });

      it('can be had again when given back', async () => {
        const other = await kind.another(store);
        const first = await taken(store, 'a');
        await first.release();
        assert.equal(first.isHeld, false);
        const second = await taken(other, 'a');
        assert.ok(second.fence > first.fence);
        // Who gave it back, or lost it, cannot end another one's.
        await first.release();
        assert.equal(second.isHeld, true);
        assert.ok('left' in (await store.lease('a')));
      });

      it('have numbers larger than all that was written', async () => {
        const fence = (await taken(store, 'a')).fence + 10_000_000_000;
        await store.put('b', 1, { life: LIFE, fence });
        assert.ok((await taken(store, 'b')).fence > fence);
      });

      it('have numbers that go on when what was written is gone', async () => {
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
      /** Counts what is told, and waits for more. */
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

      it('are told of what is written, removed and given back', async () => {
        const other = await kind.another(store);
        const here = count(store, 'a');
        const there = count(other, 'a');
        const steps: (() => Promise<unknown>)[] = [
          () => store.put('a', 1, { life: LIFE, fence: 1 }),
          () => other.put('a', 2, { life: LIFE, fence: 1 }),
          () => store.remove('a', 1),
          async () => (await taken(other, 'a')).release(),
        ];
        const taken = async (from: Store, name: string): Promise<Lease> => (await from.lease(name)) as Lease;
        // Who just began to watch may be told once more, because nobody knows what was missed before.
        let [mine, theirs] = [here.told, there.told];
        for (const step of steps) {
          await step();
          await here.atLeast(mine + 1);
          await there.atLeast(theirs + 1);
          [mine, theirs] = [here.told, there.told];
        }
      });

      it('are told nothing of other names, or when they have gone', async () => {
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

      it('may break without harm to the others', async () => {
        store.watch('a', () => {
          throw new Error('a defect');
        });
        const other = count(store, 'a');
        await store.put('a', 1, { life: LIFE, fence: 1 });
        await other.atLeast(1);
      });
    });

    describe('closed', () => {
      it('is gone: nothing waits, nothing is written', async () => {
        const lease = await store.lease('a');
        await store.put('a', 1, { life: LIFE, fence: 1 });
        store.close();
        store.close();
        assert.deepEqual(store.state, { at: 'gone', cause: 'closed' });
        assert.equal('fence' in lease && lease.isHeld, false);
        assert.equal(await isSettled((lease as Lease).release()), true);
        await assert.rejects(store.get('a'), { code: 'AUTH_STORE', fault: 'store-gone' });
        await assert.rejects(store.lease('b'), { code: 'AUTH_STORE', fault: 'store-gone' });
        assert.equal(await store.put('a', 1, { life: LIFE, fence: 1 }), false);
        assert.equal(await store.remove('a', 1), false);
      });
    });
  });
}
