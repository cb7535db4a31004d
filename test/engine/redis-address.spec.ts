import assert from 'node:assert/strict';
import { readRedisAddress, type Topology } from '../../src/store/redis-address.ts';

const read = (text: string, topology: Topology = 'single') => readRedisAddress(text, topology, 'url');

describe('the address of a Redis', () => {
  for (const [text, topology, servers] of [
    ['redis://host', 'single', ['host:6379']],
    ['redis://host:1234/2', 'single', ['host:1234']],
    ['rediss://[::1]', 'single', ['[::1]:6379']],
    ['redis://a,b,c:1', 'sentinel', ['a:26379', 'b:26379', 'c:1']],
    ['redis://a:1, redis://b', 'sentinel', ['a:1', 'b:26379']],
    ['rediss://a', 'cluster', ['a:6379']],
    [' rediss://a:1,rediss://b:2 , c:3 ', 'cluster', ['a:1', 'b:2', 'c:3']],
    ['redis://[::1]:1,[::2]', 'cluster', ['[::1]:1', '[::2]:6379']],
  ] as const) {
    it(`${text} (${topology}) is ${servers.join(' and ')}`, () => {
      const found = read(text, topology);
      assert.deepEqual(found.servers, servers);
      assert.equal(found.isSecure, text.trim().startsWith('rediss:'));
    });
  }

  it('may have user, password and database, whose special characters are percent-encoded', () => {
    const { username, password, database } = read('redis://me:a%2Fb%23c%3Fd%25e%40f,g@h:1/3', 'sentinel');
    assert.deepEqual({ username, password, database }, { username: 'me', password: 'a/b#c?d%e@f,g', database: 3 });
    const other = read('redis://h1:1,redis://:secret@h2:2/4', 'sentinel');
    assert.deepEqual(other, { ...other, servers: ['h1:1', 'h2:2'], username: '', password: 'secret', database: 4 });
  });

  for (const [text, topology, fault] of [
    ['redis://u:a/b@host', 'single', 'store-password-encoding'],
    ['redis://u:a#b@host', 'single', 'store-password-encoding'],
    ['redis://u:a?b@host', 'single', 'store-password-encoding'],
    ['redis://u:a@b@host', 'single', 'store-password-encoding'],
    ['redis://u:a%b@host', 'single', 'store-password-encoding'],
    ['redis://u:a%@host', 'single', 'store-password-encoding'],
    ['redis://u:%ff@host', 'single', 'store-password-encoding'],
    ['redis://a,rediss://b', 'sentinel', 'store-schemes-mixed'],
    ['redis://a,b', 'single', 'store-addresses-several'],
    ['redis://a/1', 'cluster', 'store-database-in-cluster'],
    ['redis://a,b/2', 'cluster', 'store-database-in-cluster'],
    ['redis://a,', 'sentinel', 'store-address-invalid'],
    ['a:1,b:2', 'cluster', 'store-address-invalid'],
    ['http://a', 'single', 'store-address-invalid'],
    ['redis://a/x', 'single', 'store-address-invalid'],
    ['', 'single', 'store-address-invalid'],
  ] as const) {
    it(`${text || 'an empty text'} (${topology}) is refused: ${fault}`, () => {
      assert.throws(() => read(text, topology), { code: 'AUTH_CONFIG', fault });
    });
  }
});
