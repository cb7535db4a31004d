import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ContextAccess } from '../../src/store/context-access.ts';
import { ContextStores } from '../support/context-stores.ts';
import { isSettled } from '../support/fake-system.ts';
import { until } from '../support/until.ts';

const LIFE = 600_000;
const ONCE = { life: LIFE, fence: 1 };

describe('a store in context files that cannot be used', () => {
  const all = new ContextStores();
  beforeEach(() => all.begin());
  afterEach(() => all.end());

  it('reports that the disk cannot be written, even if reading works and a cache accepts writes', async () => {
    const before = await all.start();
    await before.put('a', 1, ONCE);
    before.close();
    let error: Error | undefined = Object.assign(new Error('read-only'), { code: 'EROFS' });
    const access = await all.files.open({ cache: true });
    access.tryWriting = async () => {
      if (error) throw error;
    };
    const store = all.open(access);
    await until(() => store.state.at === 'gone');
    assert.deepEqual(store.state, { at: 'gone', cause: 'EROFS' });
    assert.equal((await store.get('a'))?.value, 1);
    await all.time.pass(1_000);
    assert.deepEqual(store.state, { at: 'gone', cause: 'EROFS' });
    assert.equal(await store.put('a', 2, { life: LIFE, fence: 2 }), false);
    error = undefined;
    await all.time.pass(2_000);
    await until(() => store.state.at === 'ready');
    assert.equal((await store.get('a'))?.value, 2);
  });

  it('continues if the disk fails, reports the cause, and writes the rest when the disk works again', async () => {
    const store = await all.start();
    await store.put('a', 1, ONCE);
    const states: string[] = [];
    store.changes.add((state) => states.push(state.at === 'gone' ? state.cause : state.at));
    // A file is in the place of the folder.
    renameSync(all.files.dir, `${all.files.dir}-away`);
    writeFileSync(all.files.dir, '');
    assert.equal(await store.put('b', 2, ONCE), false);
    assert.deepEqual(states, ['ENOTDIR']);
    assert.equal((await store.get('b'))?.value, 2);
    assert.equal(await store.remove('a', 1), false);
    assert.equal(await store.get('a'), undefined);
    assert.ok('fence' in (await store.lock('c')));
    rmSync(all.files.dir);
    renameSync(`${all.files.dir}-away`, all.files.dir);
    let told = 0;
    store.watch('a', () => {
      told += 1;
    });
    await all.time.bringsBack(store);
    await until(() => told === 1);
    const after = await all.start();
    assert.equal((await after.get('b'))?.value, 2);
    assert.equal(await after.get('a'), undefined);
  });

  it('is ready again even if changes come while the rest is written, and writes them, too', async () => {
    const access = await all.files.open();
    let fails = false;
    /** Called before each write that works. */
    let meanwhile: () => unknown = () => undefined;
    const store = all.open({
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
    await all.time.pass(1_000);
    await until(() => store.state.at === 'ready' && number > 100);
    await Promise.all(changes);
    const after = await all.start();
    assert.equal((await after.get('b'))?.value, 1);
    for (const at of [1, 2, 99, 100]) assert.equal((await after.get(`meanwhile ${at}`))?.value, at);
  });

  it('that is opened again writes what its predecessor could not write, and the results of work that began before', async () => {
    const access = await all.files.open();
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
    const before = all.open(failing);
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
    await all.time.pass(1_000);
    const store = all.open(access);
    store.takeOver(before);
    before.close();
    assert.ok('left' in (await store.lock('work')), 'the work has not ended');
    await lock.release({ value: 'done', life: LIFE });
    assert.ok('fence' in (await store.lock('work')));
    assert.equal(await before.put('late', 1, ONCE), true);
    await until(() => store.state.at === 'ready');
    await store.put('last', 1, ONCE);
    const after = await all.start();
    const kept = { removed: undefined, old: 1, unwritten: 1, work: 'done', late: 1 };
    for (const [name, value] of Object.entries(kept)) assert.equal((await after.get(name))?.value, value, name);
    // The write without an answer ends.
    await all.time.pass(2_000);
  });

  it('is unavailable after 2 s if the context store never answers, and blocks nobody', async () => {
    const silent = { get: () => undefined, set: () => undefined, keys: () => undefined };
    const store = all.open(silent);
    const read = store.get('a');
    read.catch(() => undefined);
    await all.time.pass(1_999);
    assert.equal(await isSettled(read), false);
    await all.time.pass(1);
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
    const store = all.open({ get: broken, set: broken, keys: broken });
    await assert.rejects(store.get('a'), { values: { host: 'context files', cause: 'error' } });
    assert.deepEqual(store.state, { at: 'gone', cause: 'error' });
  });

  it('reads later what it could not read at first, and keeps the newer value', async () => {
    const before = await all.start();
    await before.put('old', 'old', { life: LIFE, fence: 5 });
    await before.put('newer there', 'there', { life: LIFE, fence: 5 });
    await before.put('as new', 'there', { life: LIFE, fence: 4 });
    await before.put('removed here', 'there', { life: LIFE, fence: 4 });
    before.close();
    const access = await all.files.open();
    let fails = true;
    const store = all.open({
      ...access,
      keys: (answer) => (fails ? answer(Object.assign(new Error(), { code: 'EIO' })) : access.keys(answer)),
    });
    await assert.rejects(store.get('old'), { values: { host: 'context files', cause: 'EIO' } });
    await store.put('newer there', 'here', { life: LIFE, fence: 4 });
    await store.put('as new', 'here', { life: LIFE, fence: 4 });
    await store.remove('removed here', 4);
    await store.put('here', 'here', { life: LIFE, fence: 4 });
    fails = false;
    await all.time.pass(1_000);
    await until(() => store.state.at === 'ready');
    const kept = { old: 'old', 'newer there': 'there', 'as new': 'here', 'removed here': undefined, here: 'here' };
    for (const [name, value] of Object.entries(kept)) assert.equal((await store.get(name))?.value, value);
  });
});
