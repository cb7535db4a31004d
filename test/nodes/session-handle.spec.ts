import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { functionNode, type Message, place, wire } from '../support/flows.ts';
import { guardFlow, PRACTICE, stored } from '../support/guard-server.ts';
import { asDebugShows, type Flow, load } from '../support/runtime.ts';

describe('the session handle in msg.auth.session', () => {
  let flow: Flow;
  let signedIn: Message;
  let handle: string;

  beforeEach(async () => {
    flow = await load(
      [
        ...guardFlow(PRACTICE),
        wire('attach-bearer', 'use', ['used', 'unknown'], { source: 'vg', server: 'server', userType: 'session' }),
        wire('vg-logout', 'end', ['ended'], { server: 'server', userType: 'session', user: 'auth.session' }),
        functionNode('text', ['kept'], 'msg.kept = String(msg.auth.session); return msg;'),
        functionNode('clone', ['cloned'], 'return RED.util.cloneMessage(RED.util.cloneMessage(msg));'),
        ...['used', 'unknown', 'ended', 'kept', 'cloned'].map(place),
      ],
      stored('plain'),
    );
    signedIn = (await flow.ask('login')).msg;
    handle = String(signedIn.auth?.session);
    assert.match(handle, /^[\w-]{20,}$/);
  });

  it('prints as [redacted], also from a clone', async () => {
    const cloned = (await flow.ask('clone', signedIn)).msg;
    for (const { auth } of [signedIn, cloned]) {
      for (const shown of [
        JSON.stringify({ auth }),
        JSON.stringify(auth?.session),
        inspect({ auth }, { depth: 9 }),
        asDebugShows({ auth }),
        asDebugShows(auth),
        asDebugShows(auth?.session),
      ]) {
        assert.ok(!shown.includes(handle), shown);
        assert.match(shown, /\[redacted\]/);
      }
    }
  });

  it('finds the session, unchanged, as a clone and as a text', async () => {
    const cloned = (await flow.ask('clone', signedIn)).msg.auth?.session;
    for (const session of [signedIn.auth?.session, cloned, handle])
      assert.equal((await flow.ask('use', { auth: { session } } as never)).at, 'used');
  });

  it('is a text with String(…), which a flow can keep', async () => {
    const { kept } = (await flow.ask('text', signedIn)).msg;
    assert.equal(kept, handle);
    assert.equal((await flow.ask('use', { auth: { session: kept } } as never)).at, 'used');
  });

  it('ends the session by VG logout', async () => {
    await flow.ask('end', { auth: { session: signedIn.auth?.session } } as never);
    assert.equal((await flow.ask('use', { auth: { session: handle } } as never)).at, 'unknown');
  });

  it('cannot be used after it was printed', async () => {
    const { at, msg } = await flow.ask('use', JSON.parse(JSON.stringify({ auth: signedIn.auth })));
    assert.deepEqual([at, msg.auth?.reason], ['unknown', 'no-session']);
  });
});
