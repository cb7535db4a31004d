import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { ConnectionNode } from '../../nodes/shared/config/connection-node.ts';
import { heldAt } from '../../nodes/shared/hold/held-count.ts';
import { type Account, accountOf } from '../../nodes/shared/sign-ins/account.ts';
import { needOf, needsOf } from '../../nodes/shared/sign-ins/needs.ts';
import { revisionOf } from '../../nodes/shared/sign-ins/revision.ts';
import { AuthError } from '../../src/core/errors.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { challenges, guardFlow, stored, way } from '../support/guard-server.ts';
import { holdTime } from '../support/held-time.ts';
import { answer, holdFlow, put, serveCodes } from '../support/hold-flow.ts';
import { type Flow, load } from '../support/runtime.ts';
import { always, closedPort, serve } from '../support/servers.ts';
import { refuses, serveTokens, VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

/** The account. Its sentences have no catalog here. */
const reported = (flow: Flow, node: ConnectionNode<unknown>): Account =>
  accountOf(Object.assign(Object.create(flow.RED), { _: (key: string) => key }), node);

const configOf = (flow: Flow, id: string) => flow.node(id) as ConnectionNode<unknown>;

describe('an account that fails', () => {
  it('is not ok, and needs nobody: it may work again without help', async () => {
    const flow = await load(vgsFlow(`http://localhost:${await closedPort()}`), VGS_CREDENTIALS);
    await flow.ask('get');
    const account = configOf(flow, 'account');
    assert.deepEqual([reported(flow, account).state, reported(flow, account).ok], ['failing', false]);
    assert.equal(needOf(account), '');
  });

  it('needs a person if the server refused it', async () => {
    const server = await serveTokens(always(refuses(401, 'invalid_client')));
    const flow = await load(vgsFlow(server.origin), VGS_CREDENTIALS);
    await flow.ask('get');
    const account = configOf(flow, 'account');
    assert.deepEqual([reported(flow, account).ok, needOf(account)], [false, 'refused']);
  });

  it('needs a person for its open challenge, which can be answered when the server is back', async () => {
    const server = await serve(always(challenges(way('sms', 1, 1))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('robot', 'secret'));
    const node = configOf(flow, 'server');
    const connection = node.connection as VisualGuardServer;
    await connection.signInStored({ method: 'ask', reset: false });
    const need = needOf(node);
    assert.match(need, /^challenge:/);
    connection.states.become({ at: 'failing', error: new AuthError('connection-refused', { host: 'localhost' }) });
    const { state, ok, challenge } = reported(flow, node);
    assert.deepEqual([state, ok, `challenge:${challenge?.id}`], ['failing', false, need]);
    assert.equal(needOf(node), need);
  });
});

describe('the list of what needs a person', () => {
  it('is made again when a challenge has expired that nobody has answered: its notification closes, and no badge is left', async () => {
    const time = holdTime();
    const server = await serve(always(challenges(way('sms', 1, 1))));
    const flow = await load(guardFlow({ url: server.origin, applicationId: 'a' }), stored('robot', 'secret'));
    const { connection } = configOf(flow, 'server') as { connection: VisualGuardServer };
    await connection.signInStored({ method: 'ask', reset: false });
    assert.match(needsOf(flow.RED), /^server challenge:/);
    const seen: string[] = [];
    sinon.stub(revisionOf(flow.RED), 'needChanged').callsFake(() => void seen.push(needsOf(flow.RED)));
    await time.pass(299_000);
    assert.deepEqual(seen, []);
    await time.pass(1_000);
    assert.deepEqual(seen, ['server needs-human']);
  });
});

describe('messages on hold', () => {
  let flow: Flow;

  const begin = async (attach: object = {}): Promise<void> => {
    const server = await serveCodes();
    flow = await load(holdFlow({ url: server.origin }, attach), stored('person'));
    put(flow, 2);
    await until(() => heldAt(flow.RED, 'server') === 2);
  };

  it('are one need together with the challenge that releases them', async () => {
    await begin();
    const { state, waiting, challenge } = reported(flow, configOf(flow, 'server'));
    assert.deepEqual([state, waiting], ['needs-human', 2]);
    assert.equal(needsOf(flow.RED), `server challenge:${challenge?.id}`);
    await answer(flow, await flow.next('needed'));
    await until(() => needsOf(flow.RED) === '');
  });

  it('are a need of their own if they wait for another user, and nobody has to help the stored user', async () => {
    await begin({ user: 'somebody else', userType: 'str' });
    assert.equal(needsOf(flow.RED), 'server hold');
    flow.send('attach', { reset: true });
  });
});
