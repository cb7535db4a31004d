import assert from 'node:assert/strict';
import type { AuthError } from '../../src/core/errors.ts';
import { isLoopback, readAddress } from '../../src/http/address.ts';
import { clientIdOf, tokenEndpointOf } from '../../src/visual-guard/dialect/wire.ts';

describe('the address of a server', () => {
  const taken = [
    'https://id.example.org',
    'https://id.example.org:8443/sub/path',
    '  https://id.example.org/  ',
    '\r\n\thttps://id.example.org/a\n',
    'http://localhost:5000',
    'http://LOCALHOST',
    'http://127.0.0.1:1880',
    'http://127.8.9.10',
    'http://[::1]:5000',
  ];
  for (const address of taken) {
    it(`is accepted: ${address}`, () =>
      assert.equal(readAddress(address, 'url', false).href, new URL(address.trim()).href));
  }

  for (const address of [
    'https://id.example.org/a b',
    'https://id.exam ple.org',
    'https://id\n.example.org',
    'id.example.org',
  ]) {
    it(`is refused because it is no address: ${JSON.stringify(address)}`, () => {
      assert.throws(() => readAddress(address, 'url', false), { fault: 'address-invalid' });
    });
  }

  for (const address of ['https://me@id.example.org', 'https://me:secret@id.example.org']) {
    it(`is refused because it contains a user: ${address}`, () => {
      assert.throws(() => readAddress(address, 'url', false), { fault: 'address-user' });
    });
  }

  const insecure = [
    'http://id.example.org',
    'http://192.168.1.10',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://localhost.example.org',
    'http://id.localhost',
    'http://localhost.',
    'http://[::ffff:127.0.0.1]',
    'http://127.0.0.1.example.org',
    'http://notlocalhost',
    'http://[::2]',
  ];
  for (const address of insecure) {
    it(`is refused because it is http to another machine: ${address}`, () => {
      assert.throws(
        () => readAddress(address, 'url', false),
        (error: AuthError) => error.code === 'AUTH_CONFIG' && error.message.includes('"url"'),
      );
    });
    it(`is accepted if http is allowed: ${address}`, () =>
      assert.equal(readAddress(address, 'url', true).protocol, 'http:'));
  }

  for (const address of [
    '',
    '   ',
    'id.example.org',
    '/connect/token',
    'ftp://id.example.org',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://',
    'https://user:s3cr3t@id.example.org',
  ]) {
    it(`is refused even if http is allowed: ${JSON.stringify(address)}`, () => {
      assert.throws(
        () => readAddress(address, 'tokenUrl', true),
        (error: AuthError) =>
          error.code === 'AUTH_CONFIG' && error.message.includes('"tokenUrl"') && !error.message.includes('s3cr3t'),
      );
    });
  }

  it('of this machine is recognized by its name', () => {
    assert.deepEqual(
      ['localhost', '127.0.0.1', '[::1]', 'a.localhost', 'example.org', '128.0.0.1', '127.0.0.1.org'].map(isLoopback),
      [true, true, true, false, false, false, false],
    );
  });
});

describe('the token endpoint of a Visual Guard server', () => {
  const rows: [string, string][] = [
    ['https://id.example.org', 'https://id.example.org/connect/token'],
    ['https://id.example.org/', 'https://id.example.org/connect/token'],
    ['https://id.example.org/connect/token', 'https://id.example.org/connect/token'],
    ['https://id.example.org/connect/token/', 'https://id.example.org/connect/token'],
    ['https://id.example.org:8443/vg', 'https://id.example.org:8443/vg/connect/token'],
    ['https://id.example.org/vg/', 'https://id.example.org/vg/connect/token'],
    ['https://id.example.org/a/b/connect/token', 'https://id.example.org/a/b/connect/token'],
    ['https://id.example.org/connect', 'https://id.example.org/connect/token'],
    ['https://id.example.org/connect/', 'https://id.example.org/connect/token'],
    ['https://id.example.org/vg/connect', 'https://id.example.org/vg/connect/token'],
    ['https://id.example.org/Connect', 'https://id.example.org/connect/token'],
    ['https://id.example.org/vg/.well-known/openid-configuration', 'https://id.example.org/vg/connect/token'],
    ['https://id.example.org/.well-known/openid-configuration/', 'https://id.example.org/connect/token'],
    ['https://id.example.org/vg//', 'https://id.example.org/vg/connect/token'],
    ['https://id.example.org/disconnect', 'https://id.example.org/disconnect/connect/token'],
  ];
  for (const [given, expected] of rows) {
    it(`of ${given}`, () => assert.equal(tokenEndpointOf(new URL(given)).href, expected));
  }

  it('leaves the given address unchanged', () => {
    const given = new URL('https://id.example.org/vg');
    tokenEndpointOf(given);
    assert.equal(given.href, 'https://id.example.org/vg');
  });
});

describe('the client id of a Visual Guard client', () => {
  const GUID = '6f209594-fc04-4e96-9f9f-7daf57b0fb12';
  for (const platform of ['WebApp', 'SPA', 'Native', 'Service']) {
    it(`is the application id and the platform: ${platform}`, () =>
      assert.equal(clientIdOf(GUID, platform), `${GUID}_${platform}`));
    it(`is accepted if the complete client ID was pasted: ${platform}`, () =>
      assert.equal(clientIdOf(` ${GUID}_${platform} `, 'Native'), `${GUID}_${platform}`));
  }

  it('accepts an application ID that contains an underscore', () =>
    assert.equal(clientIdOf('my_app', 'Native'), 'my_app_Native'));
});
