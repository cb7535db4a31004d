import assert from 'node:assert/strict';
import { ContextStore } from '../../src/store/context.ts';
import type { ContextAccess } from '../../src/store/context-access.ts';
import type { Keyring } from '../../src/store/keyring.ts';
import { ContextFiles } from '../support/context-files.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { keyringOf } from '../support/stores.ts';

const LIFE = 600_000;
const MINUTE = 60_000;

interface Kept {
  box: string;
  fence: number;
  written: number;
  expires: number;
}

describe('Somebody who can write to the context file, but does not have the encryption key,', () => {
  let files: ContextFiles;
  let time: FakeSystem;
  let access: ContextAccess;
  const stores: ContextStore[] = [];

  beforeEach(async () => {
    files = new ContextFiles();
    time = new FakeSystem();
    access = await files.open();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) store.close();
    await files.end();
  });

  /** Starts as Node-RED does. */
  function start(keyring: Keyring = keyringOf()): ContextStore {
    for (const store of stores.splice(0)) store.close();
    const store = new ContextStore(access, keyring, 'context files', time);
    stores.push(store);
    return store;
  }

  const content = (): Record<string, Kept> => JSON.parse(files.content() || '{}');
  const keys = (): string[] => Object.keys(content()).filter((key) => /^vgauth_[0-9a-f]{64}$/.test(key));
  const overwrite = (key: string, value: unknown): Promise<unknown> =>
    new Promise((resolve) => access.set([key], [value], resolve));

  /** Writes a record, and returns its key and its content in the file. */
  async function write(name: string, value: unknown): Promise<{ key: string; kept: Kept }> {
    const before = keys();
    assert.equal(await (stores[0] ?? start()).put(name, value, { life: LIFE, fence: 5 }), true);
    const key = keys().find((each) => !before.includes(each)) ?? '';
    return { key, kept: content()[key] as Kept };
  }

  describe('cannot', () => {
    it('extend the life of a record', async () => {
      const { key, kept } = await write('a', 'mine');
      await overwrite(key, { ...kept, expires: kept.expires + 1_000 * LIFE });
      assert.equal((await start().get('a'))?.value, 'mine');
      await time.pass(LIFE);
      assert.equal(await start().get('a'), undefined);
      assert.deepEqual(keys(), [], 'it is swept out');
    });

    it('make a record valid again after its end', async () => {
      const { key, kept } = await write('a', 'mine');
      await time.pass(2 * LIFE);
      for (const written of [kept.written, time.now(), time.now() - MINUTE])
        for (const box of [kept.box, kept.box.replace(String(kept.written), String(written))]) {
          await overwrite(key, { ...kept, box, written, expires: time.now() + LIFE });
          assert.equal(await start().get('a'), undefined);
        }
    });

    it('make it younger', async () => {
      const { key, kept } = await write('a', 'mine');
      await time.pass(5 * MINUTE);
      await overwrite(key, { ...kept, written: kept.written + MINUTE });
      assert.equal((await start().get('a'))?.age, 5 * MINUTE);
      await overwrite(key, { ...kept, written: kept.written + MINUTE + 1 });
      assert.equal(await start().get('a'), undefined);
    });

    it('move it to another name, or to a context with another master key', async () => {
      const a = await write('a', 'of a');
      const b = await write('b', 'of b');
      await overwrite(b.key, a.kept);
      const store = start();
      assert.equal(await store.get('b'), undefined);
      assert.equal((await store.get('a'))?.value, 'of a');
      await overwrite('vgauth_master', undefined);
      assert.equal(await start().get('a'), undefined);
    });

    it('give it another number or other content', async () => {
      const { key, kept } = await write('a', 'mine');
      for (const forged of [
        { ...kept, fence: 6 },
        { ...kept, box: kept.box.replace(/.{8}$/, 'AAAAAAAA') },
        { ...kept, box: kept.box.replace(/[^.]+$/, Buffer.from('{"name":"a","value":1}').toString('base64url')) },
      ]) {
        await overwrite(key, forged);
        assert.equal(await start().get('a'), undefined);
      }
    });

    it('put a master key of their own in place: who runs writes the right one again with the next record', async () => {
      const store = start();
      await write('a', 'mine');
      const { vgauth_master: right } = content();
      await overwrite('vgauth_master', { keys: '2.x.y', expires: time.now() + LIFE });
      await store.put('b', 1, { life: LIFE, fence: 1 });
      assert.deepEqual(content().vgauth_master, right);
      assert.equal((await start().get('a'))?.value, 'mine');
    });
  });

  describe('can', () => {
    it('put back an older record of the same name, which a Node-RED that starts then reads, until its time is over', async () => {
      const { key, kept } = await write('a', 'older');
      await stores[0]?.put('a', 'newer', { life: LIFE, fence: 6 });
      await overwrite(key, kept);
      assert.equal((await stores[0]?.get('a'))?.value, 'newer');
      assert.equal((await start().get('a'))?.value, 'older');
    });

    it('take records away', async () => {
      const { key } = await write('a', 'mine');
      await overwrite(key, undefined);
      assert.equal(await start().get('a'), undefined);
    });
  });
});

describe('The master key in a context file', () => {
  it('comes with the first record, outlives it, and is not there before', async () => {
    const files = new ContextFiles();
    const time = new FakeSystem();
    try {
      const store = new ContextStore(await files.open(), keyringOf(), 'context files', time);
      assert.equal(await store.get('a'), undefined);
      assert.equal(files.content(), '');
      await store.put('a', 1, { life: Number.MAX_SAFE_INTEGER, fence: 1 });
      const all = JSON.parse(files.content()) as Record<string, { expires: number }>;
      const { vgauth_master: master, ...records } = all;
      for (const { expires } of Object.values(records)) assert.ok(expires + 30 * 86_400_000 < (master?.expires ?? 0));
      store.close();
    } finally {
      await files.end();
    }
  });
});
