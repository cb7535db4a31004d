import assert from 'node:assert/strict';
import helper from 'node-red-node-test-helper';
import type { SinonSpy } from 'sinon';
import { place } from '../support/flows.ts';
import { challenges, guardFlow, says, signsIn, stored, way } from '../support/guard-server.ts';
import { type HeldTime, holdTime } from '../support/held-time.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, serve } from '../support/servers.ts';
import { grants, refuses, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';

const WARN = 30;
const INFO = 40;
const AUDIT = 98;
const HOUR = 3_600_000;

interface Line {
  level: number;
  id?: string;
  msg?: unknown;
  event?: string;
}

/** The log lines of config nodes at a level. */
function lines(level: number): string[] {
  return calls()
    .filter((line) => line.level === level && (line.id === 'account' || line.id === 'server'))
    .map(({ msg }) => String(msg));
}

/** The audit events about a state. */
function events(): string[] {
  return calls()
    .filter(({ level }) => level === AUDIT)
    .map(({ event }) => String(event))
    .filter((event) => /needs-human|failing|recovered/.test(event));
}

function calls(): Line[] {
  return (helper.log() as unknown as SinonSpy).getCalls().map((call) => call.args[0] as Line);
}

/** What Status nodes are sent as `status.event`. */
function statusEvents(
  flow: Flow,
  id: string,
): { event: string; at: number; account: object; [more: string]: unknown }[] {
  const node = flow.node(id);
  return (node.status as unknown as SinonSpy)
    .getCalls()
    .filter((call) => call.thisValue === node)
    .map((call) => call.args[0]?.event)
    .filter((event) => event !== undefined);
}

async function ask(flow: Flow, id: string, times = 1): Promise<void> {
  for (let count = 0; count < times; count += 1) await flow.ask(id);
}

describe('the state of a service account', () => {
  let time: HeldTime;
  beforeEach(() => {
    time = holdTime();
  });

  it('is in the log once when the server refuses it, for any number of messages', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client', 'Invalid client secret')));
    const flow = await load(vgsFlow(server.origin, { name: 'Acme' }), VGS_CREDENTIALS);
    for (let round = 0; round < 5; round += 1) {
      await ask(flow, 'get', 20);
      time.set(31_000);
    }
    assert.equal(server.requests.length, 5);
    assert.equal(lines(WARN).length, 1, lines(WARN).join('\n'));
    assert.match(lines(WARN)[0], /log\.refused/);
    assert.deepEqual(
      statusEvents(flow, 'account').map(({ event, account, reason }) => ({ event, account, reason })),
      [{ event: 'vg-auth.refused', account: { id: 'account', name: 'Acme' }, reason: 'client-invalid' }],
    );
  });

  it('is in the log once when the server cannot be reached, and once when it works again', async () => {
    const server = await serveTokens(always({ status: 503, body: '' }));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await time.until(ask(flow, 'get', 3));
    await time.pass(60_000);
    server.answer = always({ status: 500, body: '' });
    await time.until(ask(flow, 'get', 3));
    await time.pass(60_000);
    server.answer = always(grants('token-1'));
    await time.until(ask(flow, 'get', 3));
    assert.deepEqual(events(), ['vg-auth.failing', 'vg-auth.recovered']);
    assert.match(lines(WARN).join(), /^[^,]*log\.failing$/);
    assert.match(lines(INFO).join(), /^[^,]*log\.recovered$/);
    const [failing, recovered] = statusEvents(flow, 'account');
    assert.equal(failing.code, 'AUTH_UNAVAILABLE');
    assert.equal(recovered.event, 'vg-auth.recovered');
    assert.ok(recovered.at > failing.at);
  });

  it('is reported again for another reason', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await ask(flow, 'get');
    time.set(31_000);
    server.answer = always(refuses(400, 'invalid_scope'));
    await ask(flow, 'get');
    assert.deepEqual(
      statusEvents(flow, 'account').map(({ reason }) => reason),
      ['client-invalid', 'scope-invalid'],
    );
    assert.equal(lines(WARN).length, 2);
  });

  it('is logged again for each hour that it lasts, without an event', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await ask(flow, 'get');
    await time.pass(3 * HOUR + 1);
    assert.equal(lines(WARN).filter((line) => /log\.still/.test(line)).length, 3);
    assert.equal(statusEvents(flow, 'account').length, 1);
    server.answer = always(grants('token-1'));
    await ask(flow, 'get');
    await time.pass(3 * HOUR);
    assert.equal(lines(WARN).filter((line) => /log\.still/.test(line)).length, 3);
  });

  it('is reported once for two config nodes of equal content, and not again after a deploy', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const twin = { id: 'twin', type: 'vgs-account', tokenUrl: server.origin };
    const both = { ...VGS_CREDENTIALS, twin: VGS_CREDENTIALS.account };
    const nodes = [...vgsFlow(server.origin), twin];
    const flow = await load(nodes, both);
    await ask(flow, 'get');
    assert.deepEqual([...statusEvents(flow, 'account'), ...statusEvents(flow, 'twin')].length, 1);
    await flow.deploy(nodes.map((node) => (node.id === 'account' ? { ...node, name: 'renamed' } : node)));
    await ask(flow, 'get');
    assert.equal(lines(WARN).length, 1);
  });

  it('is not reported while an old token is used', async () => {
    const server = await serveTokens(always(grants('token-1')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await ask(flow, 'get');
    server.answer = always({ status: 503, body: '' });
    time.set(270_000);
    await time.until(ask(flow, 'get', 5));
    assert.deepEqual([events(), lines(WARN)], [[], []]);
  });
});

describe('the state of a stored user', () => {
  it('reports that a human is needed, with the user, and that the sign-in works again', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a', name: 'VG' }), stored('robot'));
    const { msg } = await flow.ask('attach');
    await ask(flow, 'attach', 5);
    assert.deepEqual(events(), ['vg-auth.needs-human']);
    assert.equal(lines(WARN).length, 1);
    server.answer = always(says('Failure, MFA_WaitingUserAction'));
    await flow.ask('choose', { auth: msg.auth, payload: '' });
    server.answer = always(signsIn('token-1'));
    await flow.ask('submit', { auth: msg.auth, payload: '123456' });
    assert.deepEqual(events(), ['vg-auth.needs-human', 'vg-auth.recovered']);
    const [first] = statusEvents(flow, 'server');
    assert.deepEqual(
      [first.event, first.account, first.user],
      ['vg-auth.needs-human', { id: 'server', name: 'VG' }, 'robot'],
    );
  });

  it('reports that the challenge ended with a refusal', async () => {
    const server = await serve(always(challenges(way('w', 1, 2))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('robot'));
    const { msg } = await flow.ask('attach');
    server.answer = always(says('Failure, UserAccountLocked'));
    await flow.ask('choose', { auth: msg.auth, payload: '' });
    assert.deepEqual(
      statusEvents(flow, 'server').map(({ event, reason }) => [event, reason]),
      [
        ['vg-auth.needs-human', undefined],
        ['vg-auth.refused', 'account-locked'],
      ],
    );
  });

  it('is not changed by the refusal of a user from a message', async () => {
    const server = await serve(always(says('Failure, PasswordDoesNotMatch')));
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }, { login }), stored('robot'));
    await flow.ask('login', { user: 'robot', password: 'wrong' });
    assert.deepEqual([lines(WARN), statusEvents(flow, 'server')], [[], []]);
  });
});

describe('the state of a server without a stored user', () => {
  it('is failing after an answer that cannot be used, and works again after any that can', async () => {
    const server = await serve(always({ status: 500, body: '' }));
    const login = { username: 'user', usernameType: 'msg', password: 'password', passwordType: 'msg' };
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }, { login }));
    await flow.ask('login', { user: 'anna', password: 'x' });
    server.answer = always(says('Failure, UserNotFound'));
    await flow.ask('login', { user: 'anna', password: 'y' });
    assert.deepEqual(events(), ['vg-auth.failing', 'vg-auth.recovered']);
  });
});

describe('msg.status.event', () => {
  it('is in the one status that shows the change, and in no later one', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const listener = { id: 'listener', type: 'status', scope: null, wires: [['told']] };
    const flow = await load([...vgsFlow(server.origin), listener, place('told')], VGS_CREDENTIALS);
    flow.send('get');
    await flow.next('refused');
    let status: { text?: string; event?: object; source?: { id: string } } = {};
    while (!status.event) status = ((await flow.next('told')).msg as { status?: typeof status }).status ?? {};
    assert.equal(status.source?.id, 'account');
    assert.match(status.text ?? '', /reasons\.client-invalid/);
  });
});
