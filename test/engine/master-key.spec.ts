import assert from 'node:assert/strict';
import type { Keyring, MasterHome, Passphrases } from '../../src/store/keyring.ts';
import { deriveKey } from '../../src/store/master-key.ts';
import { deriveQuickly, keyringOf } from '../support/stores.ts';

const OLD = 'the old encryption key';
const NEW = 'the new encryption key';

/** The record of a store that several processes share. */
class Home implements MasterHome {
  record = '';
  writes = 0;
  /** Runs before a replacement, as another process might do. */
  before: () => void = () => undefined;

  async swap(expected: string, replacement?: string): Promise<string> {
    if (replacement !== undefined) this.before();
    if (replacement !== undefined && this.record === expected) {
      this.record = replacement;
      this.writes += 1;
    }
    return this.record;
  }
}

describe('The master key of a store', () => {
  let home: Home;
  let derived: number;
  beforeEach(() => {
    home = new Home();
    derived = 0;
  });

  const counting = (passphrase: string, salt: Buffer): Promise<Buffer> => {
    derived += 1;
    return deriveQuickly(passphrase, salt);
  };
  const start = async (encryptionKey: string, previous = '', isTrial = false): Promise<Keyring> => {
    const keyring = keyringOf(encryptionKey, { previous, derive: counting, isTrial });
    await keyring.settle(home);
    return keyring;
  };
  /** A value that identifies a master key. */
  const idOf = (keyring: Keyring): string => keyring.seal?.nameOf('a name') ?? 'none';
  const opensWith = async ({ encryptionKey, previousEncryptionKey = '' }: Passphrases, id: string): Promise<boolean> =>
    idOf(await start(encryptionKey, previousEncryptionKey, true)) === id;

  it('is made once, however many processes start at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => start(OLD)));
    assert.equal(new Set(all.map(idOf)).size, 1);
    assert.equal(home.writes, 1);
  });

  it('is random, and so is its salt: the same encryption key gives another record in another store', async () => {
    const first = await start(OLD);
    const record = home.record;
    home = new Home();
    assert.notEqual(idOf(await start(OLD)), idOf(first));
    const salts = [record, home.record].map((each) => each.split('.')[1] ?? '');
    assert.notEqual(salts[0], salts[1]);
    for (const salt of salts) assert.equal(Buffer.from(salt, 'base64url').length, 32);
  });

  it('is derived again only if the record has changed', async () => {
    const one = await start(OLD);
    const two = await start(OLD);
    assert.equal(derived, 2);
    for (const each of [one, two, one]) assert.deepEqual(await each.settle(home), { isOther: false, isStrange: false });
    assert.equal(derived, 2);
  });

  it('is derived without blocking the event loop', async () => {
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const key = await deriveKey('a passphrase', Buffer.alloc(32));
    isDone = true;
    assert.equal(key.length, 32);
    assert.ok(turns > 10, `${turns} turns of the event loop`);
  });

  it('is the same for another Unicode form of the same text', async () => {
    const salt = Buffer.alloc(32);
    assert.deepEqual(await deriveKey('Schl\u00fcssel', salt), await deriveKey('Schlu\u0308ssel', salt));
  });

  it('is written again, unchanged, if the store comes back empty', async () => {
    const one = await start(OLD);
    const two = await start(OLD);
    const { record } = home;
    home.record = '';
    assert.deepEqual(await two.settle(home), { isOther: false, isStrange: false });
    assert.equal(idOf(await start(OLD)), idOf(one));
    await one.settle(home);
    assert.equal(idOf(two), idOf(one));
    home.record = '';
    await one.settle(home);
    assert.equal(home.record, record);
  });

  it('is adopted by processes that find another one there', async () => {
    const before = await start(OLD);
    const known = idOf(before);
    home.record = '';
    const fresh = await start(OLD);
    assert.notEqual(idOf(fresh), known);
    assert.deepEqual(await before.settle(home), { isOther: true, isStrange: false });
    assert.equal(idOf(before), idOf(fresh));
  });

  it('is adopted by a second process, even after that sealed a record with its own', async () => {
    const other = new Home();
    const keyring = keyringOf(OLD, { derive: counting });
    const first = keyringOf(OLD, { derive: counting });
    await first.settle(other);
    home.before = () => {
      home.record = other.record;
    };
    await keyring.settle(home);
    assert.equal(idOf(keyring), idOf(first));
    assert.equal(home.record, other.record);
  });

  it('is unavailable if other processes change it endlessly', async () => {
    let changes = 0;
    home.before = () => {
      changes += 1;
      home.record = `9.${changes}.x`;
    };
    await assert.rejects(keyringOf(OLD).settle(home), /does not come to rest/);
    assert.ok(changes <= 20);
  });

  describe('under the previous encryption key', () => {
    it('opens, and is sealed under the present one: the previous one no longer opens it', async () => {
      const id = idOf(await start(OLD));
      assert.equal(idOf(await start(NEW, OLD)), id);
      assert.equal(await opensWith({ encryptionKey: NEW }, id), true);
      assert.equal(await opensWith({ encryptionKey: OLD }, id), false);
    });

    it('stays the same over a rotation of three processes, in whatever order they restart', async () => {
      const replicas = await Promise.all([start(OLD), start(OLD), start(OLD)]);
      const id = idOf(replicas[0] as Keyring);
      for (const [encryptionKey, previous] of [
        [OLD, NEW],
        [NEW, OLD],
        [NEW, ''],
      ] as const) {
        for (let at = 0; at < replicas.length; at += 1) {
          replicas[at] = await start(encryptionKey, previous);
          for (const each of [...replicas, ...replicas].reverse())
            assert.equal((await each.settle(home)).isOther, false);
        }
        assert.deepEqual(replicas.map(idOf), [id, id, id]);
      }
      assert.equal(await opensWith({ encryptionKey: NEW }, id), true);
      assert.equal(await opensWith({ encryptionKey: OLD }, id), false);
      assert.equal(home.record.includes(' '), false, 'one sealed key is left');
    });

    it('is not sealed alternately if some processes have the keys the other way around', async () => {
      await start(OLD, NEW);
      const before = await start(OLD, NEW);
      const after = await start(NEW, OLD);
      const { writes } = home;
      const settle = async (): Promise<void> => {
        for (const each of [before, after]) await each.settle(home);
      };
      await settle();
      const cost = derived;
      for (let minute = 0; minute < 60; minute += 1) await settle();
      assert.equal(home.writes, writes);
      assert.equal(derived, cost);
    });

    it('stays the same even if no process got the new key first', async () => {
      const [one, two] = [await start(OLD), await start(OLD)];
      const id = idOf(one);
      const first = await start(NEW, OLD);
      // Processes with the old key alone add theirs.
      for (const each of [one, two, first, one, two, first]) await each.settle(home);
      assert.deepEqual([one, two, first].map(idOf), [id, id, id]);
      assert.equal(idOf(await start(OLD)), id);
      // A later process with both keys removes the old one.
      await start(NEW, OLD);
      assert.equal(await opensWith({ encryptionKey: NEW }, id), true);
      assert.equal(await opensWith({ encryptionKey: OLD }, id), false);
    });
  });

  describe('under another encryption key', () => {
    it('does not affect processes with the right one: each has its own, over restarts, too', async () => {
      const right = await start(OLD);
      const wrong = keyringOf('a wrong encryption key', { derive: counting });
      assert.equal((await wrong.settle(home)).isStrange, true);
      assert.notEqual(idOf(wrong), idOf(right));
      for (const each of [right, wrong, right]) assert.equal((await each.settle(home)).isOther, false);
      assert.equal(idOf(await start(OLD)), idOf(right));
      assert.equal(idOf(await start('a wrong encryption key')), idOf(wrong));
    });

    it('is bounded: the record does not grow, and a key that was removed is added again', async () => {
      const right = await start(OLD);
      for (let i = 0; i < 10; i += 1) await start(`a wrong encryption key ${i}`);
      assert.equal(home.record.split(' ').length, 4);
      assert.ok(home.record.length < 1_000);
      assert.equal((await right.settle(home)).isOther, false);
      assert.equal(idOf(await start(OLD)), idOf(right));
    });

    it('is reported by a test of the store, and nothing is written', async () => {
      await start(OLD);
      const { record } = home;
      const trial = keyringOf(NEW, { isTrial: true });
      assert.equal((await trial.settle(home)).isStrange, true);
      const rotation = keyringOf(NEW, { previous: OLD, isTrial: true });
      assert.equal((await rotation.settle(home)).isStrange, false);
      home.record = '';
      await keyringOf(OLD, { isTrial: true }).settle(home);
      assert.equal(home.record, '');
      home.record = record;
      assert.equal(home.writes, 1);
    });
  });

  describe('after somebody changed it', () => {
    for (const [what, change] of [
      ['foreign text', () => 'hello'],
      ['very long text', () => `2.x.y ${'2.x.y '.repeat(10_000)}2.x.y`],
      ['cut off', (record) => record.slice(0, -6)],
      ['given another salt', (record) => record.replace(/\.[\w-]{43}\./, `.${'A'.repeat(43)}.`)],
      ['another one’s sealed key', (record) => record.replace(/[\w-]{80}$/, 'A'.repeat(80))],
      ['of the format 1', (record) => record.replace('2.', '1.')],
    ] as [string, (record: string) => string][]) {
      it(`is written again by processes that know it (${what}), and is a new one for all others`, async () => {
        const known = await start(OLD);
        const changed = change(home.record);
        home.record = changed;
        assert.deepEqual(await known.settle(home), { isOther: false, isStrange: true });
        assert.equal(idOf(await start(OLD)), idOf(known));
        home.record = changed;
        const stranger = keyringOf(OLD);
        assert.equal((await stranger.settle(home)).isStrange, true);
        assert.notEqual(idOf(stranger), idOf(known));
      });
    }

    it('takes a limited time to check', async () => {
      await start(OLD);
      const [, , box] = home.record.split('.');
      home.record = Array.from({ length: 25 }, (_, i) => `2.${String(i).padStart(43, 'A')}.${box}`).join(' ');
      derived = 0;
      await start(NEW, OLD);
      assert.ok(derived <= 9, `${derived} derivations`);
    });

    it('cannot be opened under another prefix', async () => {
      const here = keyringOf(OLD, { prefix: 'one:' });
      await here.settle(home);
      const there = keyringOf(OLD, { prefix: 'two:' });
      assert.equal((await there.settle(home)).isStrange, true);
      assert.notEqual(idOf(there), idOf(here));
    });

    it('may have a later format, which is left unchanged', async () => {
      const later = `3.${'x'.repeat(60)}`;
      home.record = later;
      await start(OLD);
      assert.ok(home.record.endsWith(` ${later}`));
    });
  });
});
