import assert from 'node:assert/strict';
import type { FlowNode, Message } from '../support/flows.ts';
import { credentialsOf, PATIENCE, Realm, type Representation, serviceClient } from '../support/keycloak.ts';
import { callingFlow, callOf } from '../support/keycloak-flows.ts';
import { type Flow, load } from '../support/runtime.ts';
import { until } from '../support/until.ts';

const CLIENTS = [
  ...['keys', 'revoked', 'deleted'].map((clientId) => serviceClient(clientId)),
  ...['secret', 'rotated'].map((clientId) => serviceClient(clientId, { attributes: { 'access.token.lifespan': '5' } })),
];

/** The claims of a JWT, and the ID of its key. */
function read(token: string): { kid: string; iat: number } {
  const [header, claims] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
    .slice(0, 2)
    .map((part) => JSON.parse(part) as object);
  return { ...header, ...claims } as { kid: string; iat: number };
}

describe('changes at Keycloak while a flow runs', function () {
  this.timeout(PATIENCE);
  let realm: Realm;
  let nodes: FlowNode[];
  before(async () => {
    realm = await Realm.create(CLIENTS);
    nodes = [
      ...callingFlow(realm),
      { id: 'get', type: 'vgs-token', account: 'account', wires: [['token'], ['refused']] },
      { id: 'token', type: 'helper', wires: [] },
      { id: 'refused', type: 'helper', wires: [] },
    ];
  });

  /** Calls the API with the token of this client. */
  const call = async (flow: Flow): Promise<Message> => {
    flow.send('attach', callOf(realm));
    const { at, msg } = await flow.next();
    assert.equal(at, 'answered', JSON.stringify(msg.error ?? msg.auth));
    return msg;
  };
  const token = async (flow: Flow): Promise<string> => {
    const { at, msg } = await flow.ask('get');
    assert.equal(at, 'token');
    return msg.token?.access_token ?? '';
  };

  it('new signing keys: the token is used as long as its key is, and is replaced after that', async () => {
    const flow = await load(nodes, { account: credentialsOf('keys') });
    const first = await token(flow);
    assert.equal((await call(flow)).statusCode, 200);

    const type = 'org.keycloak.keys.KeyProvider';
    const providers = await realm.read<Representation[]>(`/components?type=${type}`);
    await realm.change('POST', '/components', {
      name: 'newer',
      providerType: type,
      providerId: 'rsa-generated',
      config: { priority: ['1000'] },
    });
    assert.equal((await call(flow)).statusCode, 200);
    assert.equal(await token(flow), first, 'a token whose key is still there is kept');

    const old = providers.find(({ providerId }) => providerId === 'rsa-generated');
    await realm.change('DELETE', `/components/${old?.id}`);
    assert.equal((await call(flow)).statusCode, 200, 'the 401 was answered with a new token');
    const second = await token(flow);
    assert.notEqual(read(second).kid, read(first).kid);
  });

  it('tokens revoked by "not before": the next call gets a new one', async () => {
    const flow = await load(nodes, { account: credentialsOf('revoked') });
    const first = await token(flow);
    const notBefore = read(first).iat + 1;
    // A new token is valid only if it was not issued in the second of the old one.
    await until(() => Date.now() >= notBefore * 1000);
    await realm.change('PUT', '', { notBefore });

    const answered = await call(flow);

    assert.equal(answered.statusCode, 200, JSON.stringify(answered.payload));
    assert.notEqual(await token(flow), first);
  });

  it('a replaced secret: the token is used until it expires, then Keycloak refuses, and the new secret works', async () => {
    const flow = await load(nodes, { account: credentialsOf('secret') });
    const first = await token(flow);
    const path = await realm.pathOf('secret');
    await realm.change('POST', `${path}/client-secret`);

    let last = await flow.ask('get');
    for (; last.at === 'token'; last = await flow.ask('get')) {
      assert.equal(last.msg.token?.access_token, first);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(last.at, 'refused', last.msg.error?.message);
    assert.equal(last.msg.auth?.reason, 'client-invalid');
    assert.match(last.msg.auth?.error_description ?? '', /credentials/);

    const { value } = await realm.read<{ value: string }>(`${path}/client-secret`);
    await flow.deploy(nodes, 'full', { account: { clientId: 'secret', clientSecret: value } });
    assert.notEqual(await token(flow), first);
    assert.equal((await call(flow)).statusCode, 200);
  });

  it('a replaced secret, with the new one as the next secret: no message is refused', async () => {
    const path = await realm.pathOf('rotated');
    const flow = await load(nodes, { account: { ...credentialsOf('rotated'), nextClientSecret: 'THE-NEXT-SECRET' } });
    const first = await token(flow);
    await realm.change('PUT', path, { ...(await realm.read<Representation>(path)), secret: 'THE-NEXT-SECRET' });

    let last = first;
    while (last === first) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      last = await token(flow);
    }
    assert.equal((await call(flow)).statusCode, 200);
  });

  it('a deleted client: the API rejects its token, and Keycloak refuses another one', async () => {
    const flow = await load(nodes, { account: credentialsOf('deleted') });
    assert.equal((await call(flow)).statusCode, 200);
    await realm.change('DELETE', await realm.pathOf('deleted'));

    flow.send('attach', callOf(realm, { topic: 'kept' }));
    const { at, msg } = await flow.next();

    assert.equal(at, 'needed', JSON.stringify(msg.error ?? msg.payload));
    assert.equal(msg.topic, 'kept');
    const { state, reason, error, error_description } = msg.auth ?? {};
    assert.deepEqual([state, reason, error], ['refused', 'client-invalid', 'invalid_client']);
    assert.match(error_description ?? '', /credentials/);
    assert.equal(msg.headers?.authorization, undefined);
  });
});
