import assert from 'node:assert/strict';
import { Hosts } from '../../nodes/shared/bearer/hosts.ts';
import { type FlowNode, functionNode, httpRequest, type Message, place, wire } from '../support/flows.ts';
import { branch, takes } from '../support/rejecting-api.ts';
import { load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { grantsInTurn, serveTokens, VGS_CREDENTIALS } from '../support/token-server.ts';

/** What becomes of an address: it may get the token, it names another host, or it is none. */
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
    // What `http request` does not send at all, or what leads astray whoever reads it.
    ['api.example.com', 'ftp://api.example.com', 'unusable'],
    ['api.example.com', 'HTTPS://api.example.com', 'unusable'],
    ['api.example.com', ' https://api.example.com', 'unusable'],
    ['api.example.com', 'https://api.example.com@evil.example', 'unusable'],
    ['api.example.com', 'https://me:secret@api.example.com', 'unusable'],
    ['api.example.com', 'me@api.example.com', 'unusable'],
    ['api.example.com', 'https:api.example.com', 'unusable'],
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

  it('are named in the error, cut short, and never with the rest of the address', () => {
    const url = `https://${'a'.repeat(500)}.example/path?secret=1`;
    assert.throws(
      () => Hosts.parse('api.example.com')?.check({ _msgid: 'm', url } as never),
      ({ message }: Error) => message.length < 300 && message.includes('aaa') && !message.includes('secret'),
    );
  });
});

describe('attach bearer with hosts', () => {
  const HOSTS = 'api.example.com, 127.0.0.1';
  const PLACES = ['answered', 'needed', 'seen'].map(place);
  const TOKEN = { access_token: 'THE-TOKEN' } as never;
  const attach = (properties: object = {}): FlowNode[] => [
    wire('attach-bearer', 'attach', ['seen', 'needed'], { source: 'msg', hosts: HOSTS, ...properties }),
    ...PLACES,
  ];

  it('gives the header to these hosts', async () => {
    const flow = await load(attach());
    for (const url of ['https://api.example.com/cards', 'http://127.0.0.1:9999', undefined]) {
      const { at, msg } = await flow.ask('attach', { url, token: TOKEN });
      assert.deepEqual([at, String(msg.headers?.authorization)], ['seen', 'Bearer THE-TOKEN']);
    }
  });

  it('sends a message to any other host to a Catch node, without the header of an earlier one', async () => {
    const flow = await load(attach());
    const first = await flow.ask('attach', { url: 'https://api.example.com', token: TOKEN });

    const { at, msg } = await flow.ask('attach', { ...first.msg, url: 'https://evil.example/x' });

    assert.equal(at, 'caught');
    assert.deepEqual([msg.error?.code, msg.url], ['AUTH_CONFIG', 'https://evil.example/x']);
    assert.match(msg.error?.message ?? '', /evil\.example/);
    assert.equal('authorization' in (msg.headers ?? {}), false);
    assert.match(flow.status('attach'), /host-not-allowed/);

    assert.equal((await flow.ask('attach', { url: 'https://api.example.com', token: TOKEN })).at, 'seen');
    assert.match(flow.status('attach'), /ready/);
  });

  const hostile = () => ({
    headers: { Host: 'evil.example', host: 'evil.example', accept: 'x' },
    rejectUnauthorized: false,
    url: 'https://api.example.com',
    token: TOKEN,
  });

  it('drops what leads a request elsewhere: a host header, and the permission to take any certificate', async () => {
    const { msg } = await (await load(attach())).ask('attach', hostile());
    assert.deepEqual(Object.keys(msg.headers ?? {}), ['accept']);
    assert.equal(String(msg.headers?.authorization), 'Bearer THE-TOKEN');
    assert.equal('rejectUnauthorized' in msg, false);
  });

  it('leaves both on the message if any host may have the token', async () => {
    const { msg } = await (await load(attach({ hosts: '' }))).ask('attach', hostile());
    assert.deepEqual([msg.headers?.host, msg.rejectUnauthorized], ['evil.example', false]);
  });

  it('sends it there before it asks for a token', async () => {
    const tokens = await serveTokens(grantsInTurn());
    const flow = await load(
      [
        { id: 'account', type: 'vgs-account', tokenUrl: tokens.origin },
        ...attach({ source: 'vgs', account: 'account' }),
      ],
      VGS_CREDENTIALS,
    );

    for (const statusCode of [undefined, 401, 401, 401]) {
      const { msg } = await flow.ask('attach', { url: 'https://evil.example', statusCode, _msgid: 'same' });
      assert.equal(msg.error?.code, 'AUTH_CONFIG');
    }

    assert.equal(tokens.requests.length, 0);
  });

  for (const hosts of ['', undefined])
    it(`lets any host have it if hosts is ${JSON.stringify(hosts)}`, async () => {
      const flow = await load(attach({ hosts }));
      assert.equal((await flow.ask('attach', { url: 'https://evil.example', token: TOKEN })).at, 'seen');
    });

  it('fails with every message if it cannot be read: no host may get the token then', async () => {
    const flow = await load(attach({ hosts: 'https://api.example.com/' }));
    assert.match(flow.status('attach'), /hosts-invalid/);

    const { at, msg } = await flow.ask('attach', { url: 'https://api.example.com', token: TOKEN });

    assert.deepEqual([at, msg.error?.code], ['caught', 'AUTH_CONFIG']);
  });

  describe('from an environment variable', () => {
    const variable = ['$', '{THE_HOSTS}'].join('');
    afterEach(() => {
      delete process.env.THE_HOSTS;
    });

    for (const value of [undefined, ''])
      it(`fails if its value is ${JSON.stringify(value)}: the protection must not go silently`, async () => {
        if (value !== undefined) process.env.THE_HOSTS = value;
        const flow = await load(attach({ hosts: variable }));
        const { at, msg } = await flow.ask('attach', { url: 'https://evil.example', token: TOKEN });
        assert.deepEqual([at, msg.error?.code], ['caught', 'AUTH_CONFIG']);
        assert.match(msg.error?.message ?? '', /THE_HOSTS/);
      });

    it('uses its value', async () => {
      process.env.THE_HOSTS = HOSTS;
      const flow = await load(attach({ hosts: variable }));
      assert.equal((await flow.ask('attach', { url: 'https://evil.example', token: TOKEN })).at, 'caught');
      assert.equal((await flow.ask('attach', { url: 'https://api.example.com', token: TOKEN })).at, 'seen');
    });
  });

  it('compares the address of a message that comes back with 401 once it has its own again', async () => {
    const tokens = await serveTokens(grantsInTurn());
    const api = await serve(takes('token-2'));
    const flow = await load(
      [
        { id: 'account', type: 'vgs-account', tokenUrl: tokens.origin },
        wire('attach-bearer', 'attach', ['call', 'needed'], { account: 'account', hosts: HOSTS }),
        httpRequest('call', 'branch', { ret: 'obj' }),
        branch('branch', 'elsewhere'),
        functionNode('elsewhere', ['attach'], 'msg.url = "https://evil.example"; return msg;'),
        ...PLACES,
      ],
      VGS_CREDENTIALS,
    );

    flow.send('attach', { url: api.origin, method: 'GET' });
    const { at, msg } = await flow.next();

    assert.deepEqual([at, msg.url], ['answered', api.origin]);
    assert.equal(api.requests.length, 2);
  });

  describe('and the core http request node', () => {
    let mine: TestServer;
    let evil: TestServer;
    beforeEach(async () => {
      mine = await serve(() => ({ body: 'mine' }));
      evil = await serve(() => ({ body: 'evil' }));
    });

    /** Addresses that a reader could take for the API, and that lead elsewhere, or the other way round. */
    const tricks = (good: string, bad: string): string[] => [
      `http://${good}@${bad}/`,
      `http://${good}%40${bad}/`,
      `http://${good}\\@${bad}/`,
      `http://${bad}\\@${good}/`,
      `http://${bad}/@${good}/`,
      `http://${bad}#@${good}/`,
      `http://${bad}?@${good}/`,
      `http://\t${bad}/`,
      `ht\ntp://${bad}/`,
      `http:/${bad}/`,
      `http:\\\\${bad}/`,
      `http:${bad}`,
      `//${bad}/`,
      `\\\\${bad}/`,
      `${bad}`,
      `@${bad}`,
      `${good}@${bad}`,
      `${good}#@${bad}`,
      `http://http://${bad}/`,
      `http://${bad}.`,
      ` http://${bad}`,
      `https:${bad}`,
      `httpx://${bad}`,
      `/${bad}`,
    ];

    it('never sends it elsewhere, however the address is written', async () => {
      const flow = await load([
        wire('attach-bearer', 'attach', ['call', 'needed'], { source: 'msg', hosts: mine.host }),
        httpRequest('call', 'answered'),
        ...PLACES,
      ]);

      const urls = tricks(mine.host, evil.host);
      for (const url of urls) {
        flow.send('attach', { url, method: 'GET', token: TOKEN, requestTimeout: 1_000 } as Message);
        await flow.next();
      }
      flow.send('attach', { url: mine.origin, method: 'GET', token: TOKEN });
      let last = await flow.next();
      while (last.msg.payload !== 'mine' || last.at !== 'answered') last = await flow.next();

      assert.deepEqual(
        evil.requests.map(({ path, headers }) => [path, headers.authorization]),
        [],
      );
      assert.equal(mine.requests.at(-1)?.headers.authorization, 'Bearer THE-TOKEN');
    });
  });
});
