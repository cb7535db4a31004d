import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { VisualGuardResponse } from '../../src/visual-guard/dialect/reply.ts';
import { AUTHENTICATION_TABLE, AUTHORIZATION_TABLE, REASON_ORDER } from '../support/status-tables.ts';
import { readJson } from '../support/vg-replies.ts';

function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

function read(body: Record<string, unknown>): VisualGuardResponse {
  const reading = readJson(body);
  assert.ok(reading, 'the reply has no state');
  return reading;
}

describe('the samples of the documentation', () => {
  it('a success', () => {
    const sample = fixture('vg-success');
    const reading = read(sample);
    assert.equal(reading.accessToken, sample.access_token);
    assert.equal(reading.refreshToken, sample.refresh_token);
    assert.match(reading.VGToken, /^13A9B76DC4449AAF/);
    assert.deepEqual(reading.status, {
      authentication: { value: 2048, names: ['Success'] },
      authorization: { value: 16, names: ['Success'] },
    });
    assert.deepEqual(reading.reasons, []);
    assert.deepEqual(reading.warnings, []);
    assert.equal(reading.challenged || reading.waiting, false);
    assert.deepEqual(reading.methods, []);
  });

  it('a challenge', () => {
    const reading = read(fixture('vg-mfa-required'));
    assert.equal(reading.accessToken, '');
    assert.equal(reading.challenged, true);
    assert.equal(reading.waiting, false);
    assert.deepEqual(reading.blocking, []);
    assert.deepEqual(reading.status.authentication, {
      value: 134217729,
      names: ['Failure', 'MFA_AuthenticationRequired'],
    });
    assert.equal(reading.requestId, '6984a56e-1674-4f90-9cfd-4573c049d250');
    assert.deepEqual(
      reading.methods.map(({ kind, transport, destination, availableId }) => ({
        kind,
        transport,
        destination,
        availableId,
      })),
      [
        {
          kind: 'link',
          transport: 'email',
          destination: 'm****************s@g****.com',
          availableId: '674a1ed0-e987-4cd6-a0d2-01aa12a83231',
        },
        {
          kind: 'otp',
          transport: 'email',
          destination: 'm****************s@g****.com',
          availableId: 'ff2b9756-bfef-4209-86d3-1c5ca0e0aa23',
        },
        {
          kind: 'otp',
          transport: 'sms',
          destination: '+91*****34003',
          availableId: '881193d7-a65a-4d64-bea6-99fc8db64fbe',
        },
      ],
    );
  });
});

describe('a Visual Guard reply', () => {
  it('is distinguished from a framework error, which has no VGResponse', () => {
    for (const error of [
      'invalid_client',
      'invalid_scope',
      'unsupported_grant_type',
      'invalid_grant',
      'invalid_request',
    ]) {
      assert.equal(readJson({ error }), undefined);
    }
  });

  it('is refused if a token comes with an authentication Failure, however that is expressed', () => {
    for (const said of [
      { VGResponse: { AuthenticationState: { Status: 1 } } },
      { VGResponse: { AuthenticationState: { IsFailed: true, Status: 2048 } } },
      { VGResponse: { AuthenticationStatus: 'Success', AuthenticationResponse: { IsFailed: true } } },
      { VGAuthenticationStatus: 'Failure, PasswordDoesNotMatch', VGResponse: {} },
      { VGResponse: {}, error_description: 'Failure' },
    ]) {
      assert.equal(read({ access_token: 'abc', ...said }).accessToken, '', JSON.stringify(said));
    }
  });

  for (const token of [undefined, null, '', ' ', 0, 1, true, {}, ['abc'], 'a\nb', 'a b', 'ä']) {
    it(`is no success with ${JSON.stringify(token)} for a token`, () => {
      const body = { access_token: token, VGResponse: { AuthenticationState: { Status: 2048 } } };
      assert.equal(read(body).accessToken, '');
    });
  }

  it('merges numbers, names and flags of both objects', () => {
    const reading = read({
      VGAuthenticationStatus: 'Failure',
      VGResponse: {
        AuthenticationState: { Status: 1024, IsUserAccountLocked: true },
        AuthenticationResponse: { Status: 8, IsPasswordExpired: true },
      },
    });
    assert.deepEqual(reading.status.authentication, {
      value: 1 + 8 + 1024 + 8192 + 262144,
      names: ['Failure', 'PasswordDoesNotMatch', 'LastBadLogin', 'PasswordExpired', 'UserAccountLocked'],
    });
  });

  it('with success and two warnings has both', () => {
    const reading = read({
      access_token: 'abc',
      VGResponse: { AuthenticationStatus: 'Success, PasswordExpired, MFA_GraceLogin' },
    });
    assert.deepEqual([...reading.warnings].sort(), ['mfa-grace-login', 'password-expired']);
    assert.equal(reading.accessToken, 'abc');
  });

  it('keeps unknown bits in the value, even beyond 32 bits', () => {
    const reading = read({ VGResponse: { AuthenticationState: { Status: 2 ** 40 + 1 } } });
    assert.deepEqual(reading.status.authentication, { value: 2 ** 40 + 1, names: ['Failure'] });
  });

  it('reads a number in place of the names, which .NET prints for a status with an unknown bit', () => {
    const reading = read({ VGAuthenticationStatus: String(2 ** 30 + 262144 + 1) });
    assert.deepEqual(reading.status.authentication.names, ['Failure', 'UserAccountLocked']);
    assert.equal(reading.reasons[0], 'account-locked');
  });

  it('with only an unknown bit is still a Visual Guard reply', () =>
    assert.equal(
      readJson({ VGResponse: { AuthenticationState: { Status: 2 ** 29 } } })?.status.authentication.value,
      2 ** 29,
    ));

  it('keeps unknown names, and reads the known ones beside them', () => {
    const reading = read({ VGAuthenticationStatus: 'Failure, SomethingNew, UserAccountLocked' });
    assert.deepEqual(reading.status.authentication.names, ['Failure', 'UserAccountLocked', 'SomethingNew']);
    assert.equal(reading.reasons[0], 'account-locked');
  });

  it('reads a flag only if it is a boolean', () => {
    const reading = read({
      VGResponse: {
        AuthenticationState: { Status: 1, IsUserAccountLocked: 'false', IsPasswordSecure: 0, IsCanceled: 1 },
      },
    });
    assert.deepEqual(reading.status.authentication.names, ['Failure']);
  });

  it('reads a description as states only if all of it is states', () => {
    const reading = read({
      VGResponse: { AuthenticationStatus: 'Failure' },
      error_description: 'Failure, see UserAccountLocked',
    });
    assert.deepEqual(reading.status.authentication.names, ['Failure']);
  });

  for (const [name, more] of [
    [
      'AuthenticationEnrollmentRequest',
      { AuthenticationEnrollmentRequest: { EnrollmentUrl: 'https://id.example.org/enroll' } },
    ],
    ['EnrollmentUrl of an item', { MFAAvailables: [{ Id: 'a', EnrollmentUrl: 'https://id.example.org/enroll' }] }],
    ['EnrollmentUrl', { EnrollmentUrl: 'https://id.example.org/enroll' }],
  ] as const) {
    it(`gives the enrollment address from ${name}`, () => {
      const AuthenticationResponse = { Status: 268435457, ...more };
      assert.equal(read({ VGResponse: { AuthenticationResponse } }).enrollmentUrl, 'https://id.example.org/enroll');
    });
  }

  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    'enroll',
    7,
    null,
    `https://e.org/${'x'.repeat(3000)}`,
  ]) {
    it(`gives no invalid enrollment address: ${String(url).slice(0, 30)}`, () => {
      const AuthenticationResponse = { Status: 268435457, EnrollmentUrl: url };
      assert.equal(read({ VGResponse: { AuthenticationResponse } }).enrollmentUrl, '');
    });
  }
});

describe('any combination of states', () => {
  const some = (table: readonly { value: number; name: string }[]) => ({
    status: fc.oneof(
      fc.nat(2 ** 30),
      fc.subarray(table.map(({ value }) => value)).map((all) => all.reduce((a, b) => a + b, 0)),
      fc.jsonValue(),
    ),
    names: fc.oneof(
      fc.subarray(table.map(({ name }) => name)).map((all) => all.join(', ')),
      fc.string(),
      fc.jsonValue(),
    ),
  });
  const flags = fc.dictionary(
    fc.constantFrom(...AUTHENTICATION_TABLE.flatMap(({ flag }) => (flag ? [flag.replace('!', '')] : []))),
    fc.oneof(fc.boolean(), fc.jsonValue()),
  );
  const authentication = some(AUTHENTICATION_TABLE);
  const authorization = some(AUTHORIZATION_TABLE);
  const state = fc.oneof(
    fc
      .tuple(fc.record({ Status: authentication.status }, { requiredKeys: [] }), flags)
      .map(([a, b]) => ({ ...a, ...b })),
    fc.jsonValue(),
  );
  const body = fc.record(
    {
      access_token: fc.oneof(fc.constant('abc'), fc.constant(''), fc.jsonValue()),
      error_description: authentication.names,
      VGAuthenticationStatus: authentication.names,
      VGResponse: fc.oneof(
        fc.record(
          {
            AuthenticationState: state,
            AuthenticationResponse: state,
            AuthorizationState: fc.oneof(fc.record({ Status: authorization.status }), fc.jsonValue()),
            AuthenticationStatus: authentication.names,
            AuthorizationStatus: authorization.names,
            VGToken: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  );

  it('never causes an exception or a success without a token, and has its reasons in the order of the contract', () => {
    let read = 0;
    let successes = 0;
    fc.assert(
      fc.property(body, (reply) => {
        const reading = readJson(reply as Record<string, unknown>);
        if (!reading) return;
        read += 1;
        const failed = reading.status.authentication.value % 2 === 1;
        assert.equal(failed, reading.status.authentication.names.includes('Failure'));
        if (reading.accessToken !== '') {
          successes += 1;
          assert.equal(reading.accessToken, reply.access_token);
          assert.equal(failed, false);
        }
        const places = reading.reasons.map((reason) => REASON_ORDER.indexOf(reason));
        assert.deepEqual(
          places,
          [...new Set(places)].sort((a, b) => a - b),
        );
        assert.ok(!places.includes(-1));
        for (const reason of reading.blocking) assert.ok(reading.reasons.includes(reason));
        assert.doesNotThrow(() => JSON.stringify(reading));
      }),
      { seed: 20260102, numRuns: 5000 },
    );
    // The combinations reach every result that they should reach.
    assert.ok(read > 1000 && successes > 100, `${read} read, ${successes} successes`);
  });
});
