import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import type { FlowNode } from '../support/flows.ts';
import { CREDENTIALS, letTimePass, of, sentTo, serveFor, tokenFrom } from '../support/outside-secrets.ts';
import { load, logged } from '../support/runtime.ts';
import { DockerSecrets, KubernetesVolume, temporaryDirectory } from '../support/secret-files.ts';
import { serve } from '../support/servers.ts';
import { grants, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

describe('a secret in a file', () => {
  for (const [what, text] of Object.entries({ nothing: 'first', LF: 'first\n', CRLF: 'first\r\n' })) {
    it(`is read as Docker mounts it, with ${what} at its end`, async () => {
      setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: new DockerSecrets().write('secret', text) });
      const server = await serveFor('first');
      assert.equal(await tokenFrom(await load(vgsFlow(server.origin), CREDENTIALS)), 'token-for-first');
    });
  }

  it('loses only one line break, and no spaces', async () => {
    const path = new DockerSecrets().write('secret', 'first \n\n');
    setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: path });
    const server = await serveFor('first \n');
    await tokenFrom(await load(vgsFlow(server.origin), CREDENTIALS));
    assert.deepEqual(sentTo(server), ['first \n']);
  });

  it('is read again, without a deploy and without a failed message, after Kubernetes has replaced it', async () => {
    const volume = new KubernetesVolume({ 'client-secret': 'first' });
    setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: volume.pathOf('client-secret') });
    const server = await serveFor('first');
    const flow = await load(vgsFlow(server.origin), CREDENTIALS);
    assert.equal(await tokenFrom(flow), 'token-for-first');
    volume.update({ 'client-secret': 'second' });
    server.secret = 'second';
    assert.equal(await tokenFrom(flow), 'token-for-second');
    volume.update({ 'client-secret': 'third' });
    server.secret = 'third';
    letTimePass(flow);
    assert.equal(await tokenFrom(flow), 'token-for-third');
    assert.equal(sentTo(server).at(-2), 'second');
  });

  const places: [string, Record<string, string | undefined>][] = [
    ['environment', { THE_SECRET: 'of-the-environment' }],
    ['file', { THE_SECRET: undefined }],
    ['hook', { THE_SECRET: undefined, THE_SECRET_FILE: undefined }],
  ];
  for (const [place, environment] of places) {
    it(`is used after the environment of Node-RED, and before vgAuthSecret: here it is from the ${place}`, async () => {
      const path = new DockerSecrets().write('secret', 'of-the-file');
      setEnvironment({ THE_SECRET_FILE: path, ...environment });
      const server = await serveFor(`of-the-${place}`);
      const flow = await load(vgsFlow(server.origin), CREDENTIALS, { vgAuthSecret: () => 'of-the-hook' });
      await tokenFrom(flow);
      assert.deepEqual(sentTo(server), [`of-the-${place}`]);
    });
  }

  it('provides the address, the client ID and the application ID, too', async () => {
    const secrets = new DockerSecrets();
    const server = await serveFor('first');
    setEnvironment({
      THE_URL_FILE: secrets.write('url', `${server.origin}\n`),
      THE_ID_FILE: secrets.write('id', 'client-of-the-file\n'),
      THE_SECRET_FILE: secrets.write('secret', 'first'),
    });
    const flow = await load(vgsFlow(of('THE_URL')), {
      account: { clientId: of('THE_ID'), clientSecret: of('THE_SECRET') },
    });
    assert.equal(await tokenFrom(flow), 'token-for-first');
    assert.equal(server.requests[0]?.form.get('client_id'), 'client-of-the-file');
    const moved = await serveFor('first');
    secrets.write('url', moved.origin);
    letTimePass(flow);
    assert.equal(await tokenFrom(flow), 'token-for-first');
    assert.equal(moved.requests.length, 1);
  });

  it('provides no other property', async () => {
    const path = new DockerSecrets().write('scope', 'cards:read');
    setEnvironment({ THE_SCOPE: undefined, THE_SCOPE_FILE: path });
    const flow = await load(vgsFlow('https://tokens.test', { scope: of('THE_SCOPE') }), {
      account: { clientId: 'client', clientSecret: 'secret' },
    });
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', 'THE_SCOPE');
  });

  it('cannot be named by the environment of a flow', async () => {
    const path = new DockerSecrets().write('secret', 'first');
    setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: undefined });
    const tab = { id: 'other', type: 'tab', env: [{ name: 'THE_SECRET_FILE', value: path, type: 'str' }] };
    const [account, get] = vgsFlow('https://tokens.test');
    const flow = await load([tab, ...[account, get].map((node) => ({ ...node, z: 'other' }) as FlowNode)], CREDENTIALS);
    assert.match(flow.status('account'), /variable-missing/);
  });

  for (const excluded of ['THE_SECRET', 'THE_SECRET_FILE']) {
    it(`is not read if envVarExcludes lists ${excluded}`, async () => {
      setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: new DockerSecrets().write('secret', 'first') });
      const settings = { envVarExcludes: [excluded], vgAuthSecret: () => 'first' };
      const flow = await load(vgsFlow('https://tokens.test'), CREDENTIALS, settings);
      assertFault(await flow.ask('get'), 'AUTH_CONFIG', 'THE_SECRET');
    });
  }

  it('that cannot be read is an error that names the variable, with one line at the start, until it can be read', async () => {
    const path = `${temporaryDirectory()}/secret`;
    setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: path });
    const server = await serveFor('first');
    const flow = await load(vgsFlow(server.origin), CREDENTIALS);
    await until(() => logged().includes('THE_SECRET_FILE names cannot be read (ENOENT)'));
    assertFault(await flow.ask('get'), 'AUTH_CONFIG', 'THE_SECRET');
    writeFileSync(path, 'first');
    letTimePass(flow);
    assert.equal(await tokenFrom(flow), 'token-for-first');
  });

  const files: Record<string, () => string> = {
    'no text': () => new DockerSecrets().write('binary', Buffer.from([0xff, 0xfe, 0xfd])),
    'too long': () => new DockerSecrets().write('long', 'x'.repeat(70_000)),
    empty: () => new DockerSecrets().write('empty', '\n'),
    'a directory': temporaryDirectory,
    endless: () => '/dev/zero',
  };
  for (const [what, path] of Object.entries(files)) {
    it(`that is ${what} is an error that names the variable`, async () => {
      setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: path() });
      const flow = await load(vgsFlow('https://tokens.test'), CREDENTIALS);
      const arrival = await flow.ask('get');
      assertFault(arrival, 'AUTH_CONFIG', 'THE_SECRET');
      assert.ok(!JSON.stringify(arrival.msg).includes('xxx'));
    });
  }

  it('that is deleted later leaves the last value in use, and the log says so once', async () => {
    const secrets = new DockerSecrets();
    setEnvironment({ THE_SECRET: undefined, THE_SECRET_FILE: secrets.write('secret', 'first') });
    const server = await serveFor('first');
    const flow = await load(vgsFlow(server.origin), CREDENTIALS);
    await tokenFrom(flow);
    for (const change of [
      () => secrets.remove('secret'),
      () => secrets.write('secret', ''),
      () => secrets.remove('secret'),
    ]) {
      change();
      for (let asks = 0; asks < 2; asks += 1) {
        letTimePass(flow);
        assert.equal(await tokenFrom(flow), 'token-for-first');
      }
    }
    assert.equal(logged().split('config.last-value').length - 1, 3);
  });
});

describe('the key of a session store that comes from a file', () => {
  it('opens the store, and causes one error line at the start if it cannot be read', async () => {
    const secrets = new DockerSecrets();
    setEnvironment({
      STORE_KEY_FILE: secrets.write('key', 'a long key of the store\n'),
      LOST_FILE: `${temporaryDirectory()}/nothing`,
    });
    const server = await serve(() => grants('a-token'));
    const flow = await load(
      [
        { id: 'store', type: 'auth-store', kind: 'context' },
        { id: 'lost', type: 'auth-store', kind: 'context' },
        ...vgsFlow(server.origin, { store: 'store' }),
      ],
      {
        account: { clientId: 'client', clientSecret: 'secret' },
        store: { encryptionKey: of('STORE_KEY') },
        lost: { encryptionKey: of('LOST') },
      },
    );
    assert.equal(await tokenFrom(flow), 'a-token');
    await until(() => flow.status('store').includes('ready'));

    await until(() => flow.status('lost').includes('secret-file-unreadable'));
    assert.equal(logged().split('LOST_FILE names cannot be read').length - 1, 1);
    assert.ok(!logged().includes('a long key'));
  });
});
