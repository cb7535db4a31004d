import assert from 'node:assert/strict';
import { type FlowNode, wire } from '../support/flows.ts';
import { challenges, guardFlow, signsIn, stored, way } from '../support/guard-server.ts';
import { load, logged } from '../support/runtime.ts';
import { always, serve } from '../support/servers.ts';

const FROM_MESSAGE = { login: { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' } };

describe('the setting vgAuthMaxSessions', () => {
  it('limits the sessions: the least recently used one is removed first', async () => {
    const server = await serve(always(signsIn('token-1')));
    const flow = await load(
      [
        ...guardFlow({ url: server.origin, applicationId: 'a' }, FROM_MESSAGE),
        wire('attach-bearer', 'by-name', ['ready', 'needed'], {
          source: 'vg',
          server: 'server',
          user: 'u',
          userType: 'msg',
        }),
      ],
      {},
      { vgAuthMaxSessions: 2 },
    );
    const isThere = async (u: string): Promise<boolean> => (await flow.ask('by-name', { u })).at === 'ready';

    for (const u of ['one', 'two']) await flow.ask('login', { u, p: 'x' });
    assert.equal(await isThere('one'), true);
    await flow.ask('login', { u: 'three', p: 'x' });

    assert.deepEqual([await isThere('one'), await isThere('two'), await isThere('three')], [true, false, true]);
  });

  it('limits the challenges', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(
      guardFlow({ url: server.origin, applicationId: 'a' }, FROM_MESSAGE),
      {},
      { vgAuthMaxSessions: 2 },
    );
    const all = [];
    for (const u of ['one', 'two', 'three']) all.push((await flow.ask('login', { u, p: 'x' })).msg.auth);
    server.answer = always(signsIn('token-1'));

    const outputs: string[] = [];
    for (const auth of all) outputs.push((await flow.ask('submit', { auth, payload: '1' })).at);
    assert.deepEqual(outputs, ['refused', 'in', 'in']);
  });
});

describe('a user who signs in again and again', () => {
  const crowd = (): number => logged().split('server.crowded').length - 1;
  const OUTPUTS = ['in', 'mfa', 'refused'];

  it('ends no session of others, and one warning is logged for each server, however many config nodes it has', async () => {
    const server = await serve(always(signsIn('token-1')));
    const at = { url: server.origin, applicationId: 'a' };
    const nodes: FlowNode[] = [
      ...guardFlow(at, FROM_MESSAGE),
      { id: 'same', type: 'vg-server', ...at },
      { id: 'other', type: 'vg-server', ...at, applicationId: 'b' },
      wire('vg-login', 'at-same', OUTPUTS, { server: 'same', ...FROM_MESSAGE.login }),
      wire('vg-login', 'at-other', OUTPUTS, { server: 'other', ...FROM_MESSAGE.login }),
      wire('vg-login', 'stored', OUTPUTS, { server: 'server' }),
      wire('attach-bearer', 'of-stored', ['ready', 'needed'], { source: 'vg', server: 'server', userType: 'stored' }),
      wire('attach-bearer', 'by-handle', ['ready', 'needed'], { source: 'vg', server: 'server', userType: 'session' }),
    ];
    const flow = await load(nodes, { ...stored('robot', 'x'), same: stored('robot', 'x').server });
    const signIn = async (node: string, u: string, times: number): Promise<void> => {
      for (let count = 0; count < times; count += 1) assert.equal((await flow.ask(node, { u, p: 'x' })).at, 'in');
    };
    await flow.ask('stored');
    const { msg } = await flow.ask('login', { u: 'bert', p: 'x' });
    await signIn('login', 'anna', 20);
    assert.equal(crowd(), 0);

    await signIn('login', 'robot', 25);
    await signIn('at-same', 'Anna', 25);

    assert.equal(crowd(), 1);
    server.answer = always({ status: 503 });
    assert.equal((await flow.ask('of-stored')).at, 'ready');
    assert.equal((await flow.ask('by-handle', { auth: msg.auth })).at, 'ready');

    server.answer = always(signsIn('token-1'));
    await flow.deploy(nodes, 'full');
    await signIn('login', 'anna', 5);
    assert.equal(crowd(), 1);
    await signIn('at-other', 'anna', 21);
    assert.equal(crowd(), 2);
  });

  it('has five open challenges: the sixth ends the least recently used one', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }, FROM_MESSAGE));
    const begin = async (u: string) => ({ auth: (await flow.ask('login', { u, p: 'x' })).msg.auth, payload: '1' });
    const bert = await begin('bert');
    const all = [];
    for (const u of ['anna', 'Anna', 'ANNA', ' anna', 'anna ', 'anna\u00a0']) all.push(await begin(u));
    server.answer = always(signsIn('token-1'));

    const outputs: string[] = [];
    for (const each of [...all, bert]) outputs.push((await flow.ask('submit', each)).at);
    assert.deepEqual(outputs, ['refused', 'in', 'in', 'in', 'in', 'in', 'in']);
  });
});
