import assert from 'node:assert/strict';
import { VISUAL_GUARD_REASONS } from '../../src/core/reasons.ts';
import { AUTHENTICATION_BITS, AUTHORIZATION_BITS } from '../../src/visual-guard/dialect/states.ts';
import { AUTHENTICATION_TABLE, AUTHORIZATION_TABLE, REASON_ORDER, type StatusRow } from '../support/status-tables.ts';
import { readJson } from '../support/vg-replies.ts';

const flagOf = (flag: string): Record<string, boolean> =>
  flag.startsWith('!') ? { [flag.slice(1)]: false } : { [flag]: true };

/** The same state in every form that a reply may have, without any other state. */
function waysToSay({ value, name, flag }: StatusRow): [string, Record<string, unknown>][] {
  const ways: [string, Record<string, unknown>][] = [
    ['as a number in AuthenticationState', { VGResponse: { AuthenticationState: { Status: value } } }],
    ['as a number in AuthenticationResponse', { VGResponse: { AuthenticationResponse: { Status: value } } }],
    ['as a number that is written as text', { VGResponse: { AuthenticationState: { Status: String(value) } } }],
    ['as a name in VGAuthenticationStatus', { VGAuthenticationStatus: name }],
    ['as a name in VGResponse', { VGResponse: { AuthenticationStatus: name } }],
    ['as a name in AuthenticationState', { VGResponse: { AuthenticationState: { Status: name } } }],
    ['as a name in AuthenticationResponse', { VGResponse: { AuthenticationResponse: { Status: name } } }],
    ['as a name in error_description', { VGResponse: {}, error_description: name }],
  ];
  if (flag) {
    ways.push(
      ['as a flag in AuthenticationState', { VGResponse: { AuthenticationState: flagOf(flag) } }],
      ['as a flag in AuthenticationResponse', { VGResponse: { AuthenticationResponse: flagOf(flag) } }],
    );
  }
  return ways;
}

describe('the authentication status of a Visual Guard reply', () => {
  it('has the 29 bits of PROTOCOL.md', () =>
    assert.deepEqual(
      AUTHENTICATION_BITS.map(({ value, name }) => ({ value, name })),
      AUTHENTICATION_TABLE.map(({ value, name }) => ({ value, name })),
    ));

  for (const row of AUTHENTICATION_TABLE) {
    assert.equal(row.value, 2 ** row.bit);

    for (const [how, said] of waysToSay(row)) {
      it(`bit ${row.bit}, ${row.name}, is read ${how}: ${row.reason}`, () => {
        const reading = readJson({ error: 'invalid_request', ...said });
        assert.ok(reading, 'the reply has no state');
        assert.equal(reading.accessToken, '');
        assert.equal(reading.reasons[0] ?? 'unknown', row.reason);
        // One flag represents several bits, and does not say which.
        if (how.includes('flag') && row.flag === 'IsCredentialInvalid') return;
        assert.equal(reading.status.authentication.value, row.value);
        assert.deepEqual(reading.status.authentication.names, [row.name]);
      });
    }

    it(`bit ${row.bit}, ${row.name}, with a Success and a token: ${row.warning ?? 'no warning'}`, () => {
      const Status = 2048 | row.value;
      const reading = readJson({ access_token: 'abc', VGResponse: { AuthenticationState: { Status } } });
      assert.deepEqual(reading?.warnings, row.warning ? [row.warning] : []);
      assert.equal(reading?.accessToken, row.name === 'Failure' ? '' : 'abc');
    });
  }

  it('asks for a second factor with bit 27 only', () => {
    for (const { name } of AUTHENTICATION_TABLE) {
      const reading = readJson({ VGAuthenticationStatus: `Failure, ${name}` });
      assert.equal(reading?.challenged, name === 'MFA_AuthenticationRequired', name);
      assert.equal(reading?.waiting, name === 'MFA_WaitingUserAction', name);
    }
  });
});

describe('the authorization status of a Visual Guard reply', () => {
  it('has the 9 bits of PROTOCOL.md', () =>
    assert.deepEqual(
      AUTHORIZATION_BITS.map(({ value, name }) => ({ value, name })),
      AUTHORIZATION_TABLE.map(({ value, name }) => ({ value, name })),
    ));

  for (const row of AUTHORIZATION_TABLE) {
    assert.equal(row.value, 2 ** row.bit);
    const ways: [string, object][] = [
      ['as a number', { AuthorizationState: { Status: row.value } }],
      ['as a name in VGResponse', { AuthorizationStatus: row.name }],
      ['as a name in AuthorizationState', { AuthorizationState: { Status: row.name } }],
    ];
    if (row.flag) ways.push(['as a flag', { AuthorizationState: flagOf(row.flag) }]);

    for (const [how, said] of ways) {
      it(`bit ${row.bit}, ${row.name}, is read ${how}: ${row.reason}`, () => {
        const reading = readJson({ error: 'invalid_request', VGResponse: said });
        assert.deepEqual(reading?.status.authorization, { value: row.value, names: [row.name] });
        assert.equal(reading?.reasons[0] ?? 'unknown', row.reason);
      });

      const expected = row.name === 'Success' ? [] : ['authorization-failed'];
      it(`bit ${row.bit}, ${row.name}, ${how} with a token is signed in, with ${expected[0] ?? 'no warning'}`, () => {
        const reading = readJson({
          access_token: 'abc',
          VGResponse: { AuthenticationState: { Status: 2048 }, ...said },
        });
        assert.equal(reading?.accessToken, 'abc');
        assert.deepEqual(reading?.warnings, expected);
      });
    }
  }
});

describe('the reasons', () => {
  it('are in the order of the contract', () => assert.deepEqual([...VISUAL_GUARD_REASONS], [...REASON_ORDER]));

  it('take precedence in that order, for any two together', () => {
    const all = AUTHENTICATION_TABLE.filter(({ reason }) => reason !== 'unknown');
    for (const one of all) {
      for (const other of all) {
        const [first] = [one.reason, other.reason].sort((a, b) => REASON_ORDER.indexOf(a) - REASON_ORDER.indexOf(b));
        const Status = 1 | one.value | other.value;
        const reading = readJson({ VGResponse: { AuthenticationState: { Status } } });
        assert.equal(reading?.reasons[0], first, `${one.name}, ${other.name}`);
      }
    }
  });
});
