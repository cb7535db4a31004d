import assert from 'node:assert/strict';
import { certificates } from '../support/certificates.ts';
import { assertFault } from '../support/faults.ts';
import type { Arrival, FlowNode } from '../support/flows.ts';
import { credentialsOf, PATIENCE, Realm, serviceClient } from '../support/keycloak.ts';
import { callingFlow } from '../support/keycloak-flows.ts';
import { type Flow, load } from '../support/runtime.ts';
import { vgsFlow } from '../support/token-server.ts';

const CLIENTS = [
  serviceClient('service'),
  serviceClient('bound', { attributes: { 'tls.client.certificate.bound.access.tokens': 'true' } }),
  serviceClient('by-certificate', {
    clientAuthenticatorType: 'client-x509',
    attributes: { 'x509.subjectdn': 'CN=flow' },
  }),
];

const TLS: FlowNode = {
  ...{ id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '' },
  ...{ servername: '', verifyservercert: true, alpnprotocol: '' },
};

describe('Keycloak over https, with a private certificate authority', function () {
  this.timeout(PATIENCE);
  const made = certificates();
  const authority = { cadata: made.ca };
  const withCertificate = { ...authority, certdata: made.client.cert, keydata: made.client.key };
  let realm: Realm;
  before(async () => {
    realm = await Realm.create(CLIENTS, { sslRequired: 'all' });
  });

  /** A flow whose token requests and calls use this TLS configuration. */
  const flowOf = (clientId: string, tls: Record<string, string>): Promise<Flow> =>
    load([TLS, ...callingFlow(realm, { tokenUrl: realm.secure.tokenUrl, tls: 'tls' }, { tls: 'tls' })], {
      account: credentialsOf(clientId),
      tls,
    });
  const call = (flow: Flow): Promise<Arrival> =>
    flow.ask('attach', { url: realm.secure.apiUrl, method: 'GET', payload: '' });

  it('without a TLS configuration: no secret is sent', async () => {
    const flow = await load(vgsFlow(realm.secure.tokenUrl), { account: credentialsOf('service') });

    assertFault(await flow.ask('get'), 'AUTH_TLS', new URL(realm.secure.tokenUrl).host);
  });

  it('with the authority in the TLS configuration: token and API', async () => {
    const { at, msg } = await call(await flowOf('service', authority));

    assert.equal(at, 'answered', msg.error?.message);
    assert.equal(msg.statusCode, 200);
  });

  it('a token that is bound to a certificate: needs the certificate in both', async () => {
    const without = await call(await flowOf('bound', authority));
    assert.equal(without.at, 'needed', without.msg.error?.message);
    assert.match(without.msg.auth?.error_description ?? '', /MTLS/);
  });

  it('a token that is bound to a certificate: works with the certificate in both', async () => {
    const { at, msg } = await call(await flowOf('bound', withCertificate));

    assert.equal(at, 'answered', msg.error?.message ?? JSON.stringify(msg.auth));
    assert.equal(msg.statusCode, 200);
  });

  it('a client that authenticates by certificate: works, and its secret is any text', async () => {
    const { at, msg } = await call(await flowOf('by-certificate', withCertificate));

    assert.equal(at, 'answered', msg.error?.message ?? JSON.stringify(msg.auth));
    assert.equal(msg.statusCode, 200);
  });
});
