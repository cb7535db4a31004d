import assert from 'node:assert/strict';
import { type FlowNode, wire } from '../support/flows.ts';
import { challenges, guardFlow, PRACTICE, says, signsIn, stepOf, stored, way } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { load } from '../support/runtime.ts';
import { type Answer, always, serve } from '../support/servers.ts';
import { CLIENT, grants, grantsInTurn, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

const DEPLOYS = ['full', 'flows', 'nodes'] as const;

describe('a deploy, and the token of a VGS account', () => {
  for (const type of DEPLOYS) {
    it(`keeps it if the account is unchanged (${type})`, async () => {
      const server = await serveTokens();
      const nodes = vgsFlow(server.origin);
      const flow = await load(nodes, VGS_CREDENTIALS);
      await flow.ask('get');

      await flow.deploy([...nodes, wire('vgs-token', 'new', ['token', 'refused'], { account: 'account' })], type);

      assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-1');
      assert.equal((await flow.ask('new')).msg.token?.access_token, 'token-1');
      assert.equal(server.requests.length, 1);
      assert.match(flow.status('new'), /valid-until/, 'a new node shows the state of the account');
    });
  }

  const kept: [string, object][] = [
    ['is renamed', { name: 'another name' }],
    ['gets another note of its vault', { vaultId: 'tnt2' }],
  ];
  for (const [what, change] of kept) {
    it(`keeps it if the account ${what}`, async () => {
      const server = await serveTokens();
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
      await flow.ask('get');

      await flow.deploy(vgsFlow(server.origin, change));

      assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-1');
    });
  }

  const dropped: [string, object, object | undefined][] = [
    ['gets another scope', { scope: 'a:b' }, undefined],
    ['gets another client authentication', { clientAuth: 'header' }, undefined],
    ['gets another secret', {}, { ...CLIENT, clientSecret: 'another' }],
    ['gets another client', {}, { ...CLIENT, clientId: 'another' }],
  ];
  for (const [what, change, client] of dropped) {
    it(`drops it if the account ${what}, even if it is changed back`, async () => {
      const server = await serveTokens();
      const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
      await flow.ask('get');

      await flow.deploy(vgsFlow(server.origin, change), 'full', { account: { ...CLIENT, ...client } });
      assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-2');
      await flow.deploy(vgsFlow(server.origin), 'full', VGS_CREDENTIALS);
      assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-3');
    });
  }

  it('drops it if the account is removed or disabled', async () => {
    const server = await serveTokens();
    const nodes = vgsFlow(server.origin);
    const flow = await load(nodes, VGS_CREDENTIALS);
    await flow.ask('get');

    await flow.deploy(nodes.filter(({ id }) => id !== 'account'));
    assert.equal((await flow.ask('get')).msg.error?.code, 'AUTH_CONFIG');
    await flow.deploy(nodes, 'full', VGS_CREDENTIALS);
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-2');

    await flow.deploy(nodes.map((node) => (node.id === 'account' ? { ...node, d: true } : node)));
    assert.equal((await flow.ask('get')).msg.error?.code, 'AUTH_CONFIG');
    await flow.deploy(nodes, 'full', VGS_CREDENTIALS);
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-3');
  });

  it('completes a request that is under way, and sends nothing from a closed node', async () => {
    let release: ((answer: Answer) => void) | undefined;
    const server = await serveTokens(
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    );
    const nodes = vgsFlow(server.origin);
    const flow = await load(nodes, VGS_CREDENTIALS);
    flow.send('get', { payload: 'before' });
    await until(() => release !== undefined);

    await flow.deploy(nodes);
    flow.send('get', { payload: 'after' });
    release?.(grants('token-1'));

    const { at, msg } = await flow.next();
    assert.deepEqual([at, msg.payload, msg.token?.access_token], ['token', 'after', 'token-1']);
    assert.equal(server.requests.length, 1);
    assert.deepEqual(flow.left, []);
  });

  it('leaves no timer of a node', async () => {
    const time = holdTime();
    const server = await serveTokens(grantsInTurn());
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await flow.ask('get');
    assert.ok(time.waiting > 0, 'the status has a timer');

    await flow.deploy([]);

    assert.equal(time.waiting, 0);
  });
});

describe('a deploy, and the sessions of a Visual Guard server', () => {
  const byHandle = (server = 'server'): FlowNode =>
    wire('attach-bearer', 'by-handle', ['ready', 'needed'], { source: 'vg', server, userType: 'session' });

  for (const [what, change] of [
    ['unchanged', {}],
    ['renamed', { name: 'another' }],
  ] as [string, object][]) {
    it(`keeps session and handle if the server is ${what}`, async () => {
      const server = await serve(always(signsIn('token-1')));
      const config = { url: server.origin, applicationId: 'a' };
      const flow = await load([...guardFlow(config), byHandle()], stored('person'));
      const { msg } = await flow.ask('login');

      await flow.deploy([...guardFlow({ ...config, ...change }), byHandle()]);

      assert.equal((await flow.ask('by-handle', { auth: msg.auth })).at, 'ready');
      assert.equal((await flow.ask('attach')).at, 'ready');
      assert.equal(String((await flow.ask('login')).msg.auth?.session), String(msg.auth?.session));
      assert.equal(server.requests.length, 1);
    });

    it(`keeps an open challenge if the server is ${what}`, async () => {
      const server = await serve(always(challenges(way('w', 1, 2))));
      const config = { url: server.origin, applicationId: 'a' };
      const flow = await load(guardFlow(config), stored('person'));
      const { msg } = await flow.ask('login');
      server.answer = always(says('Failure, MFA_WaitingUserAction'));
      await flow.ask('choose', { auth: msg.auth, payload: '' });

      await flow.deploy(guardFlow({ ...config, ...change }));
      server.answer = always(signsIn('token-1'));

      assert.equal((await flow.ask('submit', { auth: msg.auth, payload: '1' })).at, 'in');
      assert.deepEqual(server.requests.map(stepOf), ['login', 'choose', 'submit']);
    });
  }

  for (const [what, change, password] of [
    ['gets another module', { module: 'WindowsByCredential' }, 'practice'],
    ['gets another password', {}, 'another'],
    ['is another application', { applicationId: 'b' }, 'practice'],
  ] as [string, object, string][]) {
    it(`drops sessions and challenges if the server ${what}`, async () => {
      const server = await serve(always(signsIn('token-1')));
      const config = { url: server.origin, applicationId: 'a' };
      const login = { username: 'u', usernameType: 'msg', password: 'p', passwordType: 'msg' };
      const other = wire('vg-login', 'other', ['in', 'mfa', 'refused'], { server: 'server', ...login });
      const flow = await load([...guardFlow(config), byHandle(), other], stored('person'));
      const { msg } = await flow.ask('login');
      server.answer = always(challenges(way('w', 1, 2)));
      const offered = (await flow.ask('other', { u: 'another', p: 'x' })).msg;

      await flow.deploy(
        [...guardFlow({ ...config, ...change }), byHandle(), other],
        'full',
        stored('person', password),
      );

      assert.equal((await flow.ask('by-handle', { auth: msg.auth })).msg.auth?.reason, 'no-session');
      const late = await flow.ask('submit', { auth: offered.auth, payload: '1' });
      assert.equal(late.msg.auth?.reason, 'challenge-unknown');
    });
  }

  it('drops them if the server is removed', async () => {
    const nodes = [...guardFlow(PRACTICE), byHandle()];
    const flow = await load(nodes, stored('plain'));
    const { msg } = await flow.ask('login');

    await flow.deploy(nodes.filter(({ id }) => id !== 'server'));
    await flow.deploy(nodes, 'full', stored('plain'));

    assert.equal((await flow.ask('by-handle', { auth: msg.auth })).msg.auth?.reason, 'no-session');
  });

  it('closes the practice server with the last node that uses it, and keeps its state', async () => {
    const flow = await load(guardFlow(PRACTICE), stored('plain'));
    await flow.ask('login');
    const origin = await flow.engine.practice.start();
    assert.equal((await fetch(`${origin}/practice/inbox/nobody`)).status, 404);

    await flow.deploy(guardFlow({ url: 'https://identity.test', applicationId: 'a' }));
    await assert.rejects(fetch(`${origin}/practice/inbox/nobody`));

    await flow.deploy(guardFlow(PRACTICE));
    assert.equal((await flow.ask('login')).at, 'in');
  });
});
