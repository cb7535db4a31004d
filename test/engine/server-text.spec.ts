import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Echoes, SecretTrace } from '../../src/http/echoes.ts';
import { ReplyObject } from '../../src/http/reply-object.ts';

const SECRET = 'Pass word/Ünïque&%';
/** Any text, often with a character that must not be shown. */
const bad = fc.constantFrom(
  ...'\u0000\u0007\n\r\t\u001b\u007f\u0085\u2028\u2029\u202a\u202e\u2066\u2069\u200e\u061c\u200b\ufeff\ud800"\\',
);
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), bad, fc.string({ maxLength: 300 })), { maxLength: 12 })
  .map((parts) => parts.join(''));
const object = (value: unknown, echoes?: Echoes): ReplyObject => ReplyObject.of({ value }, echoes);

/** @throws AssertionError for a character that could break a line, hide, or turn the direction of writing */
function assertPlain(shown: string): void {
  assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, JSON.stringify(shown));
}

describe('a text from a server', () => {
  it('is of limited length and without special characters, whatever the server sends', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.anything()), (value) => {
        const said = object(value);
        const line = said.line('value');
        assertPlain(line);
        assert.ok(line.length <= 100);
        const description = said.description('value');
        assert.match(description, /^[ !#-[\]-~]{0,200}$/);
        assert.match(said.word('value') ?? '', /^[\w.-]{0,64}$/);
        const scope = said.scope('value', []);
        assert.ok(scope.length <= 256 && new Set(scope).size === scope.length);
        for (const token of scope) assert.match(token, /^[!#-[\]-~]{1,256}$/);
        assert.match(said.address('value'), /^(https?:[!-~]{1,1995})?$/);
      }),
      { seed: 20_270_101, numRuns: 3_000 },
    );
  });

  it('is unchanged if there is nothing to replace', () => {
    assert.equal(object('m***@g***.com').line('value'), 'm***@g***.com');
    assert.equal(object('Courriel à Zoë 日本 😀').line('value'), 'Courriel à Zoë 日本 😀');
    assert.equal(object('Invalid client or Invalid client credentials').description('value').length, 44);
    assert.deepEqual(object('openid urn:a:b/c?d=e').scope('value', []), ['openid', 'urn:a:b/c?d=e']);
    assert.equal(object('https://id.example.org/enroll?a=b#c').address('value'), 'https://id.example.org/enroll?a=b#c');
  });

  it('keeps the meaning of a description in other characters', () => {
    assert.equal(object('AADSTS7: "no"\r\nTrace: C:\\a Ü日本').description('value'), "AADSTS7: 'no' Trace: C:/a ?");
    assert.equal(object('日本語 ').description('value'), '');
  });

  it('is cut, but not in the middle of a character', () => {
    assert.equal(object('x'.repeat(5_000)).line('value').length, 100);
    assert.equal(object('x'.repeat(5_000)).description('value').length, 200);
    assert.equal(object(`${'x'.repeat(99)}😀`).line('value'), 'x'.repeat(99));
  });

  it('has a scope of limited length: no word is cut, and none is too long', () => {
    const many = Array.from({ length: 200_000 }, (_, index) => `s${index}`);
    assert.deepEqual(object(many.join(' ')).scope('value', []), many.slice(0, 256));
    assert.deepEqual(object(`a ${'x'.repeat(257)} b`).scope('value', []), ['a', 'b']);
    assert.deepEqual(object('x '.repeat(500_000)).scope('value', []), ['x']);
    assert.deepEqual(object(`${' '.repeat(8_190)}abcdef`).scope('value', []), []);
  });
});

describe('a text that repeats a secret', () => {
  const spellings = [
    SECRET,
    SECRET.toUpperCase(),
    SECRET.toLowerCase(),
    encodeURIComponent(SECRET),
    encodeURI(SECRET),
    new URLSearchParams({ a: SECRET }).toString().slice(2),
  ];
  const kinds: [string, () => Echoes][] = [
    ['that is known', () => new Echoes([undefined, '', SECRET])],
    ['of which a trace is left', () => new Echoes([], [new SecretTrace(SECRET)])],
  ];
  for (const [kind, echoesOf] of kinds) {
    for (const spelled of spellings) {
      it(`${kind} shows [redacted] for it: ${spelled}`, () => {
        const said = (value: string): ReplyObject => object(value, echoesOf());
        assert.equal(said(`to ${spelled}!`).line('value'), 'to [redacted]!');
        assert.equal(said(`to ${spelled}! ${spelled}.`).description('value'), 'to [redacted]! [redacted].');
        assert.deepEqual(said(`a ${spelled} b x${spelled}x c`).scope('value', []), ['a', 'b', 'c']);
        assert.equal(said(`https://id.example.org/${spelled}`).address('value'), '');
        assert.equal(said(spelled).word('value'), undefined);
      });
    }

    it(`${kind} shows no part of it at any position, with any ignored character inside`, () => {
      const clean = 'ABCDEFGH';
      const echoes = kind.includes('trace') ? new Echoes([], [new SecretTrace(clean)]) : new Echoes([clean]);
      fc.assert(
        fc.property(
          fc.nat(1_200),
          fc.array(fc.constantFrom('\u200b', '\u202e', ''), { minLength: 7, maxLength: 7 }),
          (before, between) => {
            const inside = [...clean].map((letter, index) => letter + (between[index] ?? '')).join('');
            for (const filling of ['x', '\u0000', '\u200b']) {
              const said = object(`${filling.repeat(before)}${inside}${'y'.repeat(2_000)}`, echoes);
              for (const shown of [said.line('value'), said.description('value')])
                assert.ok(!shown.includes(clean), shown);
            }
          },
        ),
        { seed: 20_270_102, numRuns: 300 },
      );
    });
  }

  it('does not show the beginning of a secret that is cut', () => {
    const secret = 'S'.repeat(50) + 'T'.repeat(5_000);
    const said = object(`${'\u0000'.repeat(480)}${secret}`, new Echoes([secret]));
    assert.equal(said.line('value'), '[redacted]');
  });

  it('is searched for the tokens of the same reply', () => {
    const json = { access_token: 'the-access-token', refresh_token: 'the-refresh-token', scope: '', error: '' };
    const said = ReplyObject.of({
      ...json,
      scope: 'a the-access-token the-refresh-token',
      error: 'x the-access-token',
    });
    assert.deepEqual(said.scope('scope', []), ['a']);
    assert.equal(said.description('error'), 'x [redacted]');
    assert.equal(said.token('access_token'), 'the-access-token');
  });
});

describe('a JSON object of a reply', () => {
  const parse = (json: string): ReplyObject | undefined => ReplyObject.parse(json, new Echoes());

  it('is ignored if the text is no object', () => {
    for (const json of ['', 'null', '7', '[]', '"a"', '{', '<html>', '['.repeat(10_000)])
      assert.equal(parse(json), undefined, json.slice(0, 20));
  });

  it('is ignored if it has so many values that parsing would block the process', () => {
    assert.equal(parse(`{"access_token":"abc","x":${'['.repeat(300_000)}${']'.repeat(300_000)}}`), undefined);
    assert.equal(parse(JSON.stringify({ access_token: 'abc', x: new Array(300_000).fill(1) })), undefined);
    assert.equal(parse(JSON.stringify({ access_token: 'abc', x: ','.repeat(15_000) }))?.token('access_token'), 'abc');
  });

  it('has no member that it inherits, and none that is null', () => {
    const said = parse('{"__proto__":{"error":"x","scope":"a"},"a":null}');
    for (const name of ['error', 'scope', 'constructor', 'toString', 'a']) {
      assert.equal(said?.has(name), false, name);
      assert.equal(said?.word(name), undefined, name);
      assert.equal(said?.object(name), undefined, name);
    }
  });

  it('has unchanged tokens, unless they are too long for a header', () => {
    const longest = 'x'.repeat(65_536);
    assert.equal(object(longest).token('value'), longest);
    assert.equal(object(`${longest}x`).token('value'), '');
    assert.equal(object(' a\u202e').token('value'), ' a\u202e');
  });

  it('prints nothing', () => {
    const said = ReplyObject.of({ access_token: 'the-access-token' });
    assert.equal(JSON.stringify(said), '{}');
  });
});
