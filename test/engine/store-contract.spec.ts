import assert from 'node:assert/strict';
import { ContextStore } from '../../src/store/context.ts';
import { ContextFiles } from '../support/context-files.ts';
import { FakeSystem, START } from '../support/fake-system.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { keepsTheContract } from '../support/store-contract.ts';
import { keyringOf } from '../support/stores.ts';

let system = new FakeSystem();

keepsTheContract('memory', {
  async open() {
    system = new FakeSystem();
    return new MemoryStore(system);
  },
  another: async (store) => store,
  pass: (ms) => system.pass(ms),
  end: async () => undefined,
});

let files: ContextFiles;
let store: ContextStore;

keepsTheContract('context', {
  async open() {
    system = new FakeSystem();
    files = new ContextFiles();
    store = new ContextStore(await files.open(), keyringOf(), 'context file', system);
    return store;
  },
  another: async () => store,
  pass: (ms) => system.pass(ms),
  async end() {
    store.close();
    await files.end();
  },
});

describe('a store in memory', () => {
  const forLong = { life: 60_000, fence: 1 };
  beforeEach(() => {
    system = new FakeSystem();
  });

  it('is bounded: the least recently used record is removed first', async () => {
    const store = new MemoryStore(system, 3);
    for (const name of ['a', 'b', 'c']) await store.put(name, name, forLong);
    await store.get('a');
    await store.put('d', 'd', forLong);
    assert.equal(await store.get('b'), undefined);
    for (const name of ['a', 'c', 'd']) assert.equal((await store.get(name))?.value, name);
  });

  it('keeps no timer after everything has expired, or after it was closed', async () => {
    const store = new MemoryStore(system);
    await store.put('a', 1, forLong);
    assert.equal(system.pending, 1);
    await system.pass(3_600_000);
    assert.equal(system.pending, 0);
    await store.put('a', 1, forLong);
    store.close();
    assert.equal(system.pending, 0);
  });

  it('gives locks numbers that no earlier process can have used', async () => {
    const lock = await new MemoryStore(system).lock('a');
    assert.ok('fence' in lock && lock.fence >= START);
  });

  it('keeps ages right when the clock is set back', async () => {
    const store = new MemoryStore(system);
    await store.put('a', 1, forLong);
    system.setClock(-5_000);
    assert.equal((await store.get('a'))?.age, 0);
  });

  it('keeps a lock until it is given back, however long that takes', async () => {
    const store = new MemoryStore(system);
    const lock = await store.lock('a');
    await system.pass(3_600_000);
    assert.equal('fence' in lock && lock.isHeld, true);
    assert.ok('left' in (await store.lock('a')));
  });
});
