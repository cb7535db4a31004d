import assert from 'node:assert/strict';
import { contentOf, type RecordKind, type SharedRecord } from '../../src/store/coordinator.ts';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { ReplicaStore } from '../support/replica-store.ts';
import '../support/rejections.ts';

interface Sum {
  sum: number;
}

const sums = (prefix: string): RecordKind<Sum> => ({
  prefix,
  host: 'host',
  encode: ({ sum }) => ({ value: { sum }, ttl: 60_000 }),
  decode: (value) => value as Sum,
});

/** A replica, with a record and one that is updated inside its updates. */
interface Replica {
  readonly store: ReplicaStore;
  readonly outer: SharedRecord<Sum>;
  readonly inner: SharedRecord<Sum>;
}

function replicas(count: number): Replica[] {
  const system = new FakeSystem();
  const shared = { memory: new MemoryStore(system) };
  return Array.from({ length: count }, () => {
    const store = new ReplicaStore(shared, system);
    const coordinator = new StoreCoordinator(store, system);
    return { store, outer: coordinator.record(sums('outer'), ''), inner: coordinator.record(sums('inner'), '') };
  });
}

/** Adds 1 to a record. */
const add = (record: SharedRecord<Sum>): Promise<void> =>
  record.update({
    run: async (found, lock) => lock.write({ sum: (contentOf(found)?.sum ?? 0) + 1 }),
  });

/** Adds 1 to both records, to the inner one under the lock of the outer one. */
const addBoth = ({ outer, inner }: Replica): Promise<void> =>
  outer.update({
    inner,
    run: async (found, lock) => {
      await add(inner);
      lock.write({ sum: (contentOf(found)?.sum ?? 0) + 1 });
    },
  });

/** Lets a test answer the requests for locks. @returns the names that were requested, and a function that answers them all */
function hold(store: ReplicaStore): { names: string[]; answer(): void } {
  const names: string[] = [];
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const { lock } = store;
  store.lock = async (name) => {
    names.push(name);
    await answered;
    return lock.call(store, name);
  };
  return { names, answer };
}

describe('the lock of an update inside another one', () => {
  it('is requested before the answer to the first request has arrived', async () => {
    const [replica] = replicas(1) as [Replica];
    const requests = hold(replica.store);
    const adding = addBoth(replica);
    await new Promise(setImmediate);
    assert.deepEqual(requests.names, ['outer', 'inner']);
    requests.answer();
    await adding;
    assert.deepEqual(requests.names, ['outer', 'inner'], 'once each');
    assert.deepEqual([await replica.outer.read(), await replica.inner.read()], [{ sum: 1 }, { sum: 1 }]);
  });

  it('keeps each update, whoever takes the locks in which order', async () => {
    const all = replicas(3);
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => {
        const replica = all[i % 3] as Replica;
        return i % 2 === 0 ? addBoth(replica) : add(replica.inner);
      }),
    );
    for (const { outer, inner } of all)
      assert.deepEqual([await outer.read(), await inner.read()], [{ sum: 30 }, { sum: 60 }]);
  });

  it('is given back if the update does not need it, whether it succeeds, throws, or is settled', async () => {
    const [a, b] = replicas(2) as [Replica, Replica];
    await a.outer.update({ inner: a.inner, run: async () => undefined });
    await add(b.inner);
    const failing = a.outer.update({
      inner: a.inner,
      run: async () => {
        throw new Error('fault');
      },
    });
    await assert.rejects(failing, { message: 'fault' });
    await add(b.inner);
    let isAsked = false;
    const settled = await a.outer.update({
      inner: a.inner,
      // The first time it is called without the lock.
      settle: () => {
        const result = isAsked ? 'settled' : undefined;
        isAsked = true;
        return result;
      },
      run: async () => 'run',
    });
    assert.equal(settled, 'settled');
    await add(b.inner);
    assert.deepEqual(await a.inner.read(), { sum: 3 });
  });

  it('blocks nobody while others hold the first lock', async () => {
    const [a, b] = replicas(2) as [Replica, Replica];
    let end = (): void => undefined;
    const holding = b.outer.update({
      run: () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    });
    await new Promise(setImmediate);
    const waiting = addBoth(a);
    await new Promise(setImmediate);
    await add(b.inner);
    end();
    await Promise.all([holding, waiting]);
    assert.deepEqual([await a.outer.read(), await a.inner.read()], [{ sum: 1 }, { sum: 2 }]);
  });

  it('is not requested while work of this process has it, which may need the first lock', async () => {
    const [replica] = replicas(1) as [Replica];
    const { outer, inner, store } = replica;
    await inner.update({
      run: async (_found, lock) => {
        store.asked.length = 0;
        const both = outer.update({ inner, run: async () => undefined });
        await both;
        assert.deepEqual(store.asked, ['lock outer', 'release outer']);
        lock.write({ sum: 5 });
      },
    });
    assert.deepEqual(await inner.read(), { sum: 5 });
  });

  it('is not needed without the store', async () => {
    const [replica] = replicas(1) as [Replica];
    replica.store.state = { at: 'gone', cause: 'ECONNREFUSED' };
    await addBoth(replica);
  });
});
