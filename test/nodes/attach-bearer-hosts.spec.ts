import assert from 'node:assert/strict';
import { type FlowNode, functionNode, httpRequest, type Message, place, wire } from '../support/flows.ts';
import { branch, takes } from '../support/rejecting-api.ts';
import { load } from '../support/runtime.ts';
import { serve, type TestServer } from '../support/servers.ts';
import { grantsInTurn, serveTokens, VGS_CREDENTIALS } from '../support/token-server.ts';

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

  it('removes properties that redirect a request: a host header, and the permission to accept any certificate', async () => {
    const { msg } = await (await load(attach())).ask('attach', hostile());
    assert.deepEqual(Object.keys(msg.headers ?? {}), ['accept']);
    assert.equal(String(msg.headers?.authorization), 'Bearer THE-TOKEN');
    assert.equal('rejectUnauthorized' in msg, false);
  });

  for (const value of [false, 'false', 'FALSE', 'False', true, 'true', 'no', '', 0, null, undefined, {}, ['false']]) {
    const accepts = value === false || /^false$/i.test(String(typeof value === 'string' ? value : ''));
    it(`${accepts ? 'drops' : 'keeps'} a rejectUnauthorized that is ${JSON.stringify(value)}`, async () => {
      const flow = await load(attach());
      const { msg } = await flow.ask('attach', { ...hostile(), rejectUnauthorized: value });
      assert.equal('rejectUnauthorized' in msg, !accepts);
      assert.deepEqual(msg.rejectUnauthorized, accepts ? undefined : value);
    });
  }

  it('keeps both on the message if any host may get the token', async () => {
    const { msg } = await (await load(attach({ hosts: '' }))).ask('attach', hostile());
    assert.deepEqual([msg.headers?.host, msg.rejectUnauthorized], ['evil.example', false]);
  });

  it('sends it there before it requests a token', async () => {
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
    it(`allows any host if hosts is ${JSON.stringify(hosts)}`, async () => {
      const flow = await load(attach({ hosts }));
      assert.equal((await flow.ask('attach', { url: 'https://evil.example', token: TOKEN })).at, 'seen');
    });

  it('fails with every message if hosts is invalid: no host gets the token then', async () => {
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
      it(`fails if its value is ${JSON.stringify(value)}: the protection must not disappear unnoticed`, async () => {
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

  it('compares the address of a message that comes back with 401 after its own address was restored', async () => {
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

    /** Addresses that look like the API and lead elsewhere, or the opposite. */
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
