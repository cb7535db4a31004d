import assert from 'node:assert/strict';
import fc from 'fast-check';
import { foldUser } from '../../src/visual-guard/same-user.ts';
import { START } from '../support/fake-system.ts';
import { challenge, SMS, says, signedIn, waiting, wrongPassword } from '../support/vg-replies.ts';
import { ANNA, ASK, challengeOf, isChallenged, isRefused, isSignedIn, stage } from '../support/visual-guard.ts';
import '../support/rejections.ts';

/** Other spellings of `anna`: case, blanks, a no-break space, full-width letters, a byte order mark, a zero-width space. */
const SPELLINGS = [
  'an\u2800na',
  'anna\ufff9',
  '\ue000anna',
  'Anna',
  'ANNA',
  'anna ',
  ' anna\t',
  'anna\u00a0',
  '\u3000anna',
  '\uff41nn\uff21',
  '\ufeffanna',
  'an\u200bna',
];

const MINUTE = 60_000;
const RESET = { method: 'ask', reset: true };

describe('a sign-in with a username or a password of several megabytes', () => {
  it('is an error, and nothing is sent', async () => {
    const { server, transport } = stage({}, signedIn());
    const long = ' a'.repeat(2_000_000);
    for (const credentials of [
      { ...ANNA, user: long },
      { ...ANNA, password: long },
    ])
      await assert.rejects(server.signIn(credentials, ASK), { code: 'AUTH_CONFIG', fault: 'value-too-long' });
    assert.equal(transport.requests.length, 0);
  });
});

describe('a password that was refused', () => {
  for (const [name, reply, reason] of [
    ['credentials-invalid', wrongPassword, 'credentials-invalid'],
    ['last-attempt', says(['Failure', 'LastBadLogin']), 'last-attempt'],
    ['both', says(['Failure', 'PasswordDoesNotMatch', 'LastBadLogin']), 'last-attempt'],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }, 'credentials-invalid'],
  ] as const) {
    it(`with ${name} is not sent again for 15 minutes: held-back, with the time`, async () => {
      const { server, system, transport } = stage({}, reply, signedIn());
      isRefused(await server.signIn(ANNA, ASK), reason);
      await system.pass(15 * MINUTE - 1);
      assert.equal(isRefused(await server.signIn(ANNA, ASK), 'held-back').retryAt, START + 15 * MINUTE);
      assert.equal(transport.requests.length, 1);
      await system.pass(1);
      isSignedIn(await server.signIn(ANNA, ASK));
    });
  }

  for (const [name, reply] of [
    ['PasswordDoesNotMatch', wrongPassword],
    ['LastBadLogin', says(['Failure', 'LastBadLogin'])],
    ['invalid_grant', { status: 400, body: { error: 'invalid_grant' } }],
  ] as const) {
    it(`with a step of a challenge is not sent again either: ${name}`, async () => {
      for (const act of ['choose', 'submit'] as const) {
        const scene = stage({ mfaCredentials: 'username+password' }, challenge([SMS]), reply, signedIn());
        const open = await challengeOf(scene);
        assert.equal((await open[act]('')).state, 'refused');
        isRefused(await scene.server.signIn(ANNA, ASK), 'held-back');
        assert.equal(scene.transport.requests.length, 2);
      }
    });
  }

  it('does not hold back another password of the same person', async () => {
    const { server } = stage({}, wrongPassword, signedIn());
    await server.signIn(ANNA, ASK);
    isSignedIn(await server.signIn({ ...ANNA, password: 'the-right-one' }, ASK));
  });

  it('does not hold back anybody else', async () => {
    const { server, transport } = stage({}, wrongPassword, signedIn(), signedIn());
    await server.signIn(ANNA, ASK);
    isSignedIn(await server.signIn({ ...ANNA, user: 'bert' }, ASK));
    isSignedIn(await server.signIn({ ...ANNA, user: 'anna b' }, ASK));
    assert.equal(transport.requests.length, 3);
  });

  it('is held back in every spelling of the name that a server treats as the same user', async () => {
    const { server, transport } = stage({}, wrongPassword);
    await server.signIn(ANNA, ASK);
    for (const user of SPELLINGS) isRefused(await server.signIn({ ...ANNA, user }, ASK), 'held-back');
    assert.equal(transport.requests.length, 1);
  });

  it('is sent again if the flow resets it, and held back again if it is refused again', async () => {
    const { server, transport } = stage({}, wrongPassword, wrongPassword);
    await server.signIn(ANNA, ASK);
    isRefused(await server.signIn(ANNA, RESET), 'credentials-invalid');
    isRefused(await server.signIn(ANNA, ASK), 'held-back');
    assert.equal(transport.requests.length, 2);
  });

  it('is sent once if it arrives 100 times at once', async () => {
    const { server, transport } = stage({}, wrongPassword);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => server.signIn(ANNA, ASK)));
    assert.equal(transport.requests.length, 1);
    isRefused(outcomes[0], 'credentials-invalid');
    for (const outcome of outcomes.slice(1)) isRefused(outcome, 'held-back');
  });

  it('is sent once if the stored user is signed in every 100 ms for a minute', async () => {
    const { server, system, transport } = stage({}, wrongPassword);
    for (let message = 0; message < 600; message += 1) {
      const outcome = await server.signInStored(ASK);
      isRefused(outcome, message === 0 ? 'credentials-invalid' : 'held-back');
      await system.pass(100);
    }
    assert.equal(transport.requests.length, 1);
  });

  it('is no longer held back if the clock is set back', async () => {
    const { server, system } = stage({}, wrongPassword, signedIn());
    await server.signIn(ANNA, ASK);
    system.setClock(-24 * 60 * MINUTE);
    await system.pass(15 * MINUTE);
    isSignedIn(await server.signIn(ANNA, ASK));
  });

  it('is held back for this server only', async () => {
    const { server } = stage({}, wrongPassword);
    await server.signIn(ANNA, ASK);
    const other = stage({ tokenUrl: 'https://other.example.org/connect/token' }, signedIn());
    assert.equal(other.server.guard.heldUntil('anna', ANNA.password), undefined);
    isSignedIn(await other.server.signIn(ANNA, ASK));
  });
});

describe('the guard compares names as servers do', () => {
  it('so that one code or link is sent to a person in 30 s, however the name is spelled', async () => {
    const { server, system, transport } = stage();
    transport.otherwise = ({ form }) => (form.Username === undefined ? waiting : challenge([SMS]));
    const reasons: unknown[] = [];
    for (const user of ['anna', ...SPELLINGS]) {
      const open = isChallenged(await server.signIn({ ...ANNA, user }, ASK), 'mfa-required').challenge;
      const chosen = await open.choose('otp-sms');
      reasons.push(chosen.state === 'signed-in' ? '' : chosen.reason);
    }
    assert.deepEqual(reasons, [undefined, ...SPELLINGS.map(() => 'held-back')]);
    assert.equal(transport.requests.filter(({ form }) => form.Username === undefined).length, 1);
    await system.pass(30_000);
    const open = isChallenged(await server.signIn({ ...ANNA, user: 'ANNA' }, ASK), 'mfa-required').challenge;
    isChallenged(await open.choose('otp-sms'), 'code-required');
  });

  it('so that a login that sends a code counts for every spelling, and for no user of another name', async () => {
    const { server, transport } = stage({ module: 'Passwordless' });
    transport.otherwise = says(['Failure', 'MFA_WaitingUserAction'], { ways: [SMS] });
    const signIn = (user: string) => server.signIn({ user, password: '' }, ASK);
    isChallenged(await signIn('anna'), 'code-required');
    for (const user of SPELLINGS) isRefused(await signIn(user), 'held-back');
    // No name may be mistaken for a key of the guard's own.
    for (const user of ['anna login', 'login anna', 'login', 'delivered anna'])
      isChallenged(await signIn(user), 'code-required');
  });

  it('but sends them unchanged, and keeps sessions apart', async () => {
    const { server, transport } = stage({}, signedIn(), signedIn());
    const lower = isSignedIn(await server.signIn(ANNA, ASK)).session;
    const upper = isSignedIn(await server.signIn({ ...ANNA, user: ' ANNA' }, ASK)).session;
    assert.equal(transport.lastForm.Username, ' ANNA');
    assert.equal(server.sessionOf('anna'), lower);
    assert.equal(server.sessionOf(' ANNA'), upper);
    assert.equal(server.sessionOf('Anna'), undefined);
  });

  it('with a normal form that does not change when it is applied again, and is fast for any text', () => {
    const sample = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u1e9e', '\u0130', '\u0149', '\ufb03', 'ΟΔΟΣ', 'ǰ'),
    );
    fc.assert(
      fc.property(sample, (name) => {
        const folded = foldUser(name);
        assert.equal(foldUser(folded), folded);
        assert.equal(foldUser(name.toUpperCase()), folded);
        assert.equal(foldUser(` ${name.normalize('NFKC')}\u00a0`), folded);
      }),
      { seed: 20_261_129, numRuns: 2_000 },
    );
    // Nobody can sign in with such a name.
    const long = ' \ufdfa'.repeat(1_000_000);
    assert.equal(foldUser(long), long);
  });

  it('so that several spaces inside count as one, whatever spaces they are', () => {
    const spellings = [
      'anna  b',
      'Anna\u00a0B',
      'anna \u3000 b',
      'anna\tb',
      'anna \u200b b',
      'anna\u2009\u0085\r\nb',
      ' anna   b ',
    ];
    for (const name of spellings) assert.equal(foldUser(name), 'anna b', JSON.stringify(name));
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom(' ', '\u00a0', '\t') }),
        (name, blanks) => assert.equal(foldUser(name.replaceAll(' ', ` ${blanks}`)), foldUser(name)),
      ),
      { seed: 20_261_129, numRuns: 2_000 },
    );
  });

  it('but distinguishes two names that differ', () => {
    const names = ['anna', 'ana', 'ann a', 'a n n a', 'ånna', 'anna1', 'anna@example.org', 'EXAMPLE\\anna'];
    assert.equal(new Set(names.map(foldUser)).size, names.length);
    assert.equal(foldUser('STRASSE'), foldUser('straße'));
    assert.equal(foldUser('STRA\u1e9eE'), foldUser('straße'));
  });
});
