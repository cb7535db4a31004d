import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createToken, lifetimeOf, renewalWindows, toMessageToken } from '../../src/oauth/token.ts';
import { FakeSystem, START } from '../support/fake-system.ts';

const SECOND = 1000;
const YEARS_10 = 10 * 365 * 24 * 3600;

/** A JWT with these claims, with a fake signature. */
function jwt(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

describe('renewal windows', () => {
  const rows: [string, number, number, number][] = [
    ['0.5 s, less than a server counts in', 0.5, 0.5, 0.5],
    ['1 s', 1, 1, 1],
    ['3 s', 3, 1, 1],
    ['10 s', 10, 2, 1],
    ['40 s', 40, 8, 2],
    ['200 s, for which the hard window reaches its maximum', 200, 40, 10],
    ['300 s, as a VGS token', 300, 60, 10],
    ['1,800 s, as a Visual Guard token', 1800, 60, 10],
    ['10 years', YEARS_10, 60, 10],
  ];
  for (const [name, life, soft, hard] of rows) {
    it(`of a token that is valid for ${name}: soft ${soft} s, hard ${hard} s`, () => {
      assert.deepEqual(renewalWindows(life * SECOND, 0), { soft: soft * SECOND, hard: hard * SECOND });
    });
  }

  it('the soft window is up to a quarter shorter at random, the hard one never', () => {
    assert.deepEqual(renewalWindows(300 * SECOND, 0.5), { soft: 52.5 * SECOND, hard: 10 * SECOND });
    assert.deepEqual(renewalWindows(300 * SECOND, 1), { soft: 45 * SECOND, hard: 10 * SECOND });
  });

  it('the soft window begins no later than the hard one, for any life and random value', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e15, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (life, chance) => {
          const { soft, hard } = renewalWindows(life, chance);
          assert.ok(soft >= hard && hard > 0 && soft <= life, `${life} ${chance}: ${soft} ${hard}`);
        },
      ),
      { seed: 1 },
    );
  });
});

describe('the life of a token', () => {
  const opaque = 'opaque-token';
  const usable: [string, unknown, number][] = [
    ['a number', 300, 300],
    ['a numeric string', '300', 300],
    ['1', 1, 1],
    ['10 years', YEARS_10, YEARS_10],
    ['10 years as a string', String(YEARS_10), YEARS_10],
    ['a fraction', 1.5, 1.5],
  ];
  for (const [name, expiresIn, seconds] of usable) {
    it(`is expires_in: ${name}`, () => assert.equal(lifetimeOf(expiresIn, opaque), seconds * SECOND));
  }

  const unusable: [string, unknown][] = [
    ['missing', undefined],
    ['null', null],
    ['0', 0],
    ['"0"', '0'],
    ['negative', -300],
    ['negative, as a string', '-300'],
    ['NaN', Number.NaN],
    ['an empty string', ''],
    ['a word', 'soon'],
    ['a number with a unit', '300s'],
    ['hexadecimal', '0x12c'],
    ['true', true],
    ['an array', [300]],
    ['an object', { valueOf: () => 300 }],
  ];
  for (const [name, expiresIn] of unusable) {
    it(`is unknown if expires_in is ${name} and the token is opaque`, () =>
      assert.equal(lifetimeOf(expiresIn, opaque), 0));
    it(`is exp - iat of a JWT if expires_in is ${name}`, () =>
      assert.equal(lifetimeOf(expiresIn, jwt({ iat: 1000, exp: 1600 })), 600 * SECOND));
  }

  it('is expires_in, whatever times the token contains', () =>
    assert.equal(lifetimeOf(300, jwt({ iat: 1000, exp: 99_999 })), 300 * SECOND));

  const senseless: [string, string][] = [
    ['exp alone', jwt({ exp: 9_999_999_999 })],
    ['iat alone', jwt({ iat: 1000 })],
    ['exp before iat', jwt({ iat: 2000, exp: 1000 })],
    ['exp as a string', jwt({ iat: 1000, exp: '2000' })],
    ['null in place of claims', jwt(null)],
    ['two dots and no JSON', 'a.b.c'],
    ['nothing between the dots', 'a..c'],
  ];
  for (const [name, token] of senseless) {
    it(`is unknown if a JWT has ${name}`, () => assert.equal(lifetimeOf(undefined, token), 0));
  }
});

describe('a new token', () => {
  const parts = { accessToken: 'abc', sentAt: START, lifetime: 300 * SECOND, scope: ['a'], missingScope: [] };

  it('expires relative to the moment its request was sent, whatever the clock says later', async () => {
    const system = new FakeSystem(0);
    await system.pass(5_000);
    const token = createToken(parts, system);
    assert.equal(token.expiresAt, START + 300 * SECOND);
    assert.equal(token.softAt, START + 240 * SECOND);
    assert.equal(token.hardAt, START + 290 * SECOND);
  });

  it('moves the start of its soft window at random', () => {
    assert.equal(createToken(parts, new FakeSystem(0.5)).softAt, START + 247.5 * SECOND);
  });

  it('has a larger generation than every one before it', () => {
    const system = new FakeSystem();
    const first = createToken(parts, system);
    const second = createToken(parts, system);
    assert.ok(second.generation > first.generation);
  });

  it('never changes', () => {
    assert.ok(Object.isFrozen(createToken(parts, new FakeSystem())));
  });

  it('has the properties of the documentation on a message', () => {
    const token = createToken({ ...parts, VGToken: 'vg' }, new FakeSystem());
    assert.deepEqual(
      { ...toMessageToken(token) },
      { access_token: 'abc', token_type: 'Bearer', expires_at: START + 300 * SECOND, scope: ['a'], VGToken: 'vg' },
    );
    assert.equal('VGToken' in toMessageToken(createToken(parts, new FakeSystem())), false);
  });

  it('gives each message its own array of scopes', () => {
    const token = createToken(parts, new FakeSystem());
    toMessageToken(token).scope.push('forged');
    assert.deepEqual(token.scope, ['a']);
  });
});
