import assert from 'node:assert/strict';
import { systemClock } from '../../src/core/clock.ts';
import { checkStore } from '../../src/store/check.ts';
import { deriveKey } from '../../src/store/master-key.ts';
import type { RedisStore } from '../../src/store/redis.ts';
import { certificates } from '../support/certificates.ts';
import { isSettled } from '../support/fake-system.ts';
import { freePort } from '../support/free-port.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { RetryTime } from '../support/retry-time.ts';
import { addressOf, closeStores, keyringOf, openRedis, PASSPHRASE } from '../support/stores.ts';
import { until } from '../support/until.ts';
import { endWires, Wire } from '../support/wire.ts';

const LIFE = 60_000;
const FIRST = { life: LIFE, fence: 1 };
/** The permissions of a Redis user that docs/operation.md lists. */
const NEEDED =
  '-@all +auth +ping +eval +evalsha +time +type +get +set +strlen +del +hget +hset +pttl +pexpire +publish +subscribe +select';

let server: RedisServer;
let time: RetryTime;
let wire: Wire;

const isAt = (store: RedisStore, at: string) => until(() => store.state.at === at);
async function isGone(store: RedisStore, cause: string): Promise<void> {
  await isAt(store, 'gone');
  const expected = { code: 'AUTH_STORE', fault: 'store-gone', values: { host: store.host, cause } };
  await assert.rejects(store.get('a'), expected);
  await assert.rejects(store.lock('a'), expected);
  assert.equal(await store.put('a', 1, FIRST), false);
}

describe('a store whose Redis', () => {
  before(async () => {
    server = await startRedis();
  });
  after(endRedis);
  beforeEach(async () => {
    time = new RetryTime().hold();
    wire = await Wire.to(server.port);
    await server.admin.flushall();
  });
  afterEach(async () => {
    closeStores();
    // Neither a connection nor a timer is left.
    await until(() => wire.open === 0 && time.pending === 0);
    time.release();
    endWires();
  });

  it('does not run yet is unavailable at once, and is used automatically when it runs', async () => {
    wire.cut();
    const store = openRedis(wire, { time });
    await isGone(store, 'ECONNRESET');
    wire.mend();
    await time.bringsBack(store);
    assert.equal((await store.get('a'))?.value, 1);
  });

  it('has no listener on its port is unavailable at once', async () => {
    await isGone(openRedis({ port: await freePort() }, { time }), 'ECONNREFUSED');
  });

  it('has an unknown name is unavailable', async () => {
    const store = openRedis({ host: 'nowhere.invalid', port: 6379 }, { time });
    await isAt(store, 'gone');
    await assert.rejects(store.get('a'), { code: 'AUTH_STORE' });
  });

  it('accepts connections and sends nothing is unavailable after 2 s', async () => {
    wire.freeze();
    const store = openRedis(wire, { time });
    const read = store.get('a');
    read.catch(() => undefined);
    await until(() => wire.connections > 0);
    assert.equal(await isSettled(read), false);
    await time.pass(2_000);
    await assert.rejects(read, { code: 'AUTH_STORE', values: { host: store.host, cause: 'timeout' } });
    await isGone(store, 'timeout');
    // Connected or not, it is unavailable until it has answered.
    await time.pass(60_000);
    assert.equal(store.state.at, 'gone');
    wire.mend();
    await time.bringsBack(store);
  });

  it('stops answering is unavailable after 2 s, for current and new requests', async () => {
    const store = openRedis(wire, { time });
    await store.put('a', 1, FIRST);
    server.pause();
    try {
      const waiting = [store.get('a'), store.get('b'), store.lock('c')];
      const put = store.put('d', 1, FIRST);
      for (const each of waiting) each.catch(() => undefined);
      await time.pass(1_999);
      assert.equal(await isSettled(Promise.race([...waiting, put])), false);
      await time.pass(1);
      for (const each of waiting) await assert.rejects(each, { code: 'AUTH_STORE' });
      assert.equal(await put, false);
      await isGone(store, 'timeout');
    } finally {
      server.resume();
    }
    await time.bringsBack(store);
    assert.equal((await store.get('d'))?.value, 1);
  });

  it('disconnects silently is noticed, even without requests', async () => {
    const store = openRedis(wire, { time });
    let told = 0;
    store.watch('a', () => {
      told += 1;
    });
    await isAt(store, 'ready');
    await until(() => told > 0 && wire.open === 2);
    wire.freeze();
    await time.pass(10_000);
    await time.pass(2_000);
    await isGone(store, 'timeout');
    wire.mend();
    const before = told;
    await time.bringsBack(store);
    await until(() => told > before);
  });

  it('answers slowly, but within 2 s, works', async () => {
    const store = openRedis(wire, { time });
    await store.put('a', 1, FIRST);
    wire.freeze();
    const read = store.get('a');
    await time.pass(1_900);
    wire.mend();
    assert.equal((await read)?.value, 1);
    assert.equal(store.state.at, 'ready');
  });

  it('comes back empty is no error: the next write fills it, and numbers do not go back', async () => {
    const store = openRedis(server, { time });
    const before = await store.lock('a');
    assert.ok('fence' in before);
    await store.put('a', 1, { life: LIFE, fence: before.fence });
    await server.restart();
    await isAt(store, 'gone');
    await time.bringsBack(store);
    assert.equal(await store.get('a'), undefined);
    const next = await store.lock('a');
    assert.ok('fence' in next && next.fence > before.fence);
    assert.equal(await store.put('a', 2, { life: LIFE, fence: next.fence }), true);
    assert.equal(await store.put('a', 1, { life: LIFE, fence: before.fence }), false);
  });

  it('is tried again at growing intervals, endlessly, with a random part', async () => {
    const { pauses } = time;
    wire.cut();
    const store = openRedis(wire, { time });
    for (let tries = 1; tries < 10; tries += 1) {
      await until(() => pauses.length === tries);
      assert.equal(wire.connections, tries);
      assert.equal(store.state.at, 'gone');
      await time.pass(pauses.at(-1) ?? 0);
    }
    // The random value is a half, which leaves three quarters of 250 ms, doubled each time up to 10 s.
    assert.deepEqual(pauses.slice(0, 9), [187.5, 375, 750, 1500, 3000, 6000, 7500, 7500, 7500]);
  });

  for (const [what, settings, target, cause] of [
    ['wants a password', ['requirepass right'], {}, 'NOAUTH'],
    ['wants another password', ['requirepass right'], { password: 'WRONG' }, 'WRONGPASS'],
    ['does not know the user', ['requirepass right'], { username: 'who', password: 'WRONG' }, 'WRONGPASS'],
    ['has no such database', [], { database: 99 }, 'database'],
    ['has no memory left', ['maxmemory 1', 'maxmemory-policy noeviction'], {}, 'OOM'],
    ['is a replica', ['replicaof 127.0.0.1 1'], {}, 'READONLY'],
    [
      'lets the user do nothing',
      ['user limited on nopass ~* &* -@all +auth'],
      { username: 'limited', password: 'x' },
      'NOPERM EVAL',
    ],
    [
      'lets the user touch other keys alone',
      [`user limited on nopass ~other:* &* ${NEEDED}`],
      { username: 'limited', password: 'x' },
      'NOPERM key',
    ],
    [
      'lets the user use other channels alone',
      [`user limited on nopass ~vg-auth:* &other:* ${NEEDED}`],
      { username: 'limited', password: 'x' },
      'NOPERM channel',
    ],
  ] as [string, string[], object, string][]) {
    it(`${what} is unavailable, and reports why: ${cause}`, async () => {
      const other = await startRedis(settings, {
        password: settings[0]?.startsWith('requirepass') ? 'right' : undefined,
      });
      const store = openRedis({ port: other.port, ...target }, { time });
      await isGone(store, cause);
      assert.doesNotMatch(JSON.stringify(store.state), /WRONG[^P]|limited/);
    });
  }

  it('allows the user only the required commands works', async () => {
    const other = await startRedis([`user limited on >secret ~vg-auth:* &vg-auth:* ${NEEDED}`]);
    const target = { port: other.port, username: 'limited', password: 'secret', database: 1 };
    const store = openRedis(target, { time });
    let told = 0;
    store.watch('a', () => {
      told += 1;
    });
    await until(() => told > 0);
    const lock = await store.lock('a');
    assert.ok('fence' in lock);
    assert.equal(await store.put('a', 1, { life: LIFE, fence: lock.fence }), true);
    assert.equal((await store.get('a'))?.value, 1);
    assert.equal(await store.remove('a', lock.fence), true);
    await lock.release();
    assert.equal((await store.get('b'))?.value, undefined);
    await until(() => told >= 4);
    await time.pass(10_000);
    assert.equal(store.state.at, 'ready');
  });

  describe('uses TLS', () => {
    const { ca, server: pair, client } = certificates();
    let secured: RedisServer;
    before(async () => {
      const { mkdtempSync, writeFileSync } = await import('node:fs');
      const dir = mkdtempSync('/tmp/vg-auth-redis-tls-');
      for (const [name, text] of Object.entries({ ca, cert: pair.cert, key: pair.key }))
        writeFileSync(`${dir}/${name}`, text);
      const files = [`tls-ca-cert-file ${dir}/ca`, `tls-cert-file ${dir}/cert`, `tls-key-file ${dir}/key`];
      secured = await startRedis([...files, 'tls-auth-clients yes'], { tls: { ca, ...client } });
    });
    const over = (tls: object | undefined, host = 'localhost') =>
      openRedis({ host, port: secured.port, tls }, { time });

    it('works with the authority and a certificate of its own', async () => {
      const store = over({ ca, ...client });
      assert.equal(await store.put('a', 1, FIRST), true);
      assert.equal((await store.get('a'))?.value, 1);
    });

    it('is unavailable if its authority is unknown', async () => {
      const store = over({ ...client });
      await isAt(store, 'gone');
      assert.match(JSON.stringify(store.state), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/);
    });

    it('is unavailable if its certificate has another name', async () => {
      await isGone(over({ ca, ...client }, '127.0.0.1'), 'ERR_TLS_CERT_ALTNAME_INVALID');
    });

    it('is unavailable if it requires a certificate that it does not get, or if the connection is not TLS', async () => {
      for (const tls of [{ ca }, undefined]) {
        const store = over(tls);
        await isAt(store, 'gone');
        await assert.rejects(store.get('a'), { code: 'AUTH_STORE' });
      }
    });
  });

  it('is tested with a readable result, and left unchanged', async () => {
    const { port } = server;
    const settings = { kind: 'redis', ...addressOf(port), prefix: 'vg-auth:', encryptionKey: PASSPHRASE } as const;
    const verdict = await checkStore(settings, {}, systemClock);
    assert.equal(verdict.state, 'works');
    assert.ok(verdict.state === 'works' && !verdict.otherKey);
    const left = await server.admin.keys('*');
    assert.deepEqual(
      left.filter((key) => !/:fence$|:check$/.test(key)),
      [],
    );
    const keyring = keyringOf(PASSPHRASE, { prefix: 'vg-auth:', derive: deriveKey });
    await openRedis(server, { time, keyring }).get('a');
    const other = await checkStore({ ...settings, encryptionKey: 'another' }, {}, systemClock);
    assert.ok(other.state === 'works' && other.otherKey);
    const rotation = { ...settings, encryptionKey: 'another', previousEncryptionKey: PASSPHRASE };
    const record = await server.admin.get('vg-auth:master');
    const next = await checkStore(rotation, {}, systemClock);
    assert.ok(next.state === 'works' && !next.otherKey);
    assert.equal(
      await server.admin.get('vg-auth:master'),
      record,
      'nothing is sealed under a key that is not deployed',
    );
    const failed = await checkStore(
      { ...settings, ...addressOf(await freePort()), password: 'SECRET' },
      {},
      systemClock,
    );
    assert.ok(failed.state === 'failed' && failed.values.cause === 'ECONNREFUSED');
    assert.doesNotMatch(JSON.stringify([verdict, other, next, failed]), /SECRET|passphrase/);
  });
});
