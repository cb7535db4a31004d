import assert from 'node:assert/strict';
import type { AuthErrorCode } from '../../src/errors.ts';
import type { Reason } from '../../src/reasons.ts';
import { readAnswer, readScope } from '../../src/token-endpoint.ts';
import { type FormRequest, withoutEcho } from '../../src/transport/transport.ts';
import { json, page, type ScriptedReply } from '../support/scripted-transport.ts';

const SECRET = 'S3cret-value';
const REQUEST: FormRequest = { url: 'https://auth.example.org/token', form: { client_secret: SECRET } };

function read(reply: ScriptedReply, request = REQUEST) {
  const whole = { status: 200, contentType: 'application/json', body: undefined, empty: false, retryAfter: undefined };
  return readAnswer({ ...whole, ...reply, sentAt: 0 }, 'auth.example.org', request);
}

const oauth = (status: number, error: string, description?: string): ScriptedReply =>
  json(status, { error, ...(description ? { error_description: description } : {}) });

/** What becomes of a refusal: the reasons are promises of the README, the causes stand in src/vgs/PROTOCOL.md. */
const REFUSED: [string, ScriptedReply, Reason][] = [
  ['400 invalid_client', oauth(400, 'invalid_client'), 'client-invalid'],
  [
    '401 invalid_client',
    oauth(401, 'invalid_client', 'Invalid client or Invalid client credentials'),
    'client-invalid',
  ],
  ['400 unauthorized_client', oauth(400, 'unauthorized_client'), 'client-invalid'],
  [
    '401 unauthorized_client (Keycloak: a wrong secret)',
    oauth(401, 'unauthorized_client', 'Invalid client or Invalid client credentials'),
    'client-invalid',
  ],
  ['401 with an empty body', { status: 401, empty: true, contentType: 'no content type' }, 'client-invalid'],
  ['400 invalid_scope', oauth(400, 'invalid_scope', 'Invalid scopes: x'), 'scope-invalid'],
  ['400 unsupported_grant_type', oauth(400, 'unsupported_grant_type'), 'grant-not-allowed'],
  [
    '401 unauthorized_client about the grant (Keycloak)',
    oauth(401, 'unauthorized_client', 'Client not enabled to retrieve service account'),
    'grant-not-allowed',
  ],
  [
    '400 unauthorized_client about the grant (RFC 6749)',
    oauth(400, 'unauthorized_client', 'The client is not authorized to use this grant type'),
    'grant-not-allowed',
  ],
  ['401 invalid_request (Keycloak: the account is gone)', oauth(401, 'invalid_request'), 'account-disabled'],
  ['400 invalid_grant', oauth(400, 'invalid_grant'), 'credentials-invalid'],
  ['401 invalid_grant', oauth(401, 'invalid_grant'), 'credentials-invalid'],
  ['403 access_denied', oauth(403, 'access_denied', 'Realm not enabled'), 'user-not-authorized'],
  ['400 access_denied', oauth(400, 'access_denied'), 'user-not-authorized'],
];

/** "any other OAuth error as JSON with 400, 401 or 403": the word of the server comes along. */
const UNKNOWN: [number, string][] = [
  [400, 'invalid_request'],
  [403, 'invalid_request'],
  [400, 'slow_down'],
  [401, 'login_required'],
  [403, 'temporarily.odd-word'],
];

const FAULTS: [string, ScriptedReply, AuthErrorCode][] = [
  ['408', page(408), 'AUTH_UNAVAILABLE'],
  ['429', page(429), 'AUTH_UNAVAILABLE'],
  ['429 with an OAuth error', oauth(429, 'slow_down'), 'AUTH_UNAVAILABLE'],
  ['500', page(500), 'AUTH_UNAVAILABLE'],
  ['500 with an OAuth error', oauth(500, 'invalid_client'), 'AUTH_UNAVAILABLE'],
  ['502', page(502), 'AUTH_UNAVAILABLE'],
  ['503', page(503), 'AUTH_UNAVAILABLE'],
  ['504', page(504), 'AUTH_UNAVAILABLE'],
  ['200 with HTML', page(200), 'AUTH_BAD_RESPONSE'],
  ['400 with HTML', page(400), 'AUTH_BAD_RESPONSE'],
  ['403 with HTML, as a firewall says it', page(403), 'AUTH_BAD_RESPONSE'],
  ['401 with HTML', page(401), 'AUTH_BAD_RESPONSE'],
  ['200, empty', { status: 200, empty: true }, 'AUTH_BAD_RESPONSE'],
  ['204, empty', { status: 204, empty: true }, 'AUTH_BAD_RESPONSE'],
  ['400, empty', { status: 400, empty: true }, 'AUTH_BAD_RESPONSE'],
  ['404', page(404), 'AUTH_BAD_RESPONSE'],
  ['404 with an OAuth error', oauth(404, 'invalid_client'), 'AUTH_BAD_RESPONSE'],
  ['415', page(415), 'AUTH_BAD_RESPONSE'],
  ['a redirect', { status: 302, empty: true }, 'AUTH_BAD_RESPONSE'],
  ['a redirect with a token', json(307, { access_token: 'abc' }), 'AUTH_BAD_RESPONSE'],
  ['200 without a token', json(200, { token_type: 'bearer' }), 'AUTH_BAD_RESPONSE'],
  ['200 with an OAuth error and no token', oauth(200, 'invalid_client'), 'AUTH_BAD_RESPONSE'],
  ['400 with JSON that has no error', json(400, { message: 'no' }), 'AUTH_BAD_RESPONSE'],
  ['400 with an error that is no text', json(400, { error: { code: 1 } }), 'AUTH_BAD_RESPONSE'],
  ['a token that is empty', json(200, { access_token: '' }), 'AUTH_BAD_RESPONSE'],
  ['a token that is a number', json(200, { access_token: 12345 }), 'AUTH_BAD_RESPONSE'],
  ['a token that is an object', json(200, { access_token: { a: 1 } }), 'AUTH_BAD_RESPONSE'],
  ['a token that is null', json(200, { access_token: null }), 'AUTH_BAD_RESPONSE'],
  ['a token that would break the header', json(200, { access_token: 'a\r\nx: y' }), 'AUTH_BAD_RESPONSE'],
  ['a token of another type', json(200, { access_token: 'abc', token_type: 'mac' }), 'AUTH_BAD_RESPONSE'],
];

describe("a token endpoint's answer", () => {
  for (const type of ['Bearer', 'bearer', 'BEARER', undefined]) {
    it(`with a token of type ${type} is a token`, () => {
      const answer = read(json(200, { access_token: 'abc', ...(type ? { token_type: type } : {}) }));
      assert.equal(answer.refused, undefined);
      assert.equal(answer.granted && answer.accessToken, 'abc');
    });
  }

  for (const [name, reply, reason] of REFUSED) {
    it(`${name} is refused: ${reason}`, () => assert.equal(read(reply).refused?.reason, reason));
  }

  for (const [status, word] of UNKNOWN) {
    it(`${status} ${word} is refused: unknown, with the word`, () =>
      assert.deepEqual(read(oauth(status, word)).refused, { reason: 'unknown', error: word }));
  }

  for (const [name, reply, code] of FAULTS) {
    it(`${name} is ${code}, with host, status and content type`, () => {
      assert.throws(
        () => read(reply),
        (error: { code: string; status: number; message: string }) => {
          assert.equal(error.code, code);
          assert.equal(error.status, reply.status);
          assert.match(error.message, /auth\.example\.org/);
          assert.ok(error.message.includes(String(reply.status)));
          if (code === 'AUTH_BAD_RESPONSE') {
            assert.ok(error.message.includes(reply.contentType ?? 'application/json'), error.message);
          }
          return true;
        },
      );
    });
  }
});

describe('a hostile answer', () => {
  const hostile = [
    SECRET,
    SECRET.toUpperCase(),
    `x_${SECRET}_x`,
    'two words',
    '<script>',
    'a\nb',
    'x'.repeat(65),
    '"quoted"',
  ];
  for (const word of hostile) {
    it(`never gets its error word through: ${JSON.stringify(word).slice(0, 40)}`, () =>
      assert.deepEqual(read(oauth(400, word)).refused, { reason: 'unknown' }));
  }

  it('never gets a word through that repeats the secret of the header', () => {
    const request = { url: REQUEST.url, form: {}, basic: { clientId: 'c', clientSecret: SECRET } };
    assert.deepEqual(read(oauth(400, SECRET), request).refused, { reason: 'unknown' });
  });

  for (const field of ['Password', 'MFASecureCode', 'refresh_token']) {
    it(`never gets a word through that repeats ${field}`, () => {
      const request = { url: REQUEST.url, form: { [field]: SECRET } };
      assert.deepEqual(read(oauth(400, SECRET), request).refused, { reason: 'unknown' });
    });
  }

  it('never gets a description through', () => {
    const { refused } = read(oauth(400, 'invalid_client', `the secret was ${SECRET}`));
    assert.ok(!JSON.stringify(refused).includes(SECRET));
  });

  it('never gets its body into an error', () => {
    assert.throws(
      () => read(json(200, { hello: 'body-text' })),
      (error: Error) => !`${error.stack} ${JSON.stringify(error)}`.includes('body-text'),
    );
  });

  it('never gets the secret through as a scope', () =>
    assert.deepEqual(readScope(`a ${SECRET} b`, [], show).scope, ['a', 'b']));
});

/** A word of a server, as far as it repeats no secret. */
function show(word: string): string | undefined {
  return withoutEcho(word, REQUEST);
}

describe('the scope of an answer', () => {
  it('is sorted out by set logic: what was asked for and not granted is missing', () =>
    assert.deepEqual(readScope('user_id cards:write service-account', ['cards:write', 'network-tokens:write'], show), {
      scope: ['user_id', 'cards:write', 'service-account'],
      missingScope: ['network-tokens:write'],
    }));

  for (const named of [undefined, null, 7, '', '   ', ['a']]) {
    it(`is the one asked for where the server names ${JSON.stringify(named)}`, () =>
      assert.deepEqual(readScope(named, ['a', 'b'], show), { scope: ['a', 'b'], missingScope: [] }));
  }

  it('has each word once', () => assert.deepEqual(readScope('a  b\ta', [], show).scope, ['a', 'b']));
});
