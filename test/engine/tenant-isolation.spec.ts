import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Engine, type Reference } from '../../src/engine/engine.ts';
import { ReplyObject } from '../../src/http/reply-object.ts';
import type { FormRequest, HttpResponse, Transport } from '../../src/http/transport.ts';
import type { VgsAccount } from '../../src/vgs/account.ts';
import type { VisualGuardServer } from '../../src/visual-guard/server.ts';
import { FakeSystem } from '../support/fake-system.ts';

const SEED = 20_261_122;

/** A server whose tokens contain their user, client and scope. */
class NamingTransport implements Transport {
  readonly host = 'id.example.org';
  readonly #system: FakeSystem;
  readonly #refreshOwners = new Map<string, string>();
  #count = 0;

  constructor(system: FakeSystem) {
    this.#system = system;
  }

  async send({ url, form }: FormRequest): Promise<HttpResponse> {
    const owner = form.refresh_token ? (this.#refreshOwners.get(form.refresh_token) ?? 'nobody') : ownerOf(url, form);
    const refreshToken = `refresh-${++this.#count}`;
    this.#refreshOwners.set(refreshToken, owner);
    const body = {
      access_token: `${owner}|${this.#count}`,
      expires_in: 300,
      token_type: 'Bearer',
      refresh_token: refreshToken,
    };
    return {
      status: 200,
      contentType: 'application/json',
      body: ReplyObject.of(body),
      empty: false,
      retryAfter: undefined,
      sentAt: this.#system.now(),
    };
  }

  close(): void {}
}

/** Everything that distinguishes two identities. */
function ownerOf(url: string, form: Readonly<Record<string, string>>): string {
  const parts = [url, form.client_id, form.client_secret, form.scope, form.Username, form.Password];
  return parts.map((part) => encodeURIComponent(part ?? '')).join('~');
}

const few = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const account = fc.record({
  tokenUrl: few('https://a.example/token', 'https://b.example/token'),
  clientId: few('one', 'two'),
  clientSecret: few('s1', 's2', 's1 '),
  scope: few('', 'x', 'x y'),
  clientAuth: fc.constant('body' as const),
});
const server = fc.record({
  tokenUrl: few('https://a.example/connect/token', 'https://b.example/connect/token'),
  clientId: few('app_Native', 'app_WebApp'),
  clientSecret: few('', 's1', 's2'),
  scope: few('openid', 'openid profile'),
  module: fc.constant('VGUser'),
  mfaCredentials: fc.constant('none' as const),
  username: few('anna', 'Anna', 'bob'),
  password: few('p1', 'p2'),
});
/** A deploy is a list of config nodes. Between deploys, tokens are requested and time passes. */
const deploy = fc.record({
  accounts: fc.array(account, { maxLength: 5 }),
  servers: fc.array(server, { maxLength: 5 }),
  pass: fc.nat(400_000),
});

describe('tenants', () => {
  it(`never get each other's token, for any combination of connections, secrets, users and deploys (seed ${SEED})`, async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(deploy, { minLength: 2, maxLength: 6 }), async (deploys) => {
        const system = new FakeSystem();
        const engine = new Engine(1_000, system);
        const transport = new NamingTransport(system);
        let held: Reference<VgsAccount | VisualGuardServer>[] = [];
        for (const { accounts, servers, pass } of deploys) {
          for (const hold of held) hold.giveBack();
          const nodes = accounts.map((settings) => ({ settings, hold: engine.holdAccount(settings, transport, '') }));
          const identities = servers.map((settings) => ({
            settings,
            hold: engine.holdServer(settings, transport, ''),
          }));
          held = [...nodes.map(({ hold }) => hold), ...identities.map(({ hold }) => hold)];
          engine.sweep();
          await Promise.all([
            ...nodes.map(async ({ settings, hold }) => {
              const { token } = await hold.value.ask();
              const expected = ownerOf(settings.tokenUrl, {
                client_id: settings.clientId,
                client_secret: settings.clientSecret,
                scope: settings.scope,
              });
              assert.equal(token?.accessToken.split('|')[0], expected);
            }),
            ...identities.map(async ({ settings, hold }) => {
              const { token } = await hold.value.tokenOfStored(false);
              const { clientId: client_id, clientSecret, scope, username: Username, password: Password } = settings;
              const form = {
                client_id,
                ...(clientSecret ? { client_secret: clientSecret } : {}),
                scope,
                Username,
                Password,
              };
              assert.equal(token?.accessToken.split('|')[0], ownerOf(settings.tokenUrl, form));
              const other = settings.username === 'bob' ? 'anna' : 'bob';
              const found = hold.value.sessionOf(other);
              assert.equal(found, undefined, 'another user of the same server is not signed in');
            }),
          ]);
          await system.pass(pass);
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
