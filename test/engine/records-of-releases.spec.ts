import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { ContextStore } from '../../src/store/context.ts';
import { Keyring } from '../../src/store/keyring.ts';
import { readRedisRecord } from '../../src/store/redis-record.ts';
import { FORMAT } from '../../src/store/seal.ts';
import { FakeSystem } from '../support/fake-system.ts';
import { ANNA, contextOf, PERSON, processOver, type RecordFixture, WRONG } from '../support/record-fixture.ts';
import { ASK, isRefused } from '../support/visual-guard.ts';

const folder = new URL('../fixtures/', import.meta.url);
const formats = readdirSync(folder)
  .map((file) => /^records-(\d+)\.json$/.exec(file)?.[1])
  .filter((format) => format !== undefined)
  .map(Number);

// If this fails, the release would sign everybody out at the upgrade: raise the format, and read the one before it.
// See `record-fixture.ts` for how a fixture is made, and when it may be made again.
describe('The records of releases', () => {
  it('exist for each format, from the first published one on', () => {
    assert.deepEqual(
      formats.sort((a, b) => a - b),
      Array.from({ length: FORMAT - 1 }, (_, i) => i + 2),
    );
  });

  for (const format of [FORMAT, FORMAT - 1].filter((each) => formats.includes(each)))
    describe(`with the format ${format}`, () => {
      const fixture: RecordFixture = JSON.parse(readFileSync(new URL(`records-${format}.json`, folder), 'utf8'));
      const { encryptionKey, redis } = fixture;

      it('can be read in a context: nobody is signed out, and no request is sent', async () => {
        const system = new FakeSystem();
        system.setClock(fixture.now + 20_000 - system.now());
        const keyring = new Keyring({ encryptionKey }, 'vgauth_master');
        const store = new ContextStore(contextOf(fixture.context), keyring, 'context', system);
        let unreadable = 0;
        store.unreadable.add(() => {
          unreadable += 1;
        });
        const { server, account, requests } = processOver(store, system);
        const session = await server.findSessionWith(fixture.session);
        assert.equal(session?.user, PERSON.user);
        assert.match(String((await session?.ask())?.token?.accessToken), /^access-/);
        assert.equal((await server.findSessionOf(PERSON.user))?.handle, session?.handle);
        assert.ok((await server.tokenOfStored(false)).token);
        assert.equal((await account.ask()).token?.accessToken, 'vgs-1');
        isRefused(await server.signIn(WRONG, ASK), 'held-back');
        const challenge = await server.findChallenge(fixture.challenge);
        assert.ok(typeof challenge === 'object', String(challenge));
        assert.equal(challenge.user, ANNA.user);
        assert.equal(requests(), 0);
        assert.equal(unreadable, 0);
        store.close();
      });

      it('can be read in Redis', async () => {
        const keyring = new Keyring({ encryptionKey }, `redis ${redis.prefix}`);
        const master = redis.keys[`${redis.prefix}master`] ?? '';
        await keyring.settle({ swap: async () => master });
        assert.equal(keyring.record, master);
        const { seal } = keyring;
        assert.ok(seal);
        const key = redis.prefix + seal.nameOf(redis.name);
        const { value, fence } = redis;
        const found = readRedisRecord(seal, key, redis.keys[key] ?? '', fixture.now + 1_000);
        assert.deepEqual(found, { value, fence, age: 1_000 });
      });
    });
});
