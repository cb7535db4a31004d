import assert from 'node:assert/strict';
import { ReplyObject } from '../../src/http/reply-object.ts';
import { readScope } from '../../src/oauth/granted-token.ts';
import { json } from '../support/scripted-transport.ts';
import { oauth, REQUEST, read, SECRET, scopes } from '../support/token-endpoint-replies.ts';

describe('a hostile answer', () => {
  const hostile = [SECRET, SECRET.toUpperCase(), `x_${SECRET}_x`, '<script>', 'x'.repeat(65), '"quoted"'];
  for (const word of hostile) {
    it(`never shows its error code: ${JSON.stringify(word).slice(0, 40)}`, () =>
      assert.deepEqual(read(oauth(400, word)).refused, { reason: 'unknown' }));
  }

  it('never shows an error code that repeats the secret of the header', () => {
    const request = { url: REQUEST.url, form: {}, basic: { clientId: 'c', clientSecret: SECRET } };
    assert.deepEqual(read(oauth(400, SECRET), request).refused, { reason: 'unknown' });
  });

  for (const field of ['Password', 'MFASecureCode', 'refresh_token']) {
    it(`never shows an error code that repeats ${field}`, () => {
      const request = { url: REQUEST.url, form: { [field]: SECRET } };
      assert.deepEqual(read(oauth(400, SECRET), request).refused, { reason: 'unknown' });
    });
  }

  it('never shows a secret in its description', () => {
    const { refused } = read(oauth(400, 'invalid_client', `the secret was ${SECRET.toUpperCase()}!`));
    assert.equal(refused?.errorDescription, 'the secret was [redacted]!');
  });

  it('shows only standard error codes and no description if a secret of an earlier request is not known', () => {
    const { refused } = read(oauth(400, 'earlier-password', 'earlier-password'), REQUEST, { mayQuote: false });
    assert.deepEqual(refused, { reason: 'unknown' });
    assert.deepEqual(read(oauth(400, 'invalid_scope', 'no'), REQUEST, { mayQuote: false }).refused, {
      reason: 'scope-invalid',
      error: 'invalid_scope',
    });
    assert.throws(
      () => read(oauth(404, 'earlier-password'), REQUEST, { mayQuote: false }),
      /is not a token response\. Check/,
    );
  });

  it('never shows its body in an error', () => {
    assert.throws(
      () => read(json(200, { hello: 'body-text' })),
      (error: Error) => !`${error.stack} ${JSON.stringify(error)}`.includes('body-text'),
    );
  });

  it('never shows the secret as a scope', () => assert.deepEqual(scopes(`a ${SECRET} b`).scope, ['a', 'b']));
});

describe('the scope of an answer', () => {
  it('has every requested word, even if a secret is similar to one', () =>
    assert.deepEqual(scopes(`openid ${SECRET}`, ['openid', SECRET]).scope, ['openid', SECRET]));

  it('of a renewal has only words that were granted before', () => {
    const granted = ReplyObject.of({ scope: 'a c' });
    assert.deepEqual(readScope(granted, ['a', 'b'], true), { scope: ['a'], missingScope: ['b'] });
  });

  it('is compared as a set: words that were requested and not granted are missing', () =>
    assert.deepEqual(scopes('user_id cards:write service-account', ['cards:write', 'network-tokens:write']), {
      scope: ['user_id', 'cards:write', 'service-account'],
      missingScope: ['network-tokens:write'],
    }));

  for (const named of [undefined, null, 7, '', '   ', ['a']]) {
    it(`is the requested one if the server sends ${JSON.stringify(named)}`, () =>
      assert.deepEqual(scopes(named, ['a', 'b']), { scope: ['a', 'b'], missingScope: [] }));
  }

  it('has each word once', () => assert.deepEqual(scopes('a  b\ta').scope, ['a', 'b']));
});
