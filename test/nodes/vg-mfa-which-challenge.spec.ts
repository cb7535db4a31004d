import assert from 'node:assert/strict';
import { setEnvironment } from '../support/environment.ts';
import { type Arrival, type FlowNode, type Message, wire } from '../support/flows.ts';
import { challenges, guardFlow, says, signsIn, stepOf, stored, way } from '../support/guard-server.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, serve, type TestServer } from '../support/servers.ts';

const FROM_MESSAGE = { login: { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' } };
const VICTIM = { u: 'victim', p: 'secret' };
const TAB = { type: 'tab', disabled: false, info: '' };
const SMS = way('w-sms', 1, 2);

function assertUnknown({ at, msg }: Arrival): void {
  assert.deepEqual([at, msg.auth?.state, msg.auth?.reason], ['refused', 'refused', 'challenge-unknown']);
  assert.equal('token' in msg, false);
  assert.equal(msg.auth?.user, undefined, 'whose challenge it might be is not told');
}

/** The submits and choices that the server received. */
const steps = (server: TestServer): string[] => server.requests.map(stepOf).filter((step) => step !== 'login');

/** A message with the ID of a challenge, as a client may have sent it. */
const withId = (id: unknown, payload = '123'): Message => ({ auth: { challenge: { id } } as never, payload });

describe('the challenge that a message names', () => {
  let server: TestServer;
  let flow: Flow;

  beforeEach(async () => {
    server = await serve(always(challenges(SMS)));
  });

  /** Signs in with a name and password from a message, and gets an open challenge. */
  const begin = async (message: Message = VICTIM): Promise<Message> => {
    const { at, msg } = await flow.ask('login', { ...message });
    assert.equal(at, 'mfa');
    server.answer = always(signsIn('token-1'));
    return { auth: msg.auth };
  };
  const settings = () => ({ url: server.origin, applicationId: 'a' });

  it('a message that names none reaches nobody: five of them do not end the only open sign-in', async () => {
    flow = await load(guardFlow(settings(), FROM_MESSAGE));
    const { auth } = await begin();

    for (const message of [{}, { auth: {} }, { auth: undefined }, { auth: 'x' }, withId(undefined), withId('')]) {
      for (const node of ['submit', 'choose'])
        assertUnknown(await flow.ask(node, { ...(message as Message), payload: '123' }));
    }

    assert.deepEqual(steps(server), []);
    assert.equal((await flow.ask('submit', { auth, payload: '123' })).at, 'in');
  });

  it('must be a text that was given out', async () => {
    flow = await load(guardFlow(settings(), FROM_MESSAGE));
    const { auth } = await begin();
    const id = String(auth?.challenge?.id);

    const ids = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      id.slice(1),
      `${id} `,
      id.toUpperCase(),
      '*',
    ];
    const values: unknown[] = [0, 1, true, null, [id], { id }, { toString: () => id }, new String(id), () => id];
    for (const each of [...ids, ...values]) {
      for (const node of ['submit', 'choose']) assertUnknown(await flow.ask(node, withId(each)));
    }

    assert.deepEqual(steps(server), []);
    assert.equal((await flow.ask('submit', withId(id))).at, 'in');
  });

  it('is the default if the property is absent or null: the message has to name the challenge', async () => {
    flow = await load(guardFlow(settings()));
    for (const challenge of [undefined, null]) {
      await flow.deploy(guardFlow(settings(), { ...FROM_MESSAGE, submit: { challenge } }));
      server.answer = always(challenges(SMS));
      const { auth } = await begin();
      assertUnknown(await flow.ask('submit', { payload: '123' }));
      assert.equal((await flow.ask('submit', { auth, payload: '123' })).at, 'in');
    }
  });

  describe('of a node whose own field is empty', () => {
    const OWN = { submit: { challenge: '' }, choose: { challenge: '' } };
    const SECOND = { id: 'second', type: 'vg-server' };

    it('is the stored user’s, whatever the message names', async () => {
      flow = await load(guardFlow(settings(), OWN), stored('person', 'THE-PASSWORD'));
      assertUnknown(await flow.ask('submit', { payload: '123' }));
      await begin({});
      server.answer = always(says('Failure, MFA_WaitingUserAction'));
      assert.equal((await flow.ask('choose', { payload: '' })).msg.auth?.state, 'code-required');
      server.answer = always(signsIn('token-1'));

      const { at, msg } = await flow.ask('submit', withId('made-up'));

      assert.deepEqual([at, msg.auth?.user], ['in', 'person']);
      assertUnknown(await flow.ask('submit', { payload: '123' }));
    });

    it('is never that of a user who came with a message, not even of one with the stored name', async () => {
      flow = await load(guardFlow(settings(), { ...OWN, ...FROM_MESSAGE }), stored('person', 'THE-PASSWORD'));
      for (const u of ['victim', 'person']) {
        server.answer = always(challenges(SMS));
        await begin({ u, p: 'secret' });
        for (const node of ['submit', 'choose']) assertUnknown(await flow.ask(node, { payload: '123' }));
      }
      assert.deepEqual(steps(server), []);
    });

    it('is unknown if two stored users have one, until one of them is signed in', async () => {
      const nodes: FlowNode[] = [
        ...guardFlow(settings(), OWN),
        { ...SECOND, ...settings() },
        wire('vg-login', 'other', ['in', 'mfa', 'refused'], { server: 'second' }),
        wire('vg-mfa', 'by-id', ['in', 'mfa', 'refused']),
      ];
      const credentials = { ...stored('one', 'x'), second: { username: 'two', password: 'x' } };
      flow = await load(nodes, credentials);
      const { msg } = await flow.ask('login');
      assert.equal((await flow.ask('other')).at, 'mfa');
      server.answer = always(signsIn('token-1'));

      assertUnknown(await flow.ask('submit', { payload: '123' }));

      assert.equal((await flow.ask('by-id', { auth: msg.auth, payload: '123' })).msg.auth?.user, 'one');
      assert.equal((await flow.ask('submit', { payload: '123' })).msg.auth?.user, 'two');
    });

    it('is not one that this node does not reach', async () => {
      const nodes = [
        ...guardFlow({ z: 'tab', ...settings() }),
        { id: 'elsewhere', label: 'elsewhere', ...TAB },
        wire('vg-mfa', 'far', ['in', 'mfa', 'refused'], { z: 'elsewhere', challenge: '' }),
        wire('vg-mfa', 'near', ['in', 'mfa', 'refused'], { challenge: '' }),
      ];
      flow = await load(nodes, stored('person', 'x'));
      await begin({});
      assertUnknown(await flow.ask('far', { payload: '123' }));
      assert.equal((await flow.ask('near', { payload: '123' })).at, 'in');
    });

    for (const [what, value] of [
      ['empty', ''],
      ['missing', undefined],
    ] as const) {
      it(`is not empty if the field is a variable that is ${what}`, async () => {
        setEnvironment({ VG_TEST_CHALLENGE: value });
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED resolves it.
        const challenge = '${VG_TEST_CHALLENGE}';
        const inner = wire('vg-mfa', 'inner', ['', '', ''], { z: 'sub', challenge });
        const sub = { id: 'sub', type: 'subflow', name: '', info: '', category: '', env: [], out: [] };
        flow = await load(
          [
            ...guardFlow(settings(), { submit: { challenge } }),
            { ...sub, in: [{ x: 0, y: 0, wires: [{ id: 'inner' }] }] },
            inner,
            wire('subflow:sub', 'instance', []),
          ],
          stored('person', 'x'),
        );
        await begin({});
        for (const node of ['submit', 'instance-inner']) {
          const { at, msg } = await flow.ask(node, { payload: '123' });
          assert.deepEqual([at, msg.error?.code], ['caught', 'AUTH_CONFIG'], node);
          assert.match(String(msg.error?.message), /VG_TEST_CHALLENGE/);
        }
        assert.deepEqual(steps(server), []);
      });
    }
  });

  describe('depends on the flow of its server', () => {
    const outputs = ['in', 'mfa', 'refused'];

    it('a challenge of another flow’s server is unknown, even with its ID; a global server’s is not', async () => {
      const nodes = (z?: string): FlowNode[] => [
        ...guardFlow({ ...(z ? { z } : {}), ...settings() }, FROM_MESSAGE),
        { id: 'elsewhere', label: 'elsewhere', ...TAB },
        { id: 'own', type: 'vg-server', z: 'elsewhere', url: server.origin, applicationId: 'b' },
        wire('vg-mfa', 'far', outputs, { z: 'elsewhere' }),
        wire('vg-mfa', 'far-choose', outputs, { z: 'elsewhere', action: 'choose' }),
      ];
      flow = await load(nodes('tab'), { server: { clientSecret: 'x' } });
      const { auth } = await begin();
      for (const node of ['far', 'far-choose']) assertUnknown(await flow.ask(node, { auth, payload: '123' }));
      assert.deepEqual(steps(server), []);

      await flow.deploy(nodes());
      assert.equal((await flow.ask('far', { auth, payload: '123' })).at, 'in', 'the same connection, global now');
    });

    it('a node in a subflow reaches the servers around it, and none outside reaches a server in it', async () => {
      const login = { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' };
      flow = await load([
        ...guardFlow({ z: 'tab', ...settings() }, FROM_MESSAGE),
        { id: 'sub', type: 'subflow', name: '', info: '', category: '', env: [], in: [], out: [] },
        { id: 'inner-server', type: 'vg-server', z: 'sub', url: server.origin, applicationId: 'b' },
        wire('vg-login', 'inner-login', ['', '', ''], { z: 'sub', server: 'inner-server', ...login }),
        wire('vg-mfa', 'inner', ['', '', ''], { z: 'sub' }),
        wire('subflow:sub', 'one', []),
        wire('subflow:sub', 'two', []),
      ]);
      const own = guardSpy(flow, 'one-inner-login');
      flow.send('one-inner-login', { ...VICTIM });
      const inner = (await own)[1];
      server.answer = always(signsIn('token-1'));
      assertUnknown(await flow.ask('submit', { auth: inner?.auth, payload: '123' }));

      server.answer = always(challenges(SMS));
      const { auth } = await begin();
      const answered = guardSpy(flow, 'two-inner');
      flow.send('two-inner', { auth, payload: '123' });
      assert.equal((await answered)[0]?.auth?.state, 'signed-in');
    });

    it('a challenge is unknown after its server was removed', async () => {
      flow = await load(guardFlow(settings(), FROM_MESSAGE));
      const { auth } = await begin();
      await flow.deploy(guardFlow(settings(), FROM_MESSAGE).filter(({ id }) => id === 'refused' || id === 'submit'));
      assertUnknown(await flow.ask('submit', { auth, payload: '123' }));
    });

    it('a message that arrives while the config node is restarted waits for it', async () => {
      flow = await load(guardFlow(settings(), FROM_MESSAGE));
      const { auth } = await begin();
      // Only the config node is deployed: the flow node stays, and gets its message while the other is closed.
      flow.node('server').on('close', (done: () => void) => {
        flow.send('submit', { auth, payload: '123' });
        setImmediate(done);
      });

      await flow.deploy(guardFlow({ name: 'renamed', ...settings() }, FROM_MESSAGE), 'nodes');

      assert.equal((await flow.next()).at, 'in');
    });
  });
});

/** The next message of a node, by its outputs. A node in a subflow has no position of its own. */
function guardSpy(flow: Flow, id: string): Promise<(Message | null)[]> {
  return new Promise((resolve) => {
    const node = flow.node(id) as unknown as { send: (messages: (Message | null)[]) => void };
    node.send = resolve;
  });
}
