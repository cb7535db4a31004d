import assert from 'node:assert/strict';
import type { AuthError } from '../../src/core/errors.ts';
import type { AuthErrorCode } from '../../src/core/faults.ts';
import type { Reason } from '../../src/core/reasons.ts';
import { readTokenResponse, withRetryAfter } from '../../src/oauth/token-endpoint.ts';
import { asReply, json, page, type ScriptedReply } from '../support/scripted-transport.ts';
import { oauth, REQUEST, read, SECRET } from '../support/token-endpoint-replies.ts';

/** The result of a refusal: the README promises the reasons, src/vgs/PROTOCOL.md lists the causes. */
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

/** "any other OAuth error as JSON with 400, 401 or 403": the error code of the server is part of the result. */
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
    it(`with a token of type ${type} is accepted`, () => {
      const answer = read(json(200, { access_token: 'abc', ...(type ? { token_type: type } : {}) }));
      assert.equal(answer.refused, undefined);
      assert.equal(answer.granted && answer.accessToken, 'abc');
    });
  }

  for (const [name, reply, reason] of REFUSED) {
    it(`${name} is refused: ${reason}`, () => assert.equal(read(reply).refused?.reason, reason));
  }

  for (const [status, word] of UNKNOWN) {
    it(`${status} ${word} is refused: unknown, with the error code of the server`, () =>
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

/** The error texts of Keycloak and OpenIddict, and the result at a node. */
describe('the error text of a token endpoint', () => {
  it('is a part of the refusal', () =>
    assert.deepEqual(read(oauth(403, 'invalid_request', 'HTTPS required')).refused, {
      reason: 'unknown',
      error: 'invalid_request',
      errorDescription: 'HTTPS required',
    }));

  for (const description of [{ toString: 'x' }, ['a'], 7, null, true, { length: 3 }]) {
    it(`is left out if the description is ${JSON.stringify(description)}: it is still a refusal`, () =>
      assert.deepEqual(read(json(401, { error: 'unauthorized_client', error_description: description })).refused, {
        reason: 'client-invalid',
        error: 'unauthorized_client',
      }));
  }

  it('is left out if Visual Guard sends its states', () => {
    const described = { error: 'invalid_client', error_description: 'Failure, UserNotFound' };
    for (const states of [{ VGResponse: {} }, { VGAuthenticationStatus: '' }])
      assert.deepEqual(read(json(400, { ...described, ...states })).refused, {
        reason: 'client-invalid',
        error: 'invalid_client',
      });
  });

  const wrongPath: [string, ScriptedReply, string][] = [
    ['a realm that does not exist', oauth(404, 'Realm does not exist'), 'Realm does not exist'],
    [
      'a path that does not exist',
      oauth(404, 'Unable to find matching target resource method', 'For more on this error consult the server log.'),
      'Unable to find matching target resource method: For more on this error consult the server log.',
    ],
    ['a sentence with 400', oauth(400, 'Something is wrong'), 'Something is wrong'],
    ['a word with 404', oauth(404, 'not_found'), 'not_found'],
    ['a word with 200', oauth(200, 'invalid_client'), 'invalid_client'],
    ['a description alone', json(400, { error_description: 'No "way"\n\u202etxet' }), "No 'way' txet"],
    ['a secret', oauth(400, `The secret ${SECRET} is wrong`), 'The secret [redacted] is wrong'],
  ];
  for (const [name, reply, words] of wrongPath) {
    it(`is shown if it is no refusal: ${name}`, () =>
      assert.throws(
        () => read(reply),
        ({ code, fault, message }: AuthError) => {
          assert.deepEqual([code, fault], ['AUTH_BAD_RESPONSE', 'reply-words']);
          assert.ok(message.includes(`The server reports "${words}".`), message);
          return true;
        },
      ));
  }
});

describe('a page of HTML', () => {
  const rows: [number, AuthErrorCode, string][] = [
    [403, 'AUTH_BAD_RESPONSE', 'reply-in-front'],
    [429, 'AUTH_UNAVAILABLE', 'unavailable-in-front'],
    [401, 'AUTH_BAD_RESPONSE', 'reply-senseless'],
    [404, 'AUTH_BAD_RESPONSE', 'reply-senseless'],
    [503, 'AUTH_UNAVAILABLE', 'unavailable'],
  ];
  for (const [status, code, fault] of rows) {
    it(`with ${status} is ${code}, ${fault}`, () => assert.throws(() => read(page(status)), { code, fault, status }));
  }

  it('with 403 or 429 is reported as the reply of a firewall or a proxy', () => {
    for (const status of [403, 429]) assert.throws(() => read(page(status)), /in front of auth.*firewall or a proxy/);
  });

  it('with 429 keeps the time that it asks for', () => {
    const reply = asReply(page(429, { retryAfter: 60_000 }), REQUEST);
    const asking = { host: 'auth.example.org', isForUser: false, mayQuote: true };
    try {
      readTokenResponse(reply, asking);
      assert.fail('it is a fault');
    } catch (failure) {
      const { fault, retryAt } = withRetryAfter(failure, reply, 1_000) as AuthError;
      assert.deepEqual([fault, retryAt], ['unavailable-in-front', 61_000]);
    }
  });
});

describe('access_denied', () => {
  it('concerns the user', () =>
    assert.equal(read(oauth(403, 'access_denied', 'x')).refused?.reason, 'user-not-authorized'));

  it('concerns the account if no user was sent (Keycloak: the realm is disabled)', () => {
    const request = { url: REQUEST.url, form: { grant_type: 'client_credentials' } };
    const { refused } = read(oauth(403, 'access_denied', 'Realm not enabled'), request);
    assert.deepEqual(refused, {
      reason: 'account-disabled',
      error: 'access_denied',
      errorDescription: 'Realm not enabled',
    });
  });
});
