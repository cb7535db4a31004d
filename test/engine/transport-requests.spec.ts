import assert from 'node:assert/strict';
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import sinon from 'sinon';
import { HttpTransport } from '../../src/http/transport.ts';
import { FakeSystem, START } from '../support/fake-system.ts';
import { always, closeServers, serve, type TestServer } from '../support/servers.ts';

/** The clock of a test as a Date header. */
const DATE = new Date(START).toUTCString();
const TOKEN = { body: { access_token: 'abc' } };

function transportTo(server: TestServer, system = new FakeSystem()): HttpTransport {
  return new HttpTransport(new URL(server.origin), {}, system);
}

/** Basic credentials of RFC 6749 section 2.3.1: each part form-encoded, joined, then in Base64. */
function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`, 'latin1').toString('base64')}`;
}

describe('a token request over a real socket', () => {
  afterEach(() => {
    sinon.restore();
    return closeServers();
  });

  it('to localhost stays on this machine, whatever a name server answers', async () => {
    const server = await serve(always(TOKEN));
    const lookUp = sinon.stub(dns, 'lookup').throws(new Error('a name server was asked'));
    const url = `http://localhost:${server.port}/token`;
    const transport = new HttpTransport(new URL(url), {}, new FakeSystem());
    assert.equal((await transport.send({ url, form: {} })).status, 200);
    assert.equal(lookUp.callCount, 0);
  });

  it('is a POST of form fields that asks for JSON and no compression, and has a user agent', async () => {
    const server = await serve(always(TOKEN));
    const form = { client_id: 'a b', client_secret: 'p&=+%ü€/?#', grant_type: 'client_credentials' };
    await transportTo(server).send({ url: `${server.origin}/realms/x/token`, form });
    const [request] = server.requests;
    assert.equal(request.method, 'POST');
    assert.equal(request.path, '/realms/x/token');
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(request.headers.accept, 'application/json');
    assert.equal(request.headers['accept-encoding'], 'identity');
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    assert.equal(request.headers['user-agent'], `node-red-vg-auth/${version}`);
    assert.equal(request.headers.authorization, undefined);
    assert.deepEqual(Object.fromEntries(request.form), form);
    assert.equal(Number(request.headers['content-length']), Buffer.byteLength(request.text));
  });

  it('keeps the query of the address, and sends no secret in it', async () => {
    const server = await serve(always(TOKEN));
    await transportTo(server).send({ url: `${server.origin}/token?tenant=a`, form: { client_secret: 's3cret' } });
    assert.equal(server.requests[0].path, '/token?tenant=a');
  });

  const clients: [string, string, string, string][] = [
    ['plain', 'client', 'secret', basic('client', 'secret')],
    ['a colon', 'cli:ent', 'se:cret', basic('cli%3Aent', 'se%3Acret')],
    ['a space', 'my client', 'my secret', basic('my+client', 'my+secret')],
    ['a plus and a percent sign', 'a+b', '100%', basic('a%2Bb', '100%25')],
    ['an ampersand, an equals sign and a slash', 'a&b', 'c=d/e', basic('a%26b', 'c%3Dd%2Fe')],
    ['letters beyond ASCII', 'jürgen', '€', basic('j%C3%BCrgen', '%E2%82%AC')],
  ];
  for (const [name, clientId, clientSecret, expected] of clients) {
    it(`has Basic credentials as in RFC 6749: ${name}`, async () => {
      const server = await serve(always(TOKEN));
      await transportTo(server).send({ url: server.origin, form: { a: 'b' }, basic: { clientId, clientSecret } });
      assert.equal(server.requests[0].headers.authorization, expected);
      assert.equal(server.requests[0].text, 'a=b');
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    it(`follows no redirect: ${status}`, async () => {
      const second = await serve(always(TOKEN));
      const first = await serve(always({ status, headers: { location: `${second.origin}/token` } }));
      const reply = await transportTo(first).send({ url: first.origin, form: { client_secret: 's' } });
      assert.equal(reply.status, status);
      assert.equal(first.requests.length, 1);
      assert.equal(second.requests.length, 0);
    });
  }

  it('records when it was sent, not when the answer arrived', async () => {
    const system = new FakeSystem();
    const server = await serve(async () => {
      await system.pass(5_000);
      return TOKEN;
    });
    const reply = await transportTo(server, system).send({ url: server.origin, form: {} });
    assert.equal(reply.sentAt, START);
  });

  const times: [string, string, number | undefined][] = [
    ['seconds', '120', 120_000],
    ['0', '0', 0],
    ['a date', new Date(START + 90_000).toUTCString(), 90_000],
    ['a date of yesterday', new Date(START - 86_400_000).toUTCString(), 0],
    ['a word', 'soon', undefined],
    ['a negative number', '-5', undefined],
    ['a fraction', '1.5', undefined],
    ['nothing', '', undefined],
  ];
  for (const [name, header, expected] of times) {
    it(`reads Retry-After: ${name}`, async () => {
      const server = await serve(always({ status: 429, headers: { 'retry-after': header, date: DATE } }));
      const { retryAfter } = await transportTo(server).send({ url: server.origin, form: {} });
      assert.equal(retryAfter, expected);
    });
  }

  it('reads a date of Retry-After by the clock of the server, or by the own clock without a Date header', async () => {
    const later = (ms: number): string => new Date(START + ms).toUTCString();
    const server = await serve((_, response) => {
      response.sendDate = server.requests.length === 1;
      const date: Record<string, string> = response.sendDate ? { date: later(3_600_000) } : {};
      return { status: 429, headers: { ...date, 'retry-after': later(3_605_000) } };
    });
    const transport = transportTo(server);
    assert.equal((await transport.send({ url: server.origin, form: {} })).retryAfter, 5_000);
    assert.equal((await transport.send({ url: server.origin, form: {} })).retryAfter, 3_605_000);
  });

  for (const header of ['999999999', '99999999999', '9'.repeat(300), 'Fri, 31 Dec 9999 23:59:59 GMT']) {
    it(`reads an absurd Retry-After as longer than any wait: ${header.slice(0, 30)}`, async () => {
      const server = await serve(always({ status: 429, headers: { 'retry-after': header } }));
      const { retryAfter } = await transportTo(server).send({ url: server.origin, form: {} });
      assert.ok(retryAfter !== undefined && retryAfter > 30_000, String(retryAfter));
    });
  }

  it('reads no Retry-After if there is none', async () => {
    const server = await serve(always({ status: 429 }));
    assert.equal((await transportTo(server).send({ url: server.origin, form: {} })).retryAfter, undefined);
  });

  it('can finish after the transport was closed', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await serve(async () => {
      arrived();
      await held;
      return TOKEN;
    });
    const transport = transportTo(server);
    const sending = transport.send({ url: server.origin, form: {} });
    await arrival;
    transport.close();
    transport.close();
    release();
    assert.equal((await sending).body?.token('access_token'), 'abc');
  });

  it('leaves no timer behind', async () => {
    const system = new FakeSystem();
    const server = await serve(always(TOKEN));
    await transportTo(server, system).send({ url: server.origin, form: {} });
    assert.equal(system.pending, 0);
  });
});
