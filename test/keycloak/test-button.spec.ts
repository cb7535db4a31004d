import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRedVersion } from '../../scripts/versions.ts';
import { credentialsOf, PATIENCE, Realm, serviceClient } from '../support/keycloak.ts';
import { linkProject, NodeRed } from '../support/node-red.ts';

interface Reply {
  state: string;
  message: string;
  tokenEndpoint?: string;
}

describe('Test, with an address of Keycloak', function () {
  this.timeout(PATIENCE);
  let realm: Realm;
  let userDir: string;
  let nodeRed: NodeRed;
  before(async () => {
    realm = await Realm.create([serviceClient('service')]);
    userDir = mkdtempSync(join(tmpdir(), 'vg-auth-keycloak-test-'));
    linkProject(userDir);
    nodeRed = await NodeRed.start({ version: (process.env.NODE_RED ?? 'node-red') as NodeRedVersion, userDir });
  });
  after(async () => {
    await nodeRed?.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  const test = async (tokenUrl: string): Promise<Reply> => {
    const response = await fetch(`${nodeRed.url}vgs-account/test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'new', tokenUrl, ...credentialsOf('service') }),
    });
    return (await response.json()) as Reply;
  };

  it('signs in at the token endpoint', async () => {
    const { state, message } = await test(realm.tokenUrl);
    assert.equal(state, 'signed-in', message);
  });

  for (const [what, below, isIssuer] of [
    ['the issuer', '', true],
    ['the discovery document', '/.well-known/openid-configuration', false],
    ['the authorization endpoint', '/protocol/openid-connect/auth', false],
  ] as const) {
    it(`finds the token endpoint, if the address is ${what}`, async () => {
      const { state, message, tokenEndpoint } = await test(realm.tokenUrl.replace(/\/protocol\/.*/, below));
      assert.equal(state, 'failed');
      assert.equal(tokenEndpoint, realm.tokenUrl, message);
      assert.equal(/This is the issuer/.test(message), isIssuer, message);
    });
  }
});
