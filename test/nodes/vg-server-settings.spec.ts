import { setEnvironment } from '../support/environment.ts';
import { assertFault } from '../support/faults.ts';
import { load } from '../support/runtime.ts';
import { assertWrong, of, PEOPLE, vg } from '../support/wrong-settings.ts';

describe('a Visual Guard server with invalid settings', () => {
  const cases: [string, object, Record<string, string>, string, string[]][] = [
    ['no address', { url: '' }, PEOPLE, 'property-missing', ['"url"']],
    ['an address that is none', { url: 'identity' }, PEOPLE, 'address-invalid', ['"url"']],
    ['http to another host', { url: 'http://identity.test' }, PEOPLE, 'address-insecure', ['"url"', 'identity.test']],
    ['no application', { applicationId: '' }, PEOPLE, 'property-missing', ['"applicationId"']],
    ['unknown MFA credentials', { mfaCredentials: 'all' }, PEOPLE, 'config-value-unknown', ['"mfaCredentials"']],
    ['a variable without a value', { url: of('NOT_SET') }, PEOPLE, 'variable-missing', ['"url"', 'NOT_SET']],
    [
      'a variable without a value as the application',
      { applicationId: of('NOT_SET') },
      PEOPLE,
      'variable-missing',
      ['"applicationId"', 'NOT_SET'],
    ],
    [
      'a variable without a value as the password',
      {},
      { username: 'x', password: of('NOT_SET') },
      'variable-missing',
      ['"password"', 'NOT_SET'],
    ],
    [
      'a variable inside the address',
      { url: `https://${of('HOST')}` },
      PEOPLE,
      'variable-inside',
      ['"url"', 'HOST', 'a variable has to be the whole value'],
    ],
    ['a variable inside the scope', { scope: `openid $(X)` }, PEOPLE, 'variable-inside', ['"scope"', 'X']],
    [
      'a variable inside the API to test',
      { testUrl: `https://api.test/${of('REALM')}` },
      PEOPLE,
      'variable-inside',
      ['"testUrl"', 'REALM'],
    ],
    ['an API to test that is no address', { testUrl: 'api' }, PEOPLE, 'address-invalid', ['"testUrl"']],
    [
      'a variable inside the application',
      { applicationId: `${of('STAGE')}_app` },
      PEOPLE,
      'variable-inside',
      ['"applicationId"', 'STAGE'],
    ],
    [
      'an empty variable as the user',
      {},
      { username: of('EMPTY'), password: 'x' },
      'variable-missing',
      ['"username"', 'EMPTY'],
    ],
  ];
  for (const [what, server, credentials, fault, naming] of cases) {
    it(`reports it: ${what}`, async () => {
      setEnvironment({ NOT_SET: undefined, EMPTY: '' });
      await assertWrong(await load(vg(server), { config: credentials }), fault, ...naming);
    });
  }

  for (const [what, credentials, naming] of [
    ['no user', { password: 'x' }, '"username" is not set'],
    ['nobody at all', {}, 'credentialSecret'],
    ['no password', { username: 'x' }, '"password" is not set'],
  ] as [string, Record<string, string>, string][]) {
    it(`reports to a Catch node that ${what} is stored, if the stored user is needed`, async () => {
      const flow = await load(vg({}), { config: credentials });
      for (const id of ['vg-login', 'attach-bearer', 'vg-logout'])
        assertFault(await flow.ask(id), 'AUTH_CONFIG', naming);
    });
  }
});
