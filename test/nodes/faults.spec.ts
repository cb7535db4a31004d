import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Arrival } from '../support/flows.ts';
import { holdTime } from '../support/held-time.ts';
import { grant, type RawAnswer, RawServer, reply } from '../support/raw-server.ts';
import { type Flow, load } from '../support/runtime.ts';
import { VGS_CREDENTIALS, vgsFlow } from '../support/token-server.ts';
import { until } from '../support/until.ts';

/** A fault of a server, and the result for a message: a token, or an error with this code. */
const FAULTS: [name: string, answer: RawAnswer, outcome: string][] = [
  ['a reset before the reply', (socket) => socket.resetAndDestroy(), 'AUTH_NETWORK'],
  ['a connection closed before the reply', (socket) => socket.end(), 'AUTH_NETWORK'],
  ['a reset in the middle of a reply', (socket) => cutAfter(socket, 60), 'AUTH_NETWORK'],
  ['a reset in the middle of a body', (socket) => cutAfter(socket, 110), 'AUTH_BAD_RESPONSE'],
  ['a black hole', () => undefined, 'AUTH_TIMEOUT'],
  ['a reply that drips', drip, 'AUTH_TIMEOUT'],
  ['408', (socket) => socket.write(reply('', [], '408 Request Timeout')), 'AUTH_UNAVAILABLE'],
  ['429', (socket) => socket.write(reply('', [], '429 Too Many Requests')), 'AUTH_UNAVAILABLE'],
  [
    '429, and to wait a minute',
    (socket) => socket.write(reply('', ['retry-after: 60'], '429 Too Many')),
    'AUTH_UNAVAILABLE',
  ],
  [
    '503, and an endless wait',
    (socket) => socket.write(reply('', ['retry-after: 99999999999'], '503 No')),
    'AUTH_UNAVAILABLE',
  ],
  ['500', (socket) => socket.write(reply('oops', [], '500 Error')), 'AUTH_UNAVAILABLE'],
  ['502 as HTML', (socket) => socket.write(reply('<html>', [], '502 Bad Gateway')), 'AUTH_UNAVAILABLE'],
  ['504', (socket) => socket.write(reply('', [], '504 Timeout')), 'AUTH_UNAVAILABLE'],
  ['200 as HTML', (socket) => socket.write(reply('<html>sign in</html>')), 'AUTH_BAD_RESPONSE'],
  [
    'a redirect',
    (socket) => socket.write(reply('', ['location: http://127.0.0.1:9/'], '302 Found')),
    'AUTH_BAD_RESPONSE',
  ],
  [
    'a gzip bomb',
    (socket) => socket.write(reply(gzipSync(Buffer.alloc(2 ** 26)), ['content-encoding: gzip'])),
    'AUTH_BAD_RESPONSE',
  ],
  ['chunks without an end', endless, 'AUTH_BAD_RESPONSE'],
  ['no HTTP at all', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'AUTH_BAD_RESPONSE'],
  [
    'headers of 100 kB',
    (socket) => socket.write(reply(grant(), [`set-cookie: ${'x'.repeat(100_000)}`])),
    'AUTH_BAD_RESPONSE',
  ],
  ['gzip', (socket) => socket.write(reply(gzipSync(grant()), ['content-encoding: gzip'])), 'token'],
  ['another charset', (socket) => socket.write(reply(Buffer.from(grant(), 'utf16le'))), 'AUTH_BAD_RESPONSE'],
  ['a byte order mark', (socket) => socket.write(reply(`\ufeff${grant()}`)), 'token'],
  ['a key twice', (socket) => socket.write(reply(`{"access_token":"","access_token":"b","expires_in":300}`)), 'token'],
  ['a life of 1 s', (socket) => socket.write(reply(grant({ expires_in: 1 }))), 'token'],
  ['a life of 10 years', (socket) => socket.write(reply(grant({ expires_in: 315_360_000 }))), 'token'],
  ['a negative life', (socket) => socket.write(reply(grant({ expires_in: -5 }))), 'token'],
  ['a life that is no number', (socket) => socket.write(reply(grant({ expires_in: 'NaN' }))), 'token'],
  ['no life', (socket) => socket.write(reply(grant({ expires_in: undefined }))), 'token'],
];

/** Cuts a reply off after this many bytes. The head alone has about 80. */
function cutAfter(socket: Parameters<RawAnswer>[0], bytes: number): void {
  socket.write(reply(grant()).subarray(0, bytes), () => setImmediate(() => socket.resetAndDestroy()));
}

/** Sends one byte at a time. */
function drip(socket: Parameters<RawAnswer>[0]): void {
  const bytes = reply(grant({ filler: 'x'.repeat(10_000) }));
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 5);
  socket.once('close', () => clearInterval(timer));
}

/** As many chunks as the client reads. */
function endless(socket: Parameters<RawAnswer>[0]): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

/** The result of a message with this payload. If a deploy came in between, it may have ended, or not. */
async function outcomeOf(flow: Flow, payload: string): Promise<Arrival> {
  flow.send('get', { payload });
  for (;;) {
    const arrival = await flow.next();
    if (arrival.msg.payload === payload) return arrival;
  }
}

/** Asks until this token arrives, which is on its way. */
async function askUntil(flow: Flow, token: string): Promise<Arrival> {
  for (;;) {
    const arrival = await flow.ask('get');
    if (arrival.msg.token?.access_token === token) return arrival;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a fault of the server', () => {
  let server: RawServer;
  beforeEach(async () => {
    server = new RawServer((socket) => socket.write(reply(grant())));
    await server.start();
  });
  afterEach(() => server.stop());

  for (const [name, answer, outcome] of FAULTS) {
    it(`${name}: ${outcome}; the next message after it works, and nothing is left open`, async () => {
      const time = holdTime();
      const flow = await load(vgsFlow(`${server.origin}/token`), VGS_CREDENTIALS);
      const well = server.answer;
      server.answer = answer;
      const { at, msg } = await time.until(flow.ask('get', { payload: 'kept' }));
      if (outcome === 'token') assert.equal(at, 'token', msg.error?.message);
      else assert.deepEqual([at, msg.error?.code, msg.payload], ['caught', outcome, 'kept'], msg.error?.message);

      // A server may ask for a long pause, but not an endless one.
      await time.pass(600_000);
      server.answer = well;
      const next = await time.until(flow.ask('get'));
      assert.deepEqual([next.at, next.msg.token?.access_token], ['token', 'a-token'], next.msg.error?.message);

      await flow.deploy([]);
      await until(() => server.open === 0);
      assert.equal(time.waiting, 0, 'no timer is left');
    });

    it(`${name}, and a deploy in the middle of it: nothing is left open`, async () => {
      const time = holdTime();
      const nodes = vgsFlow(`${server.origin}/token`);
      const flow = await load(nodes, VGS_CREDENTIALS);
      const well = server.answer;
      server.answer = answer;
      flow.send('get');
      await until(() => server.requests > 0);
      await flow.deploy(nodes);

      // It joins the request that is under way, and gets its result: one outcome, of either kind.
      await time.until(outcomeOf(flow, 'second'));
      await time.pass(600_000);
      server.answer = well;
      const next = await time.until(outcomeOf(flow, 'third'));
      assert.equal(next.at, 'token', next.msg.error?.message);

      await flow.deploy([]);
      await until(() => server.open === 0);
      assert.equal(time.waiting, 0, 'no timer is left');
    });
  }

  it('a kept connection that the server has closed: the next token comes over another one', async () => {
    const time = holdTime();
    const flow = await load(vgsFlow(`${server.origin}/token`), VGS_CREDENTIALS);
    const served = new WeakSet<object>();
    server.answer = (socket) => {
      if (served.has(socket)) socket.resetAndDestroy();
      else socket.write(reply(grant()));
      served.add(socket);
    };
    assert.equal((await flow.ask('get')).at, 'token');
    await time.pass(299_000);
    assert.equal((await time.until(flow.ask('get'))).at, 'token');
  });

  it('a renewal without an answer: nobody waits for it, and the next one returns a token', async () => {
    const time = holdTime();
    const nodes = vgsFlow(`${server.origin}/token`);
    const flow = await load(nodes, VGS_CREDENTIALS);
    let tokens = 0;
    server.answer = (socket) => {
      if (server.requests !== 2) socket.write(reply(grant({ access_token: `token-${++tokens}` })));
    };
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-1');
    await time.pass(250_000);
    // The renewal in the background gets no answer.
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-1');
    await until(() => server.requests === 2);
    await flow.deploy(nodes);
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-1');
    await time.pass(20_000);
    assert.equal((await flow.ask('get')).msg.token?.access_token, 'token-1');
    await until(() => tokens === 2);
    const { msg } = await time.until(askUntil(flow, 'token-2'));
    assert.equal(msg.token?.access_token, 'token-2');

    await flow.deploy([]);
    await until(() => server.open === 0);
    assert.equal(time.waiting, 0, 'no timer is left');
  });

  it('a clock that is set back an hour, or forward: a new token, and no series of requests', async () => {
    const time = holdTime();
    const flow = await load(vgsFlow(`${server.origin}/token`), VGS_CREDENTIALS);
    await flow.ask('get');
    time.set(-3_600_000);
    for (let count = 0; count < 10; count += 1) assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(server.requests, 2);
    time.set(3_600_000);
    for (let count = 0; count < 10; count += 1) assert.equal((await flow.ask('get')).at, 'token');
    assert.equal(server.requests, 3);
  });

  it('an event loop that is blocked while a token expires: no expired token is returned', async () => {
    const time = holdTime();
    const flow = await load(vgsFlow(`${server.origin}/token`), VGS_CREDENTIALS);
    const { msg: first } = await flow.ask('get');
    await time.pass(299_000);
    // No timer runs meanwhile.
    time.set(10_000);
    const { msg } = await flow.ask('get');
    assert.ok((msg.token?.expires_at ?? 0) > (first.token?.expires_at ?? 0));
    assert.ok((msg.token?.expires_at ?? 0) > time.now());
  });
});
