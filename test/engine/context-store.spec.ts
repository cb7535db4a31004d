import assert from 'node:assert/strict';
import { ContextStores } from '../support/context-stores.ts';
import { keyringOf } from '../support/stores.ts';
import { until } from '../support/until.ts';

const LIFE = 600_000;
const ONCE = { life: LIFE, fence: 1 };

describe('a store in the context files of Node-RED', () => {
  const all = new ContextStores();
  beforeEach(() => all.begin());
  afterEach(() => all.end());

  /** The keys of the records in the file. */
  const recordKeys = (): string[] => all.files.content().match(/vgauth_[0-9a-f]{64}/g) ?? [];

  it('is found again after a restart, with age, fence and removals', async () => {
    const before = await all.start();
    const lock = await before.lock('a');
    assert.ok('fence' in lock);
    await before.put('a', { token: 1 }, { life: LIFE, fence: lock.fence });
    await before.put('b', 1, ONCE);
    await before.remove('b', 1);
    await all.time.pass(1_000);
    before.close();

    const after = await all.start();
    assert.deepEqual(await after.get('a'), { value: { token: 1 }, age: 1_000, fence: lock.fence });
    assert.equal(await after.get('b'), undefined);
    assert.equal(await after.put('a', 'old', { life: LIFE, fence: lock.fence - 1 }), false);
    const next = await after.lock('a');
    assert.ok('fence' in next && next.fence > lock.fence);
  });

  it('is in the file as soon as the write returns', async () => {
    const store = await all.start();
    const keys = (): number => recordKeys().length;
    await store.put('a', 1, ONCE);
    assert.equal(keys(), 1);
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => store.put(`n ${i}`, i, ONCE)));
    assert.equal(keys(), 2_001);
    await store.remove('a', 1);
    assert.equal(keys(), 2_000);
  });

  it('is in the file only after the flush or the end if Node-RED caches the context', async () => {
    const store = all.open(await all.files.open({ flushInterval: 30 }));
    assert.equal(await store.put('a', 1, ONCE), true);
    assert.equal(all.files.content(), '');
    await all.files.close();
    assert.match(all.files.content(), /vgauth_/);
  });

  it('contains neither secrets nor names in clear', async () => {
    const store = await all.start();
    await store.put('session CANARY-NAME', { token: 'CANARY-TOKEN', user: 'CANARY-PERSON' }, ONCE);
    assert.match(all.files.content(), /"2\.\d+\.\d+\.[\w-]+"/);
    assert.doesNotMatch(all.files.content(), /CANARY|session/);
  });

  it('removes expired records, from memory and from the file', async () => {
    const store = await all.start();
    await store.put('short', 1, { life: 1_000, fence: 1 });
    await store.put('long', 1, ONCE);
    await all.time.pass(60_000);
    await until(() => recordKeys().length === 1);
    assert.equal((await store.get('long'))?.value, 1);
  });

  it('removes records that expired meanwhile when it opens, even without the key', async () => {
    const before = await all.start();
    await before.put('short', 1, { life: 1_000, fence: 1 });
    await before.put('long', 1, ONCE);
    before.close();
    await all.time.pass(2_000);
    await (await all.start(keyringOf('another passphrase'))).get('x');
    await until(() => recordKeys().length === 1);
    assert.equal((await (await all.start()).get('long'))?.value, 1);
  });

  it('is bounded, and what is removed is removed from the file, too', async () => {
    const store = await all.start(keyringOf(), 3);
    for (const name of ['a', 'b', 'c', 'd']) await store.put(name, name, ONCE);
    await until(() => recordKeys().length === 3);
    assert.equal(await store.get('a'), undefined);
  });

  it('looks empty to a process with another passphrase, which logs it once and harms nothing', async () => {
    const before = await all.start();
    for (const name of ['a', 'b']) await before.put(name, 1, ONCE);
    before.close();
    const stranger = await all.start(keyringOf('another passphrase'));
    let told = 0;
    stranger.unreadable.add(() => {
      told += 1;
    });
    assert.equal(await stranger.get('a'), undefined);
    assert.equal(told, 1);
    assert.equal((await (await all.start()).get('a'))?.value, 1);
  });

  const changes: [string, (entry: Record<string, unknown>) => unknown][] = [
    ['changed', (entry) => ({ ...entry, box: String(entry.box).replace(/.{6}$/, 'AAAAAA') })],
    ['cut off', (entry) => ({ ...entry, box: String(entry.box).slice(0, -3) })],
    ['given another number', (entry) => ({ ...entry, fence: 2 })],
    ['without its box', ({ box: _, ...entry }) => entry],
    ['without an end', ({ expires: _, ...entry }) => entry],
    ['with numbers that are none', (entry) => ({ ...entry, written: 'x', expires: null })],
    ['a text', () => 'hello'],
    ['a list', () => [1]],
    ['nothing', () => null],
  ];
  for (const [what, change] of changes) {
    it(`treats a record as absent if it is ${what}, and writes it again`, async () => {
      const before = await all.start();
      await before.put('b', 'b', ONCE);
      const keysBefore = recordKeys();
      await before.put('a', 'mine', ONCE);
      const key = recordKeys().find((each) => !keysBefore.includes(each)) ?? '';
      before.close();
      const access = await all.files.open();
      const entry = await new Promise<Record<string, unknown>>((resolve) => {
        access.get([key], (_error, found) => resolve(found as Record<string, unknown>));
      });
      await new Promise((resolve) => access.set([key], [change(entry)], resolve));

      const after = await all.start();
      assert.equal(await after.get('a'), undefined);
      assert.equal((await after.get('b'))?.value, 'b');
      assert.equal(await after.put('a', 'again', ONCE), true);
      assert.equal((await (await all.start()).get('a'))?.value, 'again');
    });
  }

  it('leaves other data in the same context unchanged', async () => {
    const access = await all.files.open();
    await new Promise((resolve) => access.set(['vgauth_x', 'other'], [1, { a: 'b' }], resolve));
    const store = all.open(access);
    let told = 0;
    store.unreadable.add(() => {
      told += 1;
    });
    await store.put('a', 1, ONCE);
    await store.remove('a', 1);
    const { vgauth_master: _, ...others } = JSON.parse(all.files.content());
    assert.deepEqual(others, { vgauth_x: 1, other: { a: 'b' } });
    assert.equal(told, 0);
  });
});
