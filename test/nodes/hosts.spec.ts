import assert from 'node:assert/strict';
import { Hosts } from '../../nodes/shared/bearer/hosts.ts';

/** No two are the same, and none is ASCII. */
const MANY_CHARACTERS = String.fromCodePoint(...Array.from({ length: 20_000 }, (_, at) => 0x4e00 + at));

/** The result for an address: it may get the token, it names another host, or it is none. */
function judge(hosts: string, url: unknown): 'yes' | 'another host' | 'unusable' {
  try {
    Hosts.parse(hosts)?.check({ _msgid: 'm', url } as never);
    return 'yes';
  } catch (error) {
    const { code, fault } = error as { code: string; fault: string };
    assert.equal(code, 'AUTH_CONFIG');
    return fault === 'host-not-allowed' ? 'another host' : 'unusable';
  }
}

describe('the hosts that may get a token', () => {
  const JUDGEMENTS: [hosts: string, url: unknown, judgement: ReturnType<typeof judge>][] = [
    ['', 'https://evil.example', 'yes'],
    ['  , ', 'https://evil.example', 'yes'],
    ['api.example.com', 'https://api.example.com/cards?a=b#c', 'yes'],
    ['api.example.com', 'http://api.example.com', 'yes'],
    ['api.example.com', 'https://API.Example.COM.', 'yes'],
    ['API.example.com.', 'https://api.example.com', 'yes'],
    ['api.example.com', 'api.example.com/cards', 'yes'],
    ['api.example.com', 'api.example.com:8080', 'yes'],
    ['api.example.com', 'https://api.example.com:8443/', 'yes'],
    ['a.example b.example', 'https://b.example', 'yes'],
    ['a.example,b.example', 'https://b.example', 'yes'],
    ['a.example,\n b.example,', 'https://a.example', 'yes'],
    ['api.example.com', 'https://evil.example', 'another host'],
    ['api.example.com', 'https://api.example.com.evil.example', 'another host'],
    ['api.example.com', 'https://xapi.example.com', 'another host'],
    ['api.example.com', 'https://sub.api.example.com', 'another host'],
    ['api.example.com', 'https://evil.example/api.example.com', 'another host'],
    ['api.example.com', 'https://evil.example?api.example.com', 'another host'],
    ['api.example.com', 'https://evil.example#api.example.com', 'another host'],
    ['api.example.com', '//evil.example', 'another host'],
    ['api.example.com', 'http:\\\\evil.example', 'another host'],
    ['api.example.com', 'httpx://api.example.com', 'another host'],
    ['api.example.com', 'http://unix:/var/run/docker.sock:/x', 'another host'],
    ['api.example.com', 'evil.example?://api.example.com', 'unusable'],
    ['*.example.com', 'https://a.example.com', 'yes'],
    ['*.example.com', 'https://a.b.example.com', 'yes'],
    ['*.example.com', 'https://example.com', 'another host'],
    ['*.example.com', 'https://evilexample.com', 'another host'],
    ['*.example.com', 'https://a.example.com.evil.example', 'another host'],
    ['api.example.com:8443', 'https://api.example.com:8443', 'yes'],
    ['api.example.com:8443', 'https://api.example.com', 'another host'],
    ['api.example.com:443', 'https://api.example.com', 'yes'],
    ['api.example.com:443', 'http://api.example.com', 'another host'],
    ['api.example.com:80', 'http://api.example.com', 'yes'],
    ['api.example.com:080', 'http://api.example.com', 'yes'],
    ['*.example.com:8443', 'https://a.example.com:8443', 'yes'],
    ['127.0.0.1', 'http://127.1:1880', 'yes'],
    ['127.0.0.1', 'http://0x7f000001', 'yes'],
    ['[::1]:80', 'http://[0:0:0:0:0:0:0:1]', 'yes'],
    ['[::1]', 'http://[::2]', 'another host'],
    ['bücher.example', 'https://xn--bcher-kva.example', 'yes'],
    ['xn--bcher-kva.example', 'https://BÜCHER.example', 'yes'],
    // Addresses that `http request` does not send to, or that mislead a reader.
    ['api.example.com', 'ftp://api.example.com', 'unusable'],
    ['api.example.com', 'HTTPS://api.example.com', 'unusable'],
    ['api.example.com', ' https://api.example.com', 'unusable'],
    ['api.example.com', 'https://api.example.com@evil.example', 'unusable'],
    ['api.example.com', 'https://me:secret@api.example.com', 'unusable'],
    ['api.example.com', 'me@api.example.com', 'unusable'],
    ['api.example.com', 'https:api.example.com', 'unusable'],
    // `new URL` would take seconds for each of the next.
    ['api.example.com', `https://${MANY_CHARACTERS}`, 'unusable'],
    ['api.example.com', `${MANY_CHARACTERS}.api.example.com`, 'unusable'],
    ['api.example.com', `http:////\\ \t${MANY_CHARACTERS}/`, 'unusable'],
    ['api.example.com', `https://api.example.com/${MANY_CHARACTERS}`, 'yes'],
    ['api.example.com', `https://api.example.com?${MANY_CHARACTERS}`, 'yes'],
    ['api.example.com', 'https://', 'unusable'],
    ['api.example.com', 'https://a b', 'unusable'],
    ['api.example.com', 'https://[1', 'unusable'],
    ['api.example.com', ['https://api.example.com'], 'unusable'],
    ['api.example.com', { href: 'https://api.example.com' }, 'unusable'],
    ['api.example.com', new URL('https://api.example.com'), 'unusable'],
    ['api.example.com', new String('https://api.example.com'), 'unusable'],
    // The address is in the dialog of `http request`.
    ...[undefined, null, ''].map((url): [string, unknown, 'yes'] => ['api.example.com', url, 'yes']),
  ];
  for (const [hosts, url, judgement] of JUDGEMENTS)
    it(`"${hosts.replace(/\s+/g, ' ')}": ${JSON.stringify(url)} is ${judgement}`, () =>
      assert.equal(judge(hosts, url), judgement));

  for (const entry of [
    'https://api.example.com',
    'api.example.com/',
    'api.example.com/path',
    'me@api.example.com',
    '*',
    '*.',
    'api.*.com',
    'api*.example.com',
    '*.127.0.0.1',
    '*.[::1]',
    'api.example.com:',
    'api.example.com:99999',
    'api.example.com:http',
    '::1',
    'a?b',
    'a#b',
    'a\\b',
    'ok.example, not/ok',
  ])
    it(`cannot be "${entry}"`, () =>
      assert.throws(() => Hosts.parse(entry), { code: 'AUTH_CONFIG', fault: 'hosts-invalid' }));

  it('remember no address that did not pass', () => {
    const hosts = Hosts.parse('api.example.com');
    const check = (url: string): void => hosts?.check({ _msgid: 'm', url } as never);
    check('https://api.example.com');
    for (let tries = 0; tries < 3; tries += 1) assert.throws(() => check('https://evil.example'));
    check('https://api.example.com');
  });

  it('are named in the error, shortened, and never with the rest of the address', () => {
    const url = `https://${'a'.repeat(500)}.example/path?secret=1`;
    assert.throws(
      () => Hosts.parse('api.example.com')?.check({ _msgid: 'm', url } as never),
      ({ message }: Error) => message.length < 300 && message.includes('aaa') && !message.includes('secret'),
    );
  });
});
