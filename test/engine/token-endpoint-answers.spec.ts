import assert from 'node:assert/strict';
import type { AuthError, AuthErrorCode } from '../../src/core/errors.ts';
import type { Reason } from '../../src/core/reasons.ts';
import { ReplyObject } from '../../src/http/reply-object.ts';
import { echoesOf, type FormRequest } from '../../src/http/transport.ts';
import { type Asking, readScope, readTokenResponse, withRetryAfter } from '../../src/oauth/token-endpoint.ts';
import { asReply, json, page, type ScriptedReply } from '../support/scripted-transport.ts';

const SECRET = 'S3cret-value';
const REQUEST: FormRequest = { url: 'https://auth.example.org/token', form: { client_secret: SECRET } };

function read(reply: ScriptedReply, request = REQUEST, asking: Partial<Asking> = {}) {
  const isForUser = request.form.grant_type !== 'client_credentials';
  const whole = { host: 'auth.example.org', isForUser, mayQuote: true, ...asking };
  return readTokenResponse(asReply(reply, request), whole);
}

/** The scopes of a reply to `REQUEST`. */
function scopes(scope: unknown, asked: readonly string[] = []) {
  return readScope(ReplyObject.of({ scope }, echoesOf(REQUEST)), asked);
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

/** What Keycloak and OpenIddict say, and what a node says of it. */
describe("a token endpoint's own words", () => {
  it('are a part of the refusal', () =>
    assert.deepEqual(read(oauth(403, 'invalid_request', 'HTTPS required')).refused, {
      reason: 'unknown',
      error: 'invalid_request',
      errorDescription: 'HTTPS required',
    }));

  for (const description of [{ toString: 'x' }, ['a'], 7, null, true, { length: 3 }]) {
    it(`are left out if the description is ${JSON.stringify(description)}: it is a refusal all the same`, () =>
      assert.deepEqual(read(json(401, { error: 'unauthorized_client', error_description: description })).refused, {
        reason: 'client-invalid',
        error: 'unauthorized_client',
      }));
  }

  it('are left out if Visual Guard says its states', () => {
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
    it(`are shown if they are no refusal: ${name}`, () =>
      assert.throws(
        () => read(reply),
        ({ code, fault, message }: AuthError) => {
          assert.deepEqual([code, fault], ['AUTH_BAD_RESPONSE', 'reply-words']);
          assert.ok(message.includes(`It says "${words}".`), message);
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

  it('with 403 or 429 says that a firewall or a proxy answered', () => {
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

describe('a refusal of access', () => {
  it('is about the user', () =>
    assert.equal(read(oauth(403, 'access_denied', 'x')).refused?.reason, 'user-not-authorized'));

  it('is about the account if no user was asked for (Keycloak: the realm is disabled)', () => {
    const request = { url: REQUEST.url, form: { grant_type: 'client_credentials' } };
    const { refused } = read(oauth(403, 'access_denied', 'Realm not enabled'), request);
    assert.deepEqual(refused, {
      reason: 'account-disabled',
      error: 'access_denied',
      errorDescription: 'Realm not enabled',
    });
  });
});

describe('a hostile answer', () => {
  const hostile = [SECRET, SECRET.toUpperCase(), `x_${SECRET}_x`, '<script>', 'x'.repeat(65), '"quoted"'];
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

  it('never gets a secret through in its description', () => {
    const { refused } = read(oauth(400, 'invalid_client', `the secret was ${SECRET.toUpperCase()}!`));
    assert.equal(refused?.errorDescription, 'the secret was [redacted]!');
  });

  it('gets no word through but those of the standard, and no description, if a secret of an earlier request is not known', () => {
    const { refused } = read(oauth(400, 'earlier-password', 'earlier-password'), REQUEST, { mayQuote: false });
    assert.deepEqual(refused, { reason: 'unknown' });
    assert.deepEqual(read(oauth(400, 'invalid_scope', 'no'), REQUEST, { mayQuote: false }).refused, {
      reason: 'scope-invalid',
      error: 'invalid_scope',
    });
    assert.throws(
      () => read(oauth(404, 'earlier-password'), REQUEST, { mayQuote: false }),
      /is no token reply\. Check/,
    );
  });

  it('never gets its body into an error', () => {
    assert.throws(
      () => read(json(200, { hello: 'body-text' })),
      (error: Error) => !`${error.stack} ${JSON.stringify(error)}`.includes('body-text'),
    );
  });

  it('never gets the secret through as a scope', () => assert.deepEqual(scopes(`a ${SECRET} b`).scope, ['a', 'b']));
});

describe('the scope of an answer', () => {
  it('has what was asked for, also if a secret is like it', () =>
    assert.deepEqual(scopes(`openid ${SECRET}`, ['openid', SECRET]).scope, ['openid', SECRET]));

  it('of a renewal has nothing that was not granted before', () => {
    const granted = ReplyObject.of({ scope: 'a c' });
    assert.deepEqual(readScope(granted, ['a', 'b'], true), { scope: ['a'], missingScope: ['b'] });
  });

  it('is sorted out by set logic: what was asked for and not granted is missing', () =>
    assert.deepEqual(scopes('user_id cards:write service-account', ['cards:write', 'network-tokens:write']), {
      scope: ['user_id', 'cards:write', 'service-account'],
      missingScope: ['network-tokens:write'],
    }));

  for (const named of [undefined, null, 7, '', '   ', ['a']]) {
    it(`is the one asked for where the server names ${JSON.stringify(named)}`, () =>
      assert.deepEqual(scopes(named, ['a', 'b']), { scope: ['a', 'b'], missingScope: [] }));
  }

  it('has each word once', () => assert.deepEqual(scopes('a  b\ta').scope, ['a', 'b']));
});
