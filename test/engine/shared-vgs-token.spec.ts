import assert from 'node:assert/strict';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import { VgsAccount, type VgsSettings } from '../../src/vgs/account.ts';
import { FakeSystem, isSettled, settle } from '../support/fake-system.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { ReplicaStore } from '../support/replica-store.ts';
import { json, OpenStep, ScriptedTransport, type Step } from '../support/scripted-transport.ts';
import '../support/rejections.ts';

const SETTINGS: VgsSettings = {
  tokenUrl: 'https://auth.example.org/token',
  clientId: 'AC-calm',
  clientSecret: 'secret',
  scope: 'cards:write network-tokens:write',
  clientAuth: 'body',
};

const granted = (token: string, more: object = {}): Step =>
  json(200, { access_token: token, expires_in: 300, token_type: 'bearer', scope: 'cards:write', ...more });

interface Replica {
  account: VgsAccount;
  transport: ScriptedTransport;
  store: ReplicaStore;
}

/** Replicas that share one store and one clock. */
class Fleet {
  readonly system = new FakeSystem();
  readonly memory = new MemoryStore(this.system);

  /** Delivers all notifications of the store. */
  async told(): Promise<void> {
    for (let round = 0; round < 5; round += 1) await settle();
  }

  replica(settings: Partial<VgsSettings> = {}, ...script: Step[]): Replica {
    const transport = new ScriptedTransport(this.system, ...script);
    const store = new ReplicaStore(this, this.system);
    return {
      transport,
      store,
      account: new VgsAccount(
        { ...SETTINGS, ...settings },
        transport,
        this.system,
        new StoreCoordinator(store, this.system),
      ),
    };
  }
}

/** The text of the token that a message gets at a replica. */
async function tokenOf({ account }: Replica): Promise<string | undefined> {
  return (await account.ask()).token?.accessToken;
}

describe('a VGS token that replicas share', () => {
  it('is requested once, however many replicas need it at the same time', async () => {
    const fleet = new Fleet();
    const answer = new OpenStep();
    const [a, b, c] = [fleet.replica({}, answer.step), fleet.replica(), fleet.replica()];
    const first = tokenOf(a);
    await settle();
    const others = Promise.all([tokenOf(b), tokenOf(c)]);
    assert.equal(await isSettled(others), false);
    answer.answer(granted('one') as object);
    assert.deepEqual([await first, ...(await others)], ['one', 'one', 'one']);
    assert.equal(a.transport.requests.length + b.transport.requests.length + c.transport.requests.length, 1);
  });

  it('is taken over by a replica that starts later, with its scopes and the rest of its life', async () => {
    const fleet = new Fleet();
    await tokenOf(fleet.replica({}, granted('one')));
    const expiresAt = fleet.system.now() + 300_000;
    await fleet.system.pass(100_000);
    const late = fleet.replica();
    const { token } = await late.account.ask();
    assert.equal(token?.accessToken, 'one');
    assert.equal(token?.expiresAt, expiresAt);
    assert.deepEqual(token?.scope, ['cards:write']);
    assert.deepEqual(token?.missingScope, ['network-tokens:write']);
    assert.equal(late.transport.requests.length, 0);
  });

  it('has its age measured from the record, not by another machine’s clock', async () => {
    const fleet = new Fleet();
    await tokenOf(fleet.replica({}, granted('one')));
    await fleet.system.pass(100_000);
    const behind = new FakeSystem();
    behind.setClock(-3_600_000);
    const account = new VgsAccount(
      SETTINGS,
      new ScriptedTransport(behind),
      behind,
      new StoreCoordinator(fleet.memory, behind),
    );
    const { token } = await account.ask();
    assert.equal((token?.expiresAt ?? 0) - behind.now(), 200_000);
  });

  it('is renewed by one request for all, and the others have it without a request', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.replica({}, granted('one'), granted('two')), fleet.replica()];
    await tokenOf(a);
    await tokenOf(b);
    await fleet.system.pass(280_000);
    assert.equal(await tokenOf(a), 'one');
    await fleet.told();
    assert.equal(b.account.source.current()?.accessToken, 'two');
    assert.equal(b.transport.requests.length, 0);
  });

  it('is renewed once if all replicas reach its end at the same time', async () => {
    const fleet = new Fleet();
    const replicas = [fleet.replica({}, granted('one')), fleet.replica(), fleet.replica()];
    await Promise.all(replicas.map(tokenOf));
    for (const { transport } of replicas) transport.otherwise = granted('two');
    await fleet.system.pass(300_000);
    assert.deepEqual(await Promise.all(replicas.map(tokenOf)), ['two', 'two', 'two']);
    assert.equal(
      replicas.reduce((sum, { transport }) => sum + transport.requests.length, 0),
      2,
    );
  });

  it('that an API rejected is not taken over again', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.replica({}, granted('one')), fleet.replica({}, granted('two'))];
    await tokenOf(a);
    await tokenOf(b);
    assert.equal(b.account.source.reject(b.account.source.token?.generation ?? 0), true);
    assert.equal(await tokenOf(b), 'two');
    await fleet.told();
    assert.equal(a.account.source.current()?.accessToken, 'two');
    assert.equal(a.transport.requests.length, 1);
  });

  it('is requested by another replica if the first one died, as soon as its lock has ended', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.replica({}, new OpenStep().step), fleet.replica({}, granted('one'))];
    void tokenOf(a);
    await settle();
    a.store.die();
    const waiting = tokenOf(b);
    await fleet.system.pass(5_999);
    assert.equal(await isSettled(waiting), false);
    await fleet.system.pass(1);
    assert.equal(await waiting, 'one');
  });

  it('is waited for without polling the store', async () => {
    const fleet = new Fleet();
    const answer = new OpenStep();
    const [a, b] = [fleet.replica({}, answer.step), fleet.replica()];
    void tokenOf(a);
    await settle();
    const waiting = tokenOf(b);
    await fleet.system.pass(5_000);
    assert.equal(b.store.asked.length, 2);
    answer.answer(granted('one') as object);
    assert.equal(await waiting, 'one');
  });

  it('is requested alone, at once, while the store is unavailable', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.replica({}, granted('one')), fleet.replica({}, granted('two'))];
    b.store.goAway();
    await tokenOf(a);
    assert.equal(await tokenOf(b), 'two');
  });

  it('is requested alone if the store fails while another replica holds the lock', async () => {
    const fleet = new Fleet();
    const [a, b] = [fleet.replica({}, new OpenStep().step), fleet.replica({}, granted('two'))];
    void tokenOf(a);
    await settle();
    const waiting = tokenOf(b);
    assert.equal(await isSettled(waiting), false);
    b.store.goAway();
    assert.equal(await waiting, 'two');
  });

  it('is written to the store when that is back', async () => {
    const fleet = new Fleet();
    const [a, late] = [fleet.replica({}, granted('one')), fleet.replica()];
    a.store.goAway();
    await tokenOf(a);
    await a.store.comeBack();
    assert.equal(await tokenOf(late), 'one');
  });

  it('is another one for another secret, client or scope, and the same for scopes in another order', async () => {
    const fleet = new Fleet();
    await tokenOf(fleet.replica({}, granted('one')));
    for (const settings of [{ clientSecret: 'other' }, { clientId: 'other' }, { scope: 'cards:write' }])
      assert.equal(await tokenOf(fleet.replica(settings, granted('its-own'))), 'its-own');
    assert.equal(await tokenOf(fleet.replica({ scope: ' network-tokens:write cards:write' })), 'one');
  });

  it('without a usable life is given to those who waited for it, and is not shared', async () => {
    const fleet = new Fleet();
    const endless = { expires_in: 'soon' };
    const [a, b] = [fleet.replica({}, granted('one', endless)), fleet.replica({}, granted('two', endless))];
    assert.deepEqual([await tokenOf(a), await tokenOf(b)], ['one', 'two']);
  });

  it('that is refused is refused to each of them, one after the other', async () => {
    const fleet = new Fleet();
    const refusal = json(401, { error: 'invalid_client' });
    const replicas = [fleet.replica({}, refusal), fleet.replica({}, refusal)];
    const asked = await Promise.all(replicas.map(({ account }) => account.ask()));
    assert.deepEqual(
      asked.map(({ refused }) => refused?.reason),
      ['client-invalid', 'client-invalid'],
    );
  });

  it('is treated as absent if no replica can have written it', async () => {
    const good = { version: 1, accessToken: 't', life: 300_000, left: 300_000, scope: [], missingScope: [] };
    const wrong: unknown[] = [
      null,
      'text',
      [],
      { ...good, version: 2 },
      { ...good, accessToken: '' },
      { ...good, accessToken: 'a\nb' },
      { ...good, accessToken: { a: 1 } },
      { ...good, life: Number.MAX_VALUE, left: Number.MAX_VALUE },
      { ...good, left: 300_001 },
      { ...good, left: -1 },
      { ...good, left: '300000' },
      { ...good, scope: 'cards:write' },
      { ...good, scope: [1] },
      { ...good, missingScope: undefined },
    ];
    for (const value of wrong) {
      const fleet = new Fleet();
      const replica = fleet.replica({}, granted('its-own'));
      replica.store.get = async () => ({ value, age: 0, fence: 0 });
      assert.equal(await tokenOf(replica), 'its-own', JSON.stringify(value));
    }
  });

  it('leaves no watcher and no timer behind', async () => {
    const fleet = new Fleet();
    const a = fleet.replica({}, granted('one'));
    await tokenOf(a);
    a.account.close();
    fleet.memory.close();
    assert.equal(fleet.system.pending, 0);
  });
});
