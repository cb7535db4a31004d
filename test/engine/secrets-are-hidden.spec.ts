import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { format, inspect } from 'node:util';
import { AuthError, asAuthError } from '../../src/core/errors.ts';
import { fingerprint, HiddenText, REDACTED } from '../../src/core/redaction.ts';
import { createToken, toMessageToken } from '../../src/oauth/token.ts';
import { FakeSystem, START } from '../support/fake-system.ts';
import { always, closeServers, serve } from '../support/servers.ts';

/** The function with which Node-RED clones messages. */
const clonedeep = createRequire(import.meta.url)('lodash.clonedeep') as <T>(value: T) => T;

const SECRET = 'secret-access-token';
const VG_SECRET = 'secret-vg-token';

function messageToken() {
  const parts = { accessToken: SECRET, sentAt: START, lifetime: 300_000, scope: ['cards:write'], missingScope: [] };
  return toMessageToken(createToken({ ...parts, VGToken: VG_SECRET }, new FakeSystem()));
}

/** All forms in which Node-RED prints a value: as JSON in the debug sidebar and in context files, by inspection in the log. */
function printed(value: unknown): string[] {
  const message = { _msgid: 'm', deep: { token: value } };
  return [
    JSON.stringify(value),
    JSON.stringify(message),
    JSON.stringify([value], null, 2),
    inspect(value),
    inspect(message, { depth: null, showHidden: false }),
    inspect([value], { compact: 1 }),
    format('%O', value),
    format('%j', value),
  ];
}

function assertHidden(value: unknown, ...secrets: string[]): void {
  for (const text of printed(value)) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} shows in ${text}`);
    assert.ok(text.includes(REDACTED), `nothing says ${REDACTED} in ${text}`);
  }
}

describe('a token on a message', () => {
  it('shows its secrets as [redacted] wherever it is printed', () => assertHidden(messageToken(), SECRET, VG_SECRET));

  it('shows everything else', () => {
    const shown = JSON.parse(JSON.stringify(messageToken())) as Record<string, unknown>;
    assert.deepEqual(shown, {
      access_token: REDACTED,
      token_type: 'Bearer',
      expires_at: START + 300_000,
      scope: ['cards:write'],
      VGToken: REDACTED,
    });
  });

  it('still hides them after Node-RED has cloned the message, twice', () =>
    assertHidden(clonedeep(clonedeep({ token: messageToken() })).token, SECRET, VG_SECRET));

  it('can be used as a string, also from a clone', () => {
    for (const token of [messageToken(), clonedeep({ token: messageToken() }).token]) {
      assert.equal(token.access_token, SECRET);
      assert.equal(token.VGToken, VG_SECRET);
      assert.deepEqual(Object.keys(token).sort(), ['VGToken', 'access_token', 'expires_at', 'scope', 'token_type']);
    }
  });

  it('names no secret that is not present', () => {
    const { VGToken: _, ...rest } = messageToken();
    assert.equal(Object.hasOwn(rest, 'VGToken'), false);
    const plain = toMessageToken(
      createToken({ accessToken: SECRET, sentAt: 0, lifetime: 1, scope: [], missingScope: [] }, new FakeSystem()),
    );
    assert.equal('VGToken' in (JSON.parse(JSON.stringify(plain)) as object), false);
  });
});

describe('a hidden text', () => {
  const hidden = new HiddenText(`Bearer ${SECRET}`);
  afterEach(closeServers);

  it('is shown as [redacted] wherever it is printed', () => assertHidden(hidden, SECRET));

  it('is still hidden after Node-RED has cloned the message', () =>
    assertHidden(clonedeep({ headers: { authorization: hidden } }).headers.authorization, SECRET));

  it('is its true text as a string, also as a clone', () => {
    for (const text of [hidden, clonedeep({ text: hidden }).text]) {
      assert.equal(String(text), `Bearer ${SECRET}`);
      assert.equal(`${text}`, `Bearer ${SECRET}`);
      assert.equal(text.toString(), `Bearer ${SECRET}`);
    }
  });

  it('has a class called "Object", for which the debug sidebar honors toJSON', () =>
    assert.equal(hidden.constructor.name, 'Object'));

  for (const [name, header] of [
    ['itself', hidden],
    ['its clone', clonedeep({ hidden }).hidden],
  ] as const) {
    it(`is sent unchanged by node:http: ${name}`, async () => {
      const server = await serve(always({ body: 'ok' }));
      const sent = request(server.origin, { headers: { authorization: header as unknown as string } }).end();
      const [response] = await once(sent, 'response');
      response.resume();
      assert.equal(server.requests[0].headers.authorization, `Bearer ${SECRET}`);
    });
  }

  it('is sent unchanged by fetch', async () => {
    const server = await serve(always({ body: 'ok' }));
    await fetch(server.origin, { headers: { authorization: hidden as unknown as string } });
    assert.equal(server.requests[0].headers.authorization, `Bearer ${SECRET}`);
  });
});

describe('an error', () => {
  it('made from any thrown value contains nothing of its text', () => {
    for (const thrown of [new Error(SECRET), SECRET, { message: SECRET }, undefined, null, new TypeError(SECRET)]) {
      const error = asAuthError(thrown);
      assert.equal(error.code, 'AUTH_BAD_RESPONSE');
      assert.equal(error.cause, undefined);
      assert.ok(!`${inspect(error, { depth: null, showHidden: true })} ${error.stack}`.includes(SECRET));
    }
  });

  it('of this package stays unchanged', () => {
    const error = new AuthError('connection-refused', { host: 'h:1' });
    assert.equal(asAuthError(error), error);
    assert.match(error.message, /^h:1 refused the connection\./);
  });
});

describe('a fingerprint', () => {
  it('is the same for the same secrets, and reveals nothing of them', () => {
    assert.equal(fingerprint('a', SECRET), fingerprint('a', SECRET));
    assert.ok(!fingerprint(SECRET).includes(SECRET));
  });

  it('is different if the same characters are divided differently', () => {
    assert.notEqual(fingerprint('ab', 'c'), fingerprint('a', 'bc'));
    assert.notEqual(fingerprint('abc'), fingerprint('abc', ''));
  });
});
