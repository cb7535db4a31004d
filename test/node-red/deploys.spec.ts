import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { CountingServer } from '../support/counting-server.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';

const version = (process.env.NODE_RED ?? 'node-red') as NodeRedVersion;

/** A node of a flow file. */
interface Flow {
  id: string;
  type: string;
  [property: string]: unknown;
}

describe(`deploys through the admin API of ${version}`, () => {
  const server = new CountingServer();
  let userDir: string;
  let nodeRed: NodeRed;

  before(async function () {
    this.timeout(60_000);
    await server.start();
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-deploys-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version, userDir });
  });

  after(async () => {
    await nodeRed?.stop();
    server.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** Config nodes and rows. `changes` are merged into the node with that ID. */
  function flows(changes: Record<string, object> = {}, without: string[] = []): Flow[] {
    const z = 'tab';
    const inject = (id: string, to: string, props: object[] = []): Flow => ({
      id,
      z,
      type: 'inject',
      props,
      wires: [[to]],
      x: 100,
      y: 100,
    });
    const debug = (id: string, complete: string): Flow => ({
      id,
      z,
      type: 'debug',
      name: id,
      active: true,
      tosidebar: true,
      complete,
      targetType: 'msg',
      x: 100,
      y: 100,
      wires: [],
    });
    const all: Flow[] = [
      { id: z, type: 'tab', label: 'deploys' },
      {
        id: 'account',
        type: 'vgs-account',
        name: 'VGS account',
        tokenUrl: `${server.origin}/auth/realms/vgs/protocol/openid-connect/token`,
        scope: 'cards:write',
        clientAuth: 'body',
        credentials: { clientId: 'practice', clientSecret: 'practice' },
      },
      {
        id: 'server',
        type: 'vg-server',
        name: 'VG server',
        url: server.origin,
        applicationId: 'deploys',
        platform: 'Native',
        scope: 'openid offline_access',
        module: 'VGUser',
        mfaCredentials: 'none',
        credentials: { username: 'plain', password: 'practice' },
      },
      inject('get', 'vgs-token'),
      {
        id: 'vgs-token',
        z,
        type: 'vgs-token',
        account: 'account',
        property: 'token',
        wires: [['token'], ['token']],
        x: 100,
        y: 100,
      },
      debug('token', 'auth'),
      inject('call', 'attach'),
      {
        id: 'attach',
        z,
        type: 'attach-bearer',
        source: 'vg',
        server: 'server',
        userType: 'stored',
        wires: [['ready'], ['needed']],
        x: 100,
        y: 100,
      },
      debug('ready', 'headers'),
      debug('needed', 'auth'),
      inject('login', 'vg-login', [
        { p: 'user', v: 'sms', vt: 'str' },
        { p: 'password', v: 'practice', vt: 'str' },
      ]),
      inject('login-link', 'vg-login', [
        { p: 'user', v: 'link', vt: 'str' },
        { p: 'password', v: 'practice', vt: 'str' },
      ]),
      inject('login-link-sms', 'vg-login', [
        { p: 'user', v: 'link-sms', vt: 'str' },
        { p: 'password', v: 'practice', vt: 'str' },
      ]),
      {
        id: 'vg-login',
        z,
        type: 'vg-login',
        server: 'server',
        username: 'user',
        usernameType: 'msg',
        password: 'password',
        passwordType: 'msg',
        method: 'first',
        property: 'token',
        wires: [['signed-in'], ['asked'], ['refused']],
        x: 100,
        y: 100,
      },
      { id: 'code', z, type: 'http in', url: '/code', method: 'post', wires: [['vg-mfa', 'reply']], x: 100, y: 100 },
      { id: 'reply', z, type: 'http response', statusCode: '', wires: [], x: 100, y: 100 },
      {
        id: 'vg-mfa',
        z,
        type: 'vg-mfa',
        action: 'submit',
        code: 'payload.code',
        codeType: 'msg',
        challenge: 'payload.challenge',
        challengeType: 'msg',
        property: 'token',
        wires: [['signed-in'], ['asked'], ['refused']],
        x: 100,
        y: 100,
      },
      debug('signed-in', 'auth'),
      debug('asked', 'auth'),
      debug('refused', 'auth'),
    ];
    return all.filter(({ id }) => !without.includes(id)).map((node) => ({ ...node, ...changes[node.id] }));
  }

  const click = async (inject: string, debug: string): Promise<Record<string, unknown>> =>
    JSON.parse((await nodeRed.nextDebug(debug, () => nodeRed.inject(inject))).msg);
  const submit = (body: object): Promise<void> => nodeRed.admin('code', body).then(() => undefined);
  const tokens = (): number => server.count({ grant_type: 'client_credentials' });
  const logins = (): number => server.count({ grant_type: 'VGAuthenticator', Username: 'plain' });

  it('keeps tokens and sessions of an unchanged and of a renamed config node, and drops those of a changed one', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows());
    assert.equal((await click('get', 'token')).state, 'signed-in');
    assert.equal((await click('call', 'ready')).authorization, '[redacted]');
    assert.deepEqual([tokens(), logins()], [1, 1]);

    await nodeRed.deploy(flows());
    await click('get', 'token');
    await click('call', 'ready');
    assert.deepEqual([tokens(), logins()], [1, 1], 'unchanged');

    await nodeRed.deploy(flows({ account: { name: 'another name' }, server: { name: 'another name' } }));
    await click('get', 'token');
    await click('call', 'ready');
    assert.deepEqual([tokens(), logins()], [1, 1], 'renamed');

    await nodeRed.deploy(
      flows({ account: { scope: 'cards:read' }, server: { scope: 'openid profile offline_access' } }),
    );
    await click('get', 'token');
    await click('call', 'ready');
    assert.deepEqual([tokens(), logins()], [2, 2], 'changed');

    await nodeRed.deploy(flows());
    await click('get', 'token');
    await click('call', 'ready');
    assert.deepEqual([tokens(), logins()], [3, 3], 'changed back: what was dropped stays dropped');
  });

  it('drops the tokens and sessions of a removed and of a disabled config node', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows());
    await click('get', 'token');
    await click('call', 'ready');
    const before = [tokens(), logins()] as const;

    await nodeRed.deploy(flows({}, ['account', 'server']));
    await nodeRed.deploy(flows());
    await click('get', 'token');
    await click('call', 'ready');
    assert.deepEqual([tokens(), logins()], [before[0] + 1, before[1] + 1], 'removed');

    await nodeRed.deploy(flows({ account: { d: true }, server: { d: true } }));
    await nodeRed.deploy(flows());
    await click('get', 'token');
    await click('call', 'ready');
    assert.deepEqual([tokens(), logins()], [before[0] + 2, before[1] + 2], 'disabled');
  });

  it('keeps an open challenge over a full deploy of an unchanged config node, and not of a changed one', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows());
    const asked = (await click('login', 'asked')) as { state: string; challenge: { id: string } };
    assert.equal(asked.state, 'code-required');
    await nodeRed.deploy(flows({ server: { name: 'renamed' } }));
    const code = server.practice.visualGuard.inboxOf('sms')?.text;
    const answer = await nodeRed.nextDebug('signed-in', () => submit({ code, challenge: asked.challenge.id }));
    assert.equal(JSON.parse(answer.msg).state, 'signed-in');

    const again = (await click('login-link', 'asked')) as { state: string; challenge: { id: string } };
    assert.equal(again.state, 'link-sent');
    await nodeRed.deploy(flows({ server: { scope: 'openid' } }));
    const gone = await nodeRed.nextDebug('refused', () => submit({ code: '1', challenge: again.challenge.id }));
    assert.equal(JSON.parse(gone.msg).reason, 'challenge-unknown');
  });

  it('ends the open request of a link with the deploy, and keeps its challenge', async function () {
    this.timeout(60_000);
    await nodeRed.deploy(flows({ server: { scope: 'openid profile' } }));
    const asked = (await click('login-link-sms', 'asked')) as {
      state: string;
      reason?: string;
      challenge: { id: string; method: string };
    };
    assert.equal(asked.state, 'link-sent', asked.reason);
    await nodeRed.deploy(flows({ server: { scope: 'openid profile' } }));
    await server.cut({
      MFAAvailableId: server.seen.findLast(({ form }) => form.MFAAvailableId)?.form.MFAAvailableId ?? '',
    });
    const answer = await nodeRed.nextDebug('asked', () => submit({ code: '1', challenge: asked.challenge.id }));
    assert.equal(JSON.parse(answer.msg).state, 'link-sent', 'the challenge is still there');
  });
});
