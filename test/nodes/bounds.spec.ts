import assert from 'node:assert/strict';
import { wire } from '../support/flows.ts';
import { challenges, guardFlow, signsIn, way } from '../support/guard-server.ts';
import { load } from '../support/runtime.ts';
import { always, serve } from '../support/servers.ts';

const FROM_MESSAGE = { login: { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' } };

describe('the setting vgAuthMaxSessions', () => {
  it('bounds the sessions: the one longest unused goes first', async () => {
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

  it('bounds the challenges', async () => {
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
