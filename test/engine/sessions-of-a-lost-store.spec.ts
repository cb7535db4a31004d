import assert from 'node:assert/strict';
import { Engine } from '../../src/engine/engine.ts';
import { ContextStore } from '../../src/store/context.ts';
import { StoreCoordinator } from '../../src/store/store-coordinator.ts';
import type { ServerContext } from '../../src/visual-guard/context.ts';
import { Endings } from '../../src/visual-guard/session/endings.ts';
import { ServerSessions } from '../../src/visual-guard/session/server-sessions.ts';
import type { Session } from '../../src/visual-guard/session/session.ts';
import { Sessions } from '../../src/visual-guard/session/sessions.ts';
import { FakeSystem, settle } from '../support/fake-system.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { OneTimeGuard } from '../support/one-time-guard.ts';
import { ReplicaStore } from '../support/replica-store.ts';
import { ScriptedTransport } from '../support/scripted-transport.ts';
import { LIFE, PERSON, textOf } from '../support/shared-sessions.ts';
import { keyringOf } from '../support/stores.ts';
import { ASK, isSignedIn, SETTINGS } from '../support/visual-guard.ts';
import '../support/rejections.ts';

const MOST = 10_000;

describe('sessions whose store was lost', () => {
  it('are renewed in time if the store belongs to this process only and just its disk is full', async () => {
    const system = new FakeSystem();
    const guard = new OneTimeGuard();
    let isFull = false;
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const store = new ContextStore(
      {
        get: (keys, answer) => answer(null, ...keys.map(() => undefined)),
        set: (_keys, _values, answer) => answer(isFull ? full : undefined),
        keys: (answer) => answer(null, []),
      },
      keyringOf(),
      'context default',
      system,
    );
    const transport = new ScriptedTransport(system);
    transport.otherwise = ({ form }) => guard.answer(form);
    const server = new Engine(100, system).holdServer(SETTINGS, transport, '', store).value;
    const { session } = isSignedIn(await server.signIn(PERSON, ASK));
    const first = await textOf(session);
    isFull = true;
    await store.put('other', 1, { life: LIFE, fence: 0 });
    assert.deepEqual(store.state, { at: 'gone', cause: 'ENOSPC' });
    await system.pass(LIFE - 30_000);
    // The old token is used; a message starts the renewal.
    await textOf(session);
    for (let round = 0; round < 10; round += 1) await settle();
    assert.equal(guard.counts.refreshes, 1);
    assert.notEqual(session.source.current()?.accessToken, first);
    store.close();
  });

  it('that were ended meanwhile end everywhere in portions, the newest ten thousand', async () => {
    const system = new FakeSystem();
    const shared = { memory: new MemoryStore(system, 100_000) };
    const store = new ReplicaStore(shared, system);
    const wire = { transport: { host: 'host' } };
    const coordinator = new StoreCoordinator(store, system);
    const context = { wire, system, coordinator, connection: 'connection' } as unknown as ServerContext;
    const sessions = new ServerSessions(context, new Sessions(10));
    const session = (handle: string) => ({
      handle,
      user: 'anna',
      refreshToken: 'refresh token',
      isRefreshing: false,
      end: () => undefined,
      writeEnd: async () => undefined,
    });
    const handle = (i: number): string => String(i).padStart(24, '0');
    store.goAway();
    for (let i = 0; i <= MOST; i += 1) await sessions.end(session(handle(i)));
    // The first one is not remembered, so it is looked for again. The last one is remembered.
    await assert.rejects(sessions.find(handle(0)), { code: 'AUTH_STORE' });
    assert.equal(await sessions.find(handle(MOST)), undefined);
    let underWay = 0;
    let most = 0;
    const get = store.get.bind(store);
    store.get = async (name) => {
      if (!name.startsWith('session')) return get(name);
      underWay += 1;
      most = Math.max(most, underWay);
      await settle();
      return get(name).finally(() => (underWay -= 1));
    };
    store.asked.length = 0;
    await store.comeBack();
    const read = (): number => store.asked.filter((each) => each.startsWith('get session')).length;
    while (read() < MOST) await settle();
    for (let round = 0; round < 10; round += 1) await settle();
    assert.equal(read(), MOST);
    assert.ok(most <= 50, `${most} at once`);
    assert.equal((await sessions.find(handle(MOST))) as Session | undefined, undefined);
    sessions.close();
  });

  it('that were ended meanwhile are not all written twice if the store is lost again soon', async () => {
    const writing: (() => void)[] = [];
    let writes = 0;
    const endings = new Endings(() => {
      writes += 1;
      return new Promise<void>((resolve) => writing.push(resolve));
    });
    for (let i = 0; i < 100; i += 1) endings.add(`handle ${i}`, '');
    const all = [endings.catchUp(() => true), endings.catchUp(() => true)];
    while (writing.length > 0) {
      for (const written of writing.splice(0)) written();
      await settle();
    }
    await Promise.all(all);
    // The first portion of the first round, and all of the second round.
    assert.equal(writes, 150);
  });
});
