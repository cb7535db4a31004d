import assert from 'node:assert/strict';
import { proxyFor } from '../../src/http/proxy.ts';

const TO = new URL('https://id.example.org/token');
const read = (address: string) => proxyFor(TO, undefined, { env: { ALL_PROXY: address } });
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the address of a proxy', () => {
  const taken: [address: string, href: string, authorization?: string][] = [
    ['http://proxy.test:3128', 'http://proxy.test:3128/'],
    ['https://proxy.test', 'https://proxy.test/'],
    [' proxy.test:3128 ', 'http://proxy.test:3128/'],
    ['127.0.0.1:3128/', 'http://127.0.0.1:3128/'],
    ['[::1]:3128', 'http://[::1]:3128/'],
    ['http://robot:se%40cret@proxy.test:3128', 'http://proxy.test:3128/', basic('robot:se@cret')],
    ['robot:secret@proxy.test:3128', 'http://proxy.test:3128/', basic('robot:secret')],
    ['http://robot@proxy.test:3128', 'http://proxy.test:3128/', basic('robot:')],
    ['http://robot:100%@proxy.test:3128', 'http://proxy.test:3128/', basic('robot:100%')],
  ];
  for (const [address, href, authorization] of taken) {
    it(`is accepted: ${address}`, () => {
      const proxy = read(address);
      assert.deepEqual([proxy?.url.href, proxy?.authorization], [href, authorization]);
    });
  }

  for (const address of ['proxy.test', 'ftp://proxy.test:3128', 'http://', 'http://a b:1', 'file:///etc/passwd']) {
    it(`is an error of the configuration that names the variable: ${address}`, () => {
      assert.throws(() => read(address), {
        code: 'AUTH_CONFIG',
        fault: 'proxy-invalid',
        values: { property: 'ALL_PROXY' },
      });
    });
  }

  it('of an http proxy node uses the user of its own fields rather than that in the address', () => {
    const named = { url: 'http://robot:secret@proxy.test:3128', noProxy: [] };
    assert.equal(proxyFor(TO, named, undefined)?.authorization, basic('robot:secret'));
    assert.equal(proxyFor(TO, { ...named, username: 'other' }, undefined)?.authorization, basic('other:'));
    assert.equal(proxyFor(TO, { ...named, password: 'p:w' }, undefined)?.authorization, basic(':p:w'));
  });

  it('of an http proxy node must not be empty: otherwise requests would use no proxy', () => {
    assert.throws(() => proxyFor(TO, { url: ' ', noProxy: [] }, undefined), { fault: 'proxy-invalid' });
  });
});
