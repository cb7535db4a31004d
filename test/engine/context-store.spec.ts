import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { ContextStore } from '../../src/store/context.ts';
import type { ContextAccess } from '../../src/store/context-access.ts';
import { ContextFiles } from '../support/context-files.ts';
import { isSettled } from '../support/fake-system.ts';
import { RetryTime } from '../support/retry-time.ts';
import { keyringOf } from '../support/stores.ts';
import { until } from '../support/until.ts';

const LIFE = 600_000;
const ONCE = { life: LIFE, fence: 1 };

describe('a store in the context files of Node-RED', () => {
  let files: ContextFiles;
  let time: RetryTime;
  const stores: ContextStore[] = [];

  beforeEach(() => {
    files = new ContextFiles();
    time = new RetryTime();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) store.close();
    // Writes that are under way finish, and no timer is left.
    await until(() => time.pending === 0);
    await files.end();
  });

  /** Starts as Node-RED does. */
  async function start(keyring = keyringOf(), most?: number): Promise<ContextStore> {
    return open(await files.open(), keyring, most);
  }

  function open(access: ContextAccess, keyring = keyringOf(), most?: number): ContextStore {
    const store = new ContextStore(access, keyring, 'context files', time, most === undefined ? {} : { most });
    stores.push(store);
    return store;
  }

  /** The keys of the records in the file. */
  const recordKeys = (): string[] => files.content().match(/vgauth_[0-9a-f]{64}/g) ?? [];

  it('reports that the disk cannot be written, even if reading works and a cache accepts writes', async () => {
    const before = await start();
    await before.put('a', 1, ONCE);
    before.close();
    let error: Error | undefined = Object.assign(new Error('read-only'), { code: 'EROFS' });
    const access = await files.open({ cache: true });
    access.tryWriting = async () => {
      if (error) throw error;
    };
    const store = open(access);
    await until(() => store.state.at === 'gone');
    assert.deepEqual(store.state, { at: 'gone', cause: 'EROFS' });
    assert.equal((await store.get('a'))?.value, 1);
    await time.pass(1_000);
    assert.deepEqual(store.state, { at: 'gone', cause: 'EROFS' });
    assert.equal(await store.put('a', 2, { life: LIFE, fence: 2 }), false);
    error = undefined;
    await time.pass(2_000);
    await until(() => store.state.at === 'ready');
    assert.equal((await store.get('a'))?.value, 2);
  });

  it('is found again after a restart, with age, fence and removals', async () => {
    const before = await start();
    const lock = await before.lock('a');
    assert.ok('fence' in lock);
    await before.put('a', { token: 1 }, { life: LIFE, fence: lock.fence });
    await before.put('b', 1, ONCE);
    await before.remove('b', 1);
    await time.pass(1_000);
    before.close();

    const after = await start();
    assert.deepEqual(await after.get('a'), { value: { token: 1 }, age: 1_000, fence: lock.fence });
    assert.equal(await after.get('b'), undefined);
    assert.equal(await after.put('a', 'old', { life: LIFE, fence: lock.fence - 1 }), false);
    const next = await after.lock('a');
    assert.ok('fence' in next && next.fence > lock.fence);
  });

  it('is in the file as soon as the write returns', async () => {
    const store = await start();
    const keys = (): number => recordKeys().length;
    await store.put('a', 1, ONCE);
    assert.equal(keys(), 1);
    await Promise.all(Array.from({ length: 2_000 }, (_, i) => store.put(`n ${i}`, i, ONCE)));
    assert.equal(keys(), 2_001);
    await store.remove('a', 1);
    assert.equal(keys(), 2_000);
  });

  it('is in the file only after the flush or the end if Node-RED caches the context', async () => {
    const store = open(await files.open({ flushInterval: 30 }));
    assert.equal(await store.put('a', 1, ONCE), true);
    assert.equal(files.content(), '');
    await files.close();
    assert.match(files.content(), /vgauth_/);
  });

  it('contains neither secrets nor names in clear', async () => {
    const store = await start();
    await store.put('session CANARY-NAME', { token: 'CANARY-TOKEN', user: 'CANARY-PERSON' }, ONCE);
    assert.match(files.content(), /"2\.\d+\.\d+\.[\w-]+"/);
    assert.doesNotMatch(files.content(), /CANARY|session/);
  });

  it('removes expired records, from memory and from the file', async () => {
    const store = await start();
    await store.put('short', 1, { life: 1_000, fence: 1 });
    await store.put('long', 1, ONCE);
    await time.pass(60_000);
    await until(() => recordKeys().length === 1);
    assert.equal((await store.get('long'))?.value, 1);
  });

  it('removes records that expired meanwhile when it opens, even without the key', async () => {
    const before = await start();
    await before.put('short', 1, { life: 1_000, fence: 1 });
    await before.put('long', 1, ONCE);
    before.close();
    await time.pass(2_000);
    await (await start(keyringOf('another passphrase'))).get('x');
    await until(() => recordKeys().length === 1);
    assert.equal((await (await start()).get('long'))?.value, 1);
  });

  it('is bounded, and what is removed is removed from the file, too', async () => {
    const store = await start(keyringOf(), 3);
    for (const name of ['a', 'b', 'c', 'd']) await store.put(name, name, ONCE);
    await until(() => recordKeys().length === 3);
    assert.equal(await store.get('a'), undefined);
  });

  it('looks empty to a process with another passphrase, which logs it once and harms nothing', async () => {
    const before = await start();
    for (const name of ['a', 'b']) await before.put(name, 1, ONCE);
    before.close();
    const stranger = await start(keyringOf('another passphrase'));
    let told = 0;
    stranger.unreadable.add(() => {
      told += 1;
    });
    assert.equal(await stranger.get('a'), undefined);
    assert.equal(told, 1);
    assert.equal((await (await start()).get('a'))?.value, 1);
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
      const before = await start();
      await before.put('b', 'b', ONCE);
      const keysBefore = recordKeys();
      await before.put('a', 'mine', ONCE);
      const key = recordKeys().find((each) => !keysBefore.includes(each)) ?? '';
      before.close();
      const access = await files.open();
      const entry = await new Promise<Record<string, unknown>>((resolve) => {
        access.get([key], (_error, found) => resolve(found as Record<string, unknown>));
      });
      await new Promise((resolve) => access.set([key], [change(entry)], resolve));

      const after = await start();
      assert.equal(await after.get('a'), undefined);
      assert.equal((await after.get('b'))?.value, 'b');
      assert.equal(await after.put('a', 'again', ONCE), true);
      assert.equal((await (await start()).get('a'))?.value, 'again');
    });
  }

  it('leaves other data in the same context unchanged', async () => {
    const access = await files.open();
    await new Promise((resolve) => access.set(['vgauth_x', 'other'], [1, { a: 'b' }], resolve));
    const store = open(access);
    let told = 0;
    store.unreadable.add(() => {
      told += 1;
    });
    await store.put('a', 1, ONCE);
    await store.remove('a', 1);
    const { vgauth_master: _, ...others } = JSON.parse(files.content());
    assert.deepEqual(others, { vgauth_x: 1, other: { a: 'b' } });
    assert.equal(told, 0);
  });

  it('continues if the disk fails, reports the cause, and writes the rest when the disk works again', async () => {
    const store = await start();
    await store.put('a', 1, ONCE);
    const states: string[] = [];
    store.changes.add((state) => states.push(state.at === 'gone' ? state.cause : state.at));
    // A file is in the place of the folder.
    renameSync(files.dir, `${files.dir}-away`);
    writeFileSync(files.dir, '');
    assert.equal(await store.put('b', 2, ONCE), false);
    assert.deepEqual(states, ['ENOTDIR']);
    assert.equal((await store.get('b'))?.value, 2);
    assert.equal(await store.remove('a', 1), false);
    assert.equal(await store.get('a'), undefined);
    assert.ok('fence' in (await store.lock('c')));
    rmSync(files.dir);
    renameSync(`${files.dir}-away`, files.dir);
    let told = 0;
    store.watch('a', () => {
      told += 1;
    });
    await time.bringsBack(store);
    await until(() => told === 1);
    const after = await start();
    assert.equal((await after.get('b'))?.value, 2);
    assert.equal(await after.get('a'), undefined);
  });

  it('is ready again even if changes come while the rest is written, and writes them, too', async () => {
    const access = await files.open();
    let fails = false;
    /** Called before each write that works. */
    let meanwhile: () => unknown = () => undefined;
    const store = open({
      ...access,
      set: (keys, values, answer) => {
        if (fails) return answer(Object.assign(new Error(), { code: 'ENOSPC' }));
        meanwhile();
        access.set(keys, values, answer);
      },
    });
    await store.put('a', 1, ONCE);
    fails = true;
    assert.equal(await store.put('b', 1, ONCE), false);
    assert.deepEqual(store.state, { at: 'gone', cause: 'ENOSPC' });
    fails = false;
    let number = 0;
    const changes: Promise<boolean>[] = [];
    meanwhile = () => {
      number += 1;
      if (number <= 100) changes.push(store.put(`meanwhile ${number}`, number, ONCE));
    };
    await time.pass(1_000);
    await until(() => store.state.at === 'ready' && number > 100);
    await Promise.all(changes);
    const after = await start();
    assert.equal((await after.get('b'))?.value, 1);
    for (const at of [1, 2, 99, 100]) assert.equal((await after.get(`meanwhile ${at}`))?.value, at);
  });

  it('that is opened again writes what its predecessor could not write, and the results of work that began before', async () => {
    const access = await files.open();
    let fails = false;
    let held: (() => void) | undefined;
    const failing = {
      ...access,
      tryWriting: async () => undefined,
      set: (...[keys, values, answer]: Parameters<ContextAccess['set']>) => {
        if (fails) answer(Object.assign(new Error(), { code: 'ENOSPC' }));
        else if (held) held = () => access.set(keys, values, answer);
        else access.set(keys, values, answer);
      },
    };
    const before = open(failing);
    await before.put('removed', 1, ONCE);
    await before.put('old', 1, ONCE);
    const lock = await before.lock('work');
    assert.ok('fence' in lock);
    fails = true;
    assert.equal(await before.put('unwritten', 1, ONCE), false);
    await before.remove('removed', 1);
    fails = false;
    // It tries again, and the answer does not arrive.
    held = () => undefined;
    await time.pass(1_000);
    const store = open(access);
    store.takeOver(before);
    before.close();
    assert.ok('left' in (await store.lock('work')), 'the work has not ended');
    await lock.release({ value: 'done', life: LIFE });
    assert.ok('fence' in (await store.lock('work')));
    assert.equal(await before.put('late', 1, ONCE), true);
    await until(() => store.state.at === 'ready');
    await store.put('last', 1, ONCE);
    const after = await start();
    const kept = { removed: undefined, old: 1, unwritten: 1, work: 'done', late: 1 };
    for (const [name, value] of Object.entries(kept)) assert.equal((await after.get(name))?.value, value, name);
    // The write without an answer ends.
    await time.pass(2_000);
  });

  it('is unavailable after 2 s if the context store never answers, and blocks nobody', async () => {
    const silent = { get: () => undefined, set: () => undefined, keys: () => undefined };
    const store = open(silent);
    const read = store.get('a');
    read.catch(() => undefined);
    await time.pass(1_999);
    assert.equal(await isSettled(read), false);
    await time.pass(1);
    await assert.rejects(read, { code: 'AUTH_STORE', values: { host: 'context files', cause: 'timeout' } });
    assert.equal(store.state.at, 'gone');
    assert.equal(await store.put('a', 1, ONCE), false);
    assert.equal((await store.get('a'))?.value, 1);
    await assert.rejects(store.get('b'), { code: 'AUTH_STORE' });
  });

  it('is unavailable if the context store throws, whatever it throws', async () => {
    const broken = (): never => {
      throw Object.assign(new Error('SECRET'), { code: 'SECRET code' });
    };
    const store = open({ get: broken, set: broken, keys: broken });
    await assert.rejects(store.get('a'), { values: { host: 'context files', cause: 'error' } });
    assert.deepEqual(store.state, { at: 'gone', cause: 'error' });
  });

  it('reads later what it could not read at first, and keeps the newer value', async () => {
    const before = await start();
    await before.put('old', 'old', { life: LIFE, fence: 5 });
    await before.put('newer there', 'there', { life: LIFE, fence: 5 });
    await before.put('as new', 'there', { life: LIFE, fence: 4 });
    await before.put('removed here', 'there', { life: LIFE, fence: 4 });
    before.close();
    const access = await files.open();
    let fails = true;
    const store = open({
      ...access,
      keys: (answer) => (fails ? answer(Object.assign(new Error(), { code: 'EIO' })) : access.keys(answer)),
    });
    await assert.rejects(store.get('old'), { values: { host: 'context files', cause: 'EIO' } });
    await store.put('newer there', 'here', { life: LIFE, fence: 4 });
    await store.put('as new', 'here', { life: LIFE, fence: 4 });
    await store.remove('removed here', 4);
    await store.put('here', 'here', { life: LIFE, fence: 4 });
    fails = false;
    await time.pass(1_000);
    await until(() => store.state.at === 'ready');
    const kept = { old: 'old', 'newer there': 'there', 'as new': 'here', 'removed here': undefined, here: 'here' };
    for (const [name, value] of Object.entries(kept)) assert.equal((await store.get(name))?.value, value);
  });
});
