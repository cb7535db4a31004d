import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import sinon, { type SinonSpy } from 'sinon';
import type { ConnectionNode } from '../../nodes/shared/config/connection-node.ts';
import type { VgsAccount } from '../../src/vgs/account.ts';
import { type FlowNode, place } from '../support/flows.ts';
import { challenges, guardFlow, says, signsIn, stored, way } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, closedPort, inTurn, serve } from '../support/servers.ts';
import { grants, refuses, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

/** A line that a log handler gets. */
interface Line {
  level: number;
  event?: string;
  [property: string]: unknown;
}

const AUDIT = 98;
const METRIC = 99;

/** The lines of a level since the flow was loaded, as a handler of `logging` in settings.js gets them. */
function lines(level: number): Line[] {
  const all = (helper.log() as unknown as SinonSpy).getCalls().map((call) => call.args[0] as Line);
  return all.filter((line) => line.level === level && String(line.event).includes('vg-auth'));
}

/** The audit lines without level and time. */
function audit(): object[] {
  return lines(AUDIT).map(({ level, timestamp, ...line }) => line);
}

describe('the audit log', () => {
  it('has a line for each sign-in of a service account, for any number of waiting messages', async () => {
    const server = await serveTokens();
    const flow = await load(vgsFlow(server.origin, { name: 'my account' }), VGS_CREDENTIALS);
    for (let count = 0; count < 20; count += 1) flow.send('get');
    for (let count = 0; count < 20; count += 1) await flow.next();
    const who = { id: 'account', type: 'vgs-account', name: 'my account' };
    assert.deepEqual(audit(), [{ event: 'vg-auth.sign-in', ...who }]);
  });

  it('has a line for a refusal, and none for its repetition from memory', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await flow.ask('get');
    await flow.ask('get');
    const who = { id: 'account', type: 'vgs-account' };
    assert.deepEqual(audit(), [{ event: 'vg-auth.refused', ...who, reason: 'client-invalid' }]);
  });

  it('has one line if two config nodes are the same connection, and one over a deploy', async () => {
    const server = await serveTokens(inTurn(grants('token-1', { expires_in: 0 }), grants('token-2')));
    const twin: FlowNode = { id: 'twin', type: 'vgs-account', tokenUrl: server.origin };
    const nodes = [...vgsFlow(server.origin), twin];
    const both = { ...VGS_CREDENTIALS, twin: VGS_CREDENTIALS.account };
    const flow = await load(nodes, both);
    await flow.ask('get');
    assert.equal(audit().length, 1);
    await flow.deploy(
      nodes
        .filter(({ id }) => id !== 'account')
        .map((node) => (node.id === 'get' ? { ...node, account: 'twin' } : node)),
      'full',
      both,
    );
    await flow.ask('get');
    assert.deepEqual(audit().slice(1), [{ event: 'vg-auth.sign-in', id: 'twin', type: 'vgs-account' }]);
  });

  it('contains the user of each sign-in, refusal and sign-out at Visual Guard, and no other personal data', async () => {
    const server = await serve(always(signsIn('token-1')));
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a', name: 'VG' }, { login }));
    const who = { id: 'server', type: 'vg-server', name: 'VG' };
    const person = { user: 'anna', password: 'hers' };

    await flow.ask('login', { ...person });
    server.answer = always(says('Failure, PasswordDoesNotMatch'));
    await flow.ask('login', { ...person, password: 'wrong' });
    await flow.ask('login', { ...person, password: 'wrong' });
    assert.deepEqual(audit(), [
      { event: 'vg-auth.sign-in', ...who, user: 'anna' },
      { event: 'vg-auth.refused', ...who, user: 'anna', reason: 'credentials-invalid' },
      { event: 'vg-auth.refused', ...who, user: 'anna', reason: 'held-back' },
    ]);
  });

  it('follows a challenge to its end, and contains nothing about one of another connection', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('robot'));
    const who = { id: 'server', type: 'vg-server' };
    const { msg } = await flow.ask('login');
    server.answer = always(says('Failure, MFA_WaitingUserAction'));
    await flow.ask('choose', { auth: msg.auth, payload: '' });
    const needed = { event: 'vg-auth.needs-human', ...who, user: 'robot' };
    const sent = { event: 'vg-auth.code-sent', ...who, user: 'robot' };
    assert.deepEqual(audit(), [needed, sent], 'nobody was signed in or refused yet');
    server.answer = inTurn(says('Failure, SecureCodeDoesNotMatch'), signsIn('token-1'), {});
    await flow.ask('submit', { auth: msg.auth, payload: 'CODE1' });
    await flow.ask('submit', { auth: msg.auth, payload: 'CODE2' });
    await flow.ask('submit', { auth: msg.auth, payload: 'CODE3' });
    await flow.ask('logout');
    assert.deepEqual(audit(), [
      needed,
      sent,
      { event: 'vg-auth.refused', ...who, user: 'robot', reason: 'code-invalid' },
      { event: 'vg-auth.recovered', ...who, user: 'robot' },
      { event: 'vg-auth.sign-in', ...who, user: 'robot' },
      { event: 'vg-auth.refused', id: 'submit', type: 'vg-mfa', reason: 'challenge-unknown' },
      { event: 'vg-auth.sign-out', ...who, user: 'robot', revoked: ['refresh_token'] },
    ]);
    assert.doesNotMatch(JSON.stringify(lines(AUDIT)), /CODE|token-1|practice/);
  });

  it('has a line for a session that was not renewed', async () => {
    const time = holdTime();
    const server = await serve(inTurn(signsIn('token-1'), refuses(400, 'invalid_grant')));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('robot'));
    await flow.ask('login');
    time.set(1_800_000);
    server.answer = inTurn(refuses(400, 'invalid_grant'), signsIn('token-2'));
    await flow.ask('attach');
    const said = audit() as { event: string; reason?: string }[];
    assert.deepEqual(
      said.map(({ event, reason }) => [event, reason]),
      [
        ['vg-auth.sign-in', undefined],
        ['vg-auth.refused', 'session-expired'],
        ['vg-auth.sign-in', undefined],
      ],
    );
  });

  it('accepts no line breaks in a user name', async () => {
    const server = await serve(always(says('Failure, UserNotFound')));
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a', name: 'VG\n[audit] {}' }, { login }));
    const user = `eve\r\n22 Nov 10:00:00 - [audit] {"event":"vg-auth.sign-in"}\u001b[2J\u2028\u202e${'x'.repeat(8_000)}`;
    await flow.ask('login', { user, password: 'x' });
    const [line] = lines(AUDIT);
    assert.match(String(line.user), /^eve\\u\{d\}\\u\{a\}22 Nov/);
    assert.ok(String(line.user).length < 300);
    for (const text of [line.user, line.name]) assert.doesNotMatch(String(text), /[\p{C}\p{Zl}\p{Zp}]/u);
  });
});

describe('the counts of a config node', () => {
  interface Told {
    status?: { text?: string; counts?: Record<string, number>; source?: { id: string } };
  }

  async function flowOf(nodes: FlowNode[], credentials = {}): Promise<{ flow: Flow; counts: (id: string) => unknown }> {
    const listener = { id: 'listener', type: 'status', scope: null, wires: [['told']] };
    const flow = await load([...nodes, listener, place('told')], credentials);
    const newest: Record<string, unknown> = {};
    flow.node('told').on('input', (msg) => {
      const { status } = msg as Told;
      if (status?.source && status.counts) newest[status.source.id] = status.counts;
    });
    return { flow, counts: (id) => newest[id] };
  }

  it('reach a Status node: requests, hits, waits and refusals of an account', async () => {
    const server = await serveTokens(inTurn(grants('token-1'), refuses(401, 'invalid_client')));
    const { flow, counts } = await flowOf(vgsFlow(server.origin), VGS_CREDENTIALS);
    for (let count = 0; count < 5; count += 1) flow.send('get');
    for (let count = 0; count < 5; count += 1) await flow.next('token');
    await until(() => counts('account') !== undefined);
    assert.deepEqual(counts('account'), { requests: 1, hits: 0, waits: 5, refusals: 0 });

    for (let count = 0; count < 7; count += 1) {
      flow.send('get');
      await flow.next('token');
    }
    const { source } = (flow.node('account') as unknown as ConnectionNode<VgsAccount>).connection ?? {};
    source?.reject(source.token?.generation ?? 0);
    flow.send('get');
    await flow.next('refused');
    await until(() => (counts('account') as { refusals: number }).refusals === 1);
    assert.deepEqual(counts('account'), { requests: 2, hits: 7, waits: 6, refusals: 1 });
  });

  it('include every try of a request, and requests without an answer', async () => {
    holdTime();
    const port = await closedPort();
    const { flow, counts } = await flowOf(vgsFlow(`http://127.0.0.1:${port}`), VGS_CREDENTIALS);
    flow.send('get');
    await flow.next('caught');
    await until(() => (counts('account') as { requests?: number } | undefined)?.requests === 3);
    assert.deepEqual(counts('account'), { requests: 3, hits: 0, waits: 1, refusals: 0 });
  });

  it('reach a Status node even if all users come with messages, whose sign-ins the status does not show', async () => {
    const time = holdTime();
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const server = await serve(inTurn(signsIn('token-1'), says('Failure, UserNotFound')));
    const { flow, counts } = await flowOf(guardFlow({ url: server.origin, applicationId: 'a' }, { login }));
    flow.send('login', { user: 'anna', password: 'x' });
    await flow.next('in');
    flow.send('login', { user: 'bert', password: 'x' });
    await flow.next('refused');
    assert.deepEqual(counts('server'), { requests: 0, hits: 0, waits: 0, refusals: 0 }, 'not with every message');
    await time.pass(10_000);
    await until(() => (counts('server') as { refusals?: number } | undefined)?.refusals === 1);
    assert.deepEqual(counts('server'), { requests: 2, hits: 0, waits: 2, refusals: 1 });
  });

  it('are kept over a deploy together with the connection', async () => {
    const server = await serveTokens();
    const nodes = vgsFlow(server.origin);
    const { flow } = await flowOf(nodes, VGS_CREDENTIALS);
    flow.send('get');
    await flow.next('token');
    await flow.deploy(vgsFlow(server.origin, { name: 'renamed' }));
    const { connection } = flow.node('account') as unknown as ConnectionNode<VgsAccount>;
    assert.deepEqual(connection?.metrics.counts, { requests: 1, hits: 0, waits: 1, refusals: 0 });
  });
});

describe('the metric of a token request', () => {
  /** The prototype that has a method. */
  function ownerOf(node: object, method: string): Record<string, () => unknown> {
    let owner = node;
    while (!Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner);
    return owner as Record<string, () => unknown>;
  }

  /** The outcomes in the order in which the requests ended. */
  function outcomes(): unknown[] {
    return (helper.log() as unknown as SinonSpy)
      .getCalls()
      .map((call) => call.args[0] as Line)
      .filter((line) => line.level === METRIC && String(line.event).endsWith('token-request'))
      .map(({ outcome }) => outcome);
  }

  it('has the outcome: a token, a refusal, or the code of an error', async () => {
    const time = holdTime();
    const server = await serveTokens(inTurn(grants('token-1', { expires_in: 0 }), refuses(401, 'invalid_client')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    sinon.stub(ownerOf(flow.node('account'), 'metric'), 'metric').returns(true);
    await flow.deploy(vgsFlow(server.origin, { name: 'again' }));
    await flow.ask('get');
    await flow.ask('get');
    time.set(31_000);
    server.answer = always({ status: 404, body: 'nothing here' });
    await flow.ask('get');
    assert.deepEqual(outcomes(), ['token', 'refused', 'AUTH_BAD_RESPONSE']);
  });
});
