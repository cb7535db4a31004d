import assert from 'node:assert/strict';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { Cluster, type Reply } from '../support/cluster.ts';
import type { FlowNode } from '../support/flows.ts';
import { endRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;
const REPLICAS = [0, 1, 2];

/** `POST /hold` and `/hold-name` wait for the stored user, or for a user by the name; `/asked` and `/order` return the events. */
function holding(guard: string): FlowNode[] {
  const entry = (path: string, to: string): FlowNode => ({
    id: `in-${path}`,
    type: 'http in',
    url: `/${path}`,
    method: 'post',
    wires: [[to]],
  });
  const code = (id: string, func: string, to: string[], outputs = 1): FlowNode => ({
    id,
    type: 'function',
    func,
    outputs,
    wires: [to],
  });
  const attach = { type: 'attach-bearer', source: 'vg', hold: 600, wires: [['note-order'], ['held']] };
  return [
    {
      id: 'person',
      type: 'vg-server',
      url: guard,
      applicationId: 'application',
      platform: 'Native',
      scope: 'openid offline_access',
      store: 'store',
      credentials: { clientSecret: 'of-the-person', username: 'anna', password: 'anna-password' },
    },
    entry('hold', 'attach-hold'),
    { ...attach, id: 'attach-hold', server: 'person', userType: 'stored' },
    entry('hold-name', 'attach-name'),
    { ...attach, id: 'attach-name', server: 'server', user: 'payload.user', userType: 'msg' },
    code('note-order', 'flow.set("order", [...(flow.get("order") || []), msg.payload.number]); return msg;', [
      'without-body',
    ]),
    {
      id: 'held',
      type: 'switch',
      property: 'auth.held',
      propertyType: 'msg',
      rules: [{ t: 'true' }, { t: 'else' }],
      checkall: 'false',
      outputs: 2,
      wires: [['note-asked'], ['say-needed']],
    },
    code('note-asked', 'flow.set("asked", [...(flow.get("asked") || []), msg.auth]); return null;', []),
    entry('asked', 'tell-asked'),
    code('tell-asked', 'msg.payload = { auth: { all: flow.get("asked") || [] } }; return msg;', ['out']),
    entry('order', 'tell-order'),
    code('tell-order', 'msg.payload = { auth: { all: flow.get("order") || [] } }; flow.set("order", []); return msg;', [
      'out',
    ]),
  ];
}

interface Asked {
  state: string;
  user: string;
  held?: boolean;
  challenge?: { id: string };
}

describe(`three ${version}s that hold messages, and share a store in Redis`, function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let cluster: Cluster;

  before(async () => {
    redis = await startRedis();
    const store = { kind: 'redis', url: `redis://127.0.0.1:${redis.port}`, prefix: 'hold:' };
    cluster = new Cluster({ version, replicas: 3, store, more: holding });
    await cluster.start();
  });

  after(async () => {
    await cluster?.end();
    await endRedis();
  });

  it('release all of them after the person has signed in at one, each in its order', async () => {
    const all = REPLICAS.flatMap((replica) => put(replica, 'hold', 4));
    await areHeld('person', 4);
    const asked = await Promise.all(REPLICAS.map((replica) => list<Asked>(replica, 'asked')));
    for (const each of asked) {
      assert.equal(each.length, 1, 'a human is asked once at each');
      assert.deepEqual([each[0]?.state, each[0]?.user, each[0]?.held], ['mfa-required', 'anna', true]);
    }
    const ids = new Set(asked.map(([first]) => first?.challenge?.id));
    assert.equal(ids.size, 1, 'for the same challenge');
    const [id] = ids;
    await cluster.callOne(1, 'choose', { id, method: 'otp-sms' });
    const { body } = await cluster.callOne(2, 'submit', { id, code: cluster.guard.code });
    assert.equal(body.at, 'in', JSON.stringify(body));
    for (const answer of await Promise.all(all)) assert.equal(answer.body.user, 'anna', JSON.stringify(answer));
    for (const replica of REPLICAS) assert.deepEqual(await list(replica, 'order'), [1, 2, 3, 4]);
    await areHeld('person', 0);
    const { logins, codes } = cluster.guard.counts;
    assert.deepEqual({ logins, codes }, { logins: 1, codes: 1 });
  });

  it('release those of another user by the name when that user has signed in at one', async () => {
    const all = REPLICAS.flatMap((replica) => put(replica, 'hold-name', 2, { user: 'service-bert' }));
    const others = put(0, 'hold-name', 1, { user: 'service-cleo' });
    await until(async () => (await Promise.all(REPLICAS.map((each) => held(each, 'server')))).join() === '3,2,2');
    const { body } = await cluster.callOne(1, 'login', { user: 'service-bert', password: 'service-bert-password' });
    assert.equal(body.at, 'in', JSON.stringify(body));
    for (const answer of await Promise.all(all)) assert.equal(answer.body.user, 'service-bert');
    for (const replica of REPLICAS) assert.deepEqual(await list(replica, 'order'), [1, 2]);
    assert.equal(await held(0, 'server'), 1, 'the other user has not signed in');
    await cluster.callOne(2, 'login', { user: 'service-cleo', password: 'service-cleo-password' });
    for (const answer of await Promise.all(others)) assert.equal(answer.body.user, 'service-cleo');
  });

  it('log one line with their number when one of them stops', async () => {
    const open = put(0, 'hold-name', 3, { user: 'service-late' });
    for (const each of open) each.catch(() => undefined);
    await until(async () => (await held(0, 'server')) === 3);
    const stopping = cluster.at(0);
    await cluster.stop(0);
    const lines = stopping.log.match(/^.*3 messages on hold for a sign-in were lost.*$/gm) ?? [];
    assert.equal(lines.length, 1, stopping.log);
    assert.match(lines[0] ?? '', /attach-bearer:attach-name/);
  });

  /** Calls a flow this many times, one after the other. Each call waits for its answer. */
  function put(replica: number, path: string, count: number, more: object = {}): Promise<Reply>[] {
    const calls: Promise<Reply>[] = [];
    let before: Promise<unknown> = Promise.resolve();
    for (let number = 1; number <= count; number += 1) {
      const config = path === 'hold' ? 'person' : 'server';
      const call = before.then(() => cluster.callOne(replica, path, { number, ...more }));
      calls.push(call);
      // The next one is sent when this one is on hold. Nobody waits for the last one, so nobody would handle its failure.
      if (number === count) break;
      const now = number;
      before = before.then(() => until(async () => (await held(replica, config)) >= now));
    }
    return calls;
  }

  /** How many messages a replica holds, as operators see it. */
  async function held(replica: number, id: string): Promise<number> {
    const { accounts } = (await cluster.at(replica).admin('vg-auth/accounts')) as {
      accounts: { id: string; waiting?: number }[];
    };
    return accounts.find((each) => each.id === id)?.waiting ?? 0;
  }

  function areHeld(id: string, count: number): Promise<void> {
    return until(async () =>
      (await Promise.all(REPLICAS.map((each) => held(each, id)))).every((each) => each === count),
    );
  }

  async function list<T>(replica: number, path: string): Promise<T[]> {
    const { body } = await cluster.callOne(replica, path, {});
    return (body.auth as { all?: T[] } | undefined)?.all ?? [];
  }
});
